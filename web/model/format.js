// Bytes made visible, and escapes made bytes. Pure: no page, no network.

const encoder = new TextEncoder();

// Characters that would be invisible, or that would reorder what stands around
// them: C0 and C1 controls, zero-width characters and joiners, bidirectional
// marks, tags; also the control pictures themselves, so that each picture shown
// stands for its control. Line feed and tab are for the caller to decide.
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2400-\u2421\ufeff\u{e0000}-\u{e0fff}]/gu;

const names = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US";

/** From a control picture to the control's name: "␍" → "CR". */
export const controlNames = new Map(/** @type {[string, string][]} */ ([
  ...names.split(" ").map((name, code) => [picture(code), name]),
  [picture(0x7f), "DEL"],
]));

/** The visible form of one code point: ␍ for CR, ⟨U+202E⟩ for a hidden mark. @param {number} code */
export function picture(code) {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  const char = String.fromCodePoint(code);
  return char.replace(hidden, "⟨U+" + code.toString(16).toUpperCase().padStart(4, "0") + "⟩");
}

/** Text as a person reads it: line breaks and tabs work, other controls show. @param {string} text */
export function shownText(text) {
  return text.replace(hidden, (char) => picture(/** @type {number} */ (char.codePointAt(0))));
}

/** Text as a person reads it on one line: every control shows. @param {string} text */
export function shownLine(text) {
  return shownText(text).replace(/[\t\n]/g, (char) => picture(char.charCodeAt(0)));
}

/**
 * Bytes as a person reads them: decoded as UTF-8, every control shown, a line
 * break after each ␊. An invalid byte is a "·".
 * @param {Uint8Array} bytes
 * @param {number[]} [places] gets, for each byte, where in the text it stands
 */
export function shownBytes(bytes, places) {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const length = runeLength(bytes, i);
    for (let k = 0; places && k < (length || 1); k++) places.push(text.length);
    text += glyph(bytes, i, length);
    if (bytes[i] === 0x0a && i + 1 < bytes.length) text += "\n";
    i += length || 1;
  }
  return text;
}

const hexOf = Array.from({ length: 256 }, (_, b) => b.toString(16).padStart(2, "0"));

/** Bytes as hex pairs with spaces between. @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (b) => hexOf[b]).join(" ");
}

/**
 * Where the lines of a dump begin. A line has at most `width` bytes and ends
 * early after a line feed, so a protocol's lines stay lines; a UTF-8 character
 * is never split. With `drawn`, width counts columns of text rather than bytes,
 * and a character that shows as its number has the columns of that.
 * @param {Uint8Array} bytes @param {number} width
 * @returns {number[]} at least one; the first is 0
 */
export function dumpLines(bytes, width, drawn = false) {
  const starts = [0];
  let used = 0;
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i];
    const length = byte < 0x80 ? 1 : runeLength(bytes, i);
    const end = i + (length || 1);
    let takes = end - i;
    if (drawn) {
      takes = byte < 0x20 || byte === 0x7f ? 3 : Math.min(2, takes);
      if (length > 1) takes = Math.max(takes, glyph(bytes, i, length).length);
    }
    if (used + takes > width && used > 0) {
      starts.push(i);
      used = 0;
    }
    used += takes;
    if (byte === 0x0a && end < bytes.length) {
      starts.push(end);
      used = 0;
    }
    i = end;
  }
  return starts;
}

/**
 * What kind of byte that is: "" for printable ASCII, "space" (white space and
 * line ends), "zero", "other" (controls), or "high" (of a UTF-8 character, or not ASCII).
 * @param {number} byte
 */
export function kindOfByte(byte) {
  if (byte >= 0x80) return "high";
  if (byte > 0x20) return byte === 0x7f ? "other" : "";
  if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return "space";
  return byte === 0 ? "zero" : "other";
}

/**
 * The character at a place of a dump, and how many bytes it has: as many cells
 * are its own. An invalid byte is a "·".
 * @param {Uint8Array} bytes @param {number} i
 */
export function cellAt(bytes, i) {
  const length = runeLength(bytes, i);
  return { text: glyph(bytes, i, length), length: length || 1 };
}

/**
 * One line of a dump: the text of bytes[from..to), and for each byte where in
 * that text it stands.
 * @param {Uint8Array} bytes @param {number} from @param {number} to @param {boolean} [controls]
 * @returns {{ text: string, places: number[] }} one more place than bytes: the end
 */
export function dumpText(bytes, from, to, controls = true) {
  const places = [];
  let text = "";
  for (let i = from; i < to; ) {
    const length = runeLength(bytes, i);
    for (let k = 0; k < (length || 1); k++) places.push(text.length);
    const shown = glyph(bytes, i, length);
    text += controls ? shown : withoutPictures(shown);
    i += length || 1;
  }
  places.push(text.length);
  return { text, places };
}

