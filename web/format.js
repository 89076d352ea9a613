// Bytes made visible, and escapes made bytes. Pure: no page, no network.

const encoder = new TextEncoder();

// Characters that would be invisible, or that would reorder what stands around
// them: C0 and C1 controls, zero-width and bidirectional marks; also the control
// pictures themselves, so that each picture shown stands for its control. Line
// feed and tab are for the caller to decide.
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2400-\u2421\ufeff]/g;

const names = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US";

/** From a control picture to the control's name: "␍" → "CR". */
export const controlNames = new Map([
  ...names.split(" ").map((name, code) => [picture(code), name]),
  [picture(0x7f), "DEL"],
]);

/** The visible form of one code point: ␍ for CR, ⟨U+202E⟩ for a hidden mark. */
export function picture(code) {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  const char = String.fromCodePoint(code);
  return char.replace(hidden, "⟨U+" + code.toString(16).toUpperCase().padStart(4, "0") + "⟩");
}

/** Text as a person reads it: line breaks and tabs work, other controls show. */
export function shownText(text) {
  return text.replace(hidden, (char) => picture(char.codePointAt(0)));
}

/**
 * Bytes as a person reads them: decoded as UTF-8, every control shown, a line
 * break after each ␊. A byte that is no UTF-8 is a "·".
 */
export function shownBytes(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const length = runeLength(bytes, i);
    text += glyph(bytes, i, length);
    if (bytes[i] === 0x0a && i + 1 < bytes.length) text += "\n";
    i += length || 1;
  }
  return text;
}

const hexOf = Array.from({ length: 256 }, (_, b) => b.toString(16).padStart(2, "0"));

/** Bytes as hex pairs with spaces between. */
export function hex(bytes) {
  return Array.from(bytes, (b) => hexOf[b]).join(" ");
}

/**
 * Bytes in two columns of the same number of lines: hex, and text beside it. A
 * line has at most `width` bytes and ends early after a line feed, so a
 * protocol's lines stay lines; a UTF-8 character is never split.
 */
export function dump(bytes, width) {
  const hexLines = [];
  const textLines = [];
  let hexLine = "";
  let textLine = "";
  let held = 0;
  const flush = () => {
    hexLines.push(hexLine);
    textLines.push(textLine);
    hexLine = textLine = "";
    held = 0;
  };
  for (let i = 0; i < bytes.length; ) {
    const length = runeLength(bytes, i);
    const end = i + (length || 1);
    if (held + end - i > width) flush();
    textLine += glyph(bytes, i, length);
    for (; i < end; i++, held++) hexLine += (held ? " " : "") + hexOf[bytes[i]];
    if (bytes[end - 1] === 0x0a) flush();
  }
  if (held > 0) flush();
  return { hex: hexLines.join("\n"), text: textLines.join("\n") };
}

/** How many bytes of valid UTF-8 begin at i: 1 to 4, or 0 when none do. */
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

/** What stands for the `length` bytes at i; length 0 is an invalid byte. */
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

const simpleEscapes = { r: 0x0d, n: 0x0a, t: 0x09, 0: 0x00, e: 0x1b, "\\": 0x5c };

/**
 * Reads text with escapes as bytes: \r \n \t \0 \e \\ and \xNN; all else is
 * UTF-8. Returns { bytes } or { error } in words, with the place (from 1).
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
      const char = String.fromCodePoint(text.codePointAt(start + 1));
      return {
        error: `\\${char} at character ${start + 1} is no escape. There are \\r \\n \\t \\0 \\e \\\\ and \\x00 to \\xff.`,
      };
    }
  }
  return { bytes: Uint8Array.from(bytes) };
}

/** A number with its noun: "1 byte", "1,460 bytes". */
export function count(n, noun) {
  return n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");
}

/** Seconds since the session's start, to the millisecond. */
export function seconds(t) {
  return (t ?? 0).toFixed(3);
}