/** Text with pictures for its controls, as plain text: no line ends, a dot for others. @param {string} text */
export function withoutPictures(text) {
  return text.replace(/[\u2400-\u2421]/g, (picture) => (picture === "␍" || picture === "␊" ? "" : picture === "␉" ? " " : "·"));
}

/**
 * Where the lines of a text begin, when `columns` characters fit beside each
 * other: after a line feed, and where the columns are full, or before the word that fills
 * them, if that leaves no more than half of them empty.
 * @param {string} text @param {number} columns @param {boolean} [atWords]
 * @returns {number[]} at least one; the first is 0
 */
export function wrapLines(text, columns, atWords = false) {
  if (text.length <= columns && narrow.test(text)) return [0];
  if (text.length * 3 <= columns && !text.includes("\n")) return [0];
  const starts = [0];
  let used = 0;
  for (let i = 0; i < text.length; ) {
    const code = /** @type {number} */ (text.codePointAt(i));
    const next = i + (code > 0xffff ? 2 : 1);
    if (code === 0x0a) {
      starts.push(next);
      used = 0;
    } else {
      const width = columnsOf(code, used);
      if (used + width > columns && used > 0) {
        const word = atWords ? text.lastIndexOf(" ", i) + 1 : 0;
        const isNear = word > starts[starts.length - 1] && i - word <= columns / 2;
        starts.push(isNear ? word : i);
        used = 0;
        if (isNear) {
          i = word;
          continue;
        }
      }
      used += width;
    }
    i = next;
  }
  return starts;
}

const narrow = /^[ -\u10ff\u2010-\u2027]*$/; // a column for each character, and no line feed or tab

// How many columns a character takes. A control picture is drawn as its name.
/** @param {number} code @param {number} used */
function columnsOf(code, used) {
  if (code === 0x09) return 8 - (used % 8);
  if (code < 0x1100) return 1;
  if (code >= 0x2400 && code <= 0x2421) return 3;
  const isWide =
    code <= 0x115f || code === 0x2329 || code === 0x232a || (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) || code >= 0x1f000;
  return isWide ? 2 : 1;
}

/**
 * A row's text as it is shown: of its bytes, or of its characters.
 * @param {import("../types").Row} row @param {boolean} [controls]
 */
export function textOf(row, controls = true) {
  const text = row.bytes ? shownBytes(row.bytes) : shownText(row.text ?? "");
  return controls ? text : withoutPictures(text);
}

/** How many bytes of valid UTF-8 begin at i: 1 to 4, or 0 when none do. @param {Uint8Array} bytes @param {number} i */
function runeLength(bytes, i) {
  const lead = bytes[i];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // The second byte's range keeps out overlong forms, surrogates, and what is
  // past U+10FFFF (RFC 3629, section 4).
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (!(bytes[i + 1] >= low && bytes[i + 1] <= high)) return 0;
  for (let k = 2; k < length; k++) {
    if ((bytes[i + k] & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** What stands for the `length` bytes at i; length 0 is an invalid byte. @param {Uint8Array} bytes @param {number} i @param {number} length */
function glyph(bytes, i, length) {
  switch (length) {
    case 0:
      return "·";
    case 1:
      return picture(bytes[i]);
    case 2:
      return picture(((bytes[i] & 0x1f) << 6) | (bytes[i + 1] & 0x3f));
    case 3:
      return picture(((bytes[i] & 0x0f) << 12) | ((bytes[i + 1] & 0x3f) << 6) | (bytes[i + 2] & 0x3f));
  }
  return picture(
    ((bytes[i] & 0x07) << 18) | ((bytes[i + 1] & 0x3f) << 12) | ((bytes[i + 2] & 0x3f) << 6) | (bytes[i + 3] & 0x3f),
  );
}

/** @type {Record<string, number>} */
const simpleEscapes = { r: 0x0d, n: 0x0a, t: 0x09, 0: 0x00, e: 0x1b, "\\": 0x5c };

/**
 * Reads text with escapes as bytes: \r \n \t \0 \e \\ and \xNN; all else is
 * UTF-8. Returns { bytes } or { error } in words, with the place (from 1).
 * @param {string} text
 * @returns {{ bytes?: Uint8Array, error?: string }}
 */
export function parseEscapes(text) {
  const bytes = [];
  for (let i = 0; i < text.length; ) {
    const start = text.indexOf("\\", i);
    const plain = start < 0 ? text.slice(i) : text.slice(i, start);
    for (const byte of encoder.encode(plain)) bytes.push(byte);
    if (start < 0) break;

    const name = text[start + 1];
    if (name === undefined) {
      return { error: "The backslash at the end escapes nothing. Write \\\\ for a backslash." };
    }
    if (name === "x") {
      const digits = text.slice(start + 2, start + 4);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
        return { error: `\\x at character ${start + 1} needs two hex digits, as in \\x0a.` };
      }
      bytes.push(parseInt(digits, 16));
      i = start + 4;
    } else if (name in simpleEscapes) {
      bytes.push(simpleEscapes[name]);
      i = start + 2;
    } else {
      const char = String.fromCodePoint(text.codePointAt(start + 1) ?? 0);
      return {
        error: `\\${char} at character ${start + 1} is not an escape. There are \\r \\n \\t \\0 \\e \\\\ and \\x00 to \\xff.`,
      };
    }
  }
  return { bytes: Uint8Array.from(bytes) };
}

/**
 * Reads hex pairs as bytes; spaces, line breaks and 0x between them do not
 * matter. Returns { bytes } or { error } in words.
 * @param {string} text
 * @returns {{ bytes?: Uint8Array, error?: string }}
 */
export function parseHex(text) {
  const digits = text.replace(/0x|[\s,:]/gi, "");
  const wrong = digits.match(/[^0-9a-f]/i);
  if (wrong) return { error: `“${wrong[0]}” is not a hex digit. Write bytes as pairs, as in 47 45 54 0d 0a.` };
  if (digits.length % 2) return { error: "The last byte has one digit. A byte is two hex digits, as in 0a." };
  return { bytes: Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)) };
}

/**
 * Bytes as they are read out: text as it is, controls by their names, others as their
 * numbers; of bytes that are mostly no text, each its number.
 * @param {Uint8Array} bytes
 */
export function spokenBytes(bytes) {
  const isText = (/** @type {number} */ byte) => byte >= 0x20 && byte < 0x7f;
  const isControl = (/** @type {number} */ byte) => byte < 0x20 || byte === 0x7f;
  const asText = 2 * bytes.filter((byte) => isText(byte) || byte === 0x0d || byte === 0x0a).length >= bytes.length;
  let words = "";
  let before = true; // whether a space is due before the next text
  for (const byte of bytes) {
    const text = asText && isText(byte);
    if (words && (!text || before)) words += " ";
    words += text ? String.fromCharCode(byte) : asText && isControl(byte) ? controlNames.get(picture(byte)) : "0x" + hexOf[byte];
    before = !text;
  }
  return words;
}

/** A number with its noun: "1 byte", "1,460 bytes". @param {number} n @param {string} noun */
export function count(n, noun) {
  return n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");
}

/** How long sessions wait for a mode that is overloaded, in words. @param {{ waiting: number, longest: number }} overload */
export function overloadWords({ waiting, longest }) {
  return `${count(waiting, "session")} ${waiting === 1 ? "waits for its" : "wait for their"} turn, the first for ${Math.round(longest)} s`;
}

/** Seconds since the session's start, to the millisecond. @param {number} [t] */
export function seconds(t) {
  return (t ?? 0).toFixed(3);
}

/** A length of time in words: "0:42", "1:02:07". @param {number} t seconds */
export function clock(t) {
  const all = Math.max(0, Math.floor(t));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

/**
 * The time of a row in the style that is picked.
 * @param {string} style "relative", "absolute", "delta" or "none"
 * @param {number | undefined} t of the row, in seconds since the start
 * @param {number | undefined} before of the row before
 * @param {number} began when the session began, in ms since 1970
 */
export function rowTime(style, t, before, began) {
  if (t === undefined || style === "none") return "";
  if (style === "relative") return seconds(t);
  if (style === "delta") return before === undefined ? "" : "+" + seconds(t - before);
  const at = new Date(began + t * 1000);
  const pad = (/** @type {number} */ n, width = 2) => String(n).padStart(width, "0");
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

/** How much data that is: "812 B", "1.2 MB". @param {number} n */
export function dataSize(n) {
  if (n < 1000) return n + " B";
  return n < 1e6 ? (n / 1e3).toFixed(1) + " kB" : (n / 1e6).toFixed(1) + " MB";
}

/** A day and a time, short where it is today. @param {string} date @param {Date} [now] */
export function whenOf(date, now = new Date()) {
  const at = new Date(date);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return at.toDateString() === now.toDateString() ? "today " + time : at.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" }) + " " + time;
}

/** How a recording ended. One without a session was not recorded here, and so has no end that is missing. @param {import("../types").Info} info */
export function endOf(info) {
  return info.ended === "cut off" && !info.session ? "imported" : info.ended;
}
