// One row of a lane: its time, which way it went, and its lines that are in
// sight. Plain text nodes: whatever a server sends stays text.

import { Component, h } from "../vendor/preact.js";
import { html } from "./html.js";
import { cellAt, controlNames, count, kindOfByte, spokenBytes, withoutPictures } from "../model/format.js";
import { gapAfter } from "../model/rowlayout.js";

export const ways = { sent: "▶", received: "◀", note: "┊", remark: "•" };
const levels = { warning: "▲", error: "✖" };
export const spoken = { sent: "sent", received: "received", note: "note", remark: "workbench" };

/**
 * Text in which control characters stand out. They are the pictures of
 * format.js, ␍ and ␊ and so on; few fonts draw those well and some not at all,
 * so the style draws a badge with the character's name over each. Copying and
 * textContent yield the picture.
 * @param {string} text
 */
export function shown(text) {
  if (!/[\u2400-\u2421]/.test(text)) return text;
  return text.split(/([\u2400-\u2421])/).map((part, i) =>
    i % 2 === 0 ? part : html`<span class="control" data-name=${controlNames.get(part)}>${part}</span>`,
  );
}

// Text with some of its places marked. Marks: [from, to, class], may overlap;
// the later wins.
/** @typedef {[number, number, string]} Mark */
/** @param {string} text @param {Mark[]} marks */
function marked(text, marks, controls = true) {
  const drawn = (/** @type {string} */ part) => shown(controls ? part : withoutPictures(part));
  if (marks.length === 0) return drawn(text);
  const cuts = [...new Set([0, text.length, ...marks.flatMap(([from, to]) => [from, to])])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, i) => {
    const part = drawn(text.slice(from, cuts[i + 1]));
    const mark = marks.filter(([begin, end]) => begin <= from && from < end).at(-1);
    return mark ? html`<mark class=${mark[2]}>${part}</mark>` : part;
  });
}

// A line in the colours that the server wants for it. What has set them is not seen;
// other escape sequences are, and do nothing.
/** @param {string} text @param {Mark[]} marks @param {import("../model/ansi.js").Span[]} spans @param {typeof import("../model/ansi.js")} ansi @param {boolean} controls */
function painted(text, marks, spans, ansi, controls) {
  return spans.map(({ from, to, kind, look }) => {
    /** @type {Mark[]} */
    const inside = marks.filter(([a, b]) => a < to && b > from).map(([a, b, name]) => [Math.max(a, from) - from, Math.min(b, to) - from, name]);
    const part = marked(text.slice(from, to), inside, controls);
    return h("span", kind === "text" ? { class: ansi.classOf(look), style: ansi.coloursOf(look) } : { class: kind }, part);
  });
}

// What stands in a line of bytes: pieces one after the other, those of a mark in it.
class Pieces {
  /** @type {any[]} */
  all = [];
  #inside = this.all;
  #mark = "";
  #text = "";
  #kind = "";

  /** What comes next belongs to a mark, or to none (""). @param {string} mark */
  mark(mark) {
    if (mark === this.#mark) return;
    this.#flush();
    this.#mark = mark;
    this.#inside = [];
    if (mark) this.all.push(h("mark", { class: mark }, this.#inside));
    else this.#inside = this.all;
  }

  /** @param {string} text @param {string} kind of its bytes */
  text(text, kind) {
    if (kind !== this.#kind) this.#flush();
    this.#kind = kind;
    this.#text += text;
  }

  /** @param {any} element */
  element(element) {
    this.#flush();
    this.#inside.push(element);
  }

  #flush() {
    if (this.#text) this.#inside.push(this.#kind ? h("span", { class: this.#kind }, this.#text) : this.#text);
    this.#text = "";
  }

  end() {
    this.mark("");
    this.#flush();
    return this.all;
  }
}

// The mark of each byte of a line.
/** @param {number} length @param {Mark[]} marks */
function marksOfBytes(length, marks) {
  const names = Array(length).fill("");
  for (const [from, to, name] of marks) names.fill(name, from, to);
  return names;
}

/** @param {Uint8Array} bytes @param {string[]} marks of each byte @param {number} gap after how many bytes */
function hexCells(bytes, marks, gap) {
  const pieces = new Pieces();
  bytes.forEach((byte, i) => {
    if (i > 0) {
      if (marks[i] !== marks[i - 1]) pieces.mark("");
      pieces.text(" ", "");
      if (i % gap === 0) pieces.element(h("i", { class: "gap" }));
    }
    pieces.mark(marks[i]);
    pieces.text(hexPairs[byte], kindOfByte(byte));
  });
  return pieces.end();
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

// One cell a byte. Nothing stands after the end of a line, so that its CR and LF
// may be as wide as their names.
/** @param {Uint8Array} bytes @param {string[]} marks of each byte @param {boolean} controls whether they have badges */
function textCells(bytes, marks, controls) {
  const pieces = new Pieces();
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i];
    if (byte >= 0x20 && byte < 0x7f) {
      pieces.mark(marks[i]);
      pieces.text(String.fromCharCode(byte), "");
      i++;
      continue;
    }
    const { text, length } = cellAt(bytes, i);
    const mine = marks.slice(i, i + length).filter(Boolean);
    pieces.mark(mine[mine.length - 1] ?? "");
    const kind = kindOfByte(byte);
    if (length > 1) pieces.element(h("span", { class: `cell cell${length} high` }, text.startsWith("⟨") ? h("span", { class: "control", "data-name": text }, text) : text));
    else if (byte >= 0x80 || !controls) pieces.text("·", kind);
    else pieces.element(h("span", { class: `cell ${kind}${endsLine(bytes, i) ? " wide" : ""}` }, h("span", { class: "control", "data-name": controlNames.get(text) }, text)));
    i += length;
  }
  return pieces.end();
}

/** @param {Uint8Array} bytes of a line @param {number} i */
function endsLine(bytes, i) {
  return bytes[i] === 0x0a || (bytes[i] === 0x0d && (i === bytes.length - 1 || (bytes[i + 1] === 0x0a && i === bytes.length - 2)));
}

/**
 * Props: row, layout, offsets (whether bytes are numbered), begin, end (its lines in sight), time,
 * laneId, number; onWire (else in the console); picked, related; from, to (bytes under the pointer, else -1); chosenFrom, chosenTo
 * (bytes that are picked, else -1); places of what is looked for, and the beginning of the one that
 * was gone to, or -1; ansi shows terminal colours, or null, with pen at the row's beginning.
 *
 * @typedef {{ row: import("../types").Row, layout: import("../model/rowlayout.js").Layout, offsets: boolean, controls: boolean, begin: number,
 *   end: number, time: string, laneId: string, number: number, onWire: boolean, picked: boolean, related: boolean, from: number, to: number,
 *   chosenFrom: number, chosenTo: number, places: import("../model/search.js").Place[] | null, found: number,
 *   ansi: typeof import("../model/ansi.js") | null, pen?: import("../model/ansi.js").Pen }} Props
 *
 * A row draws again only when one of these changes.
 * @extends {Component<Props>}
 */
export class LaneRow extends Component {
  /** @param {any} next */
  shouldComponentUpdate(next) {
    const now = /** @type {any} */ (this.props);
    for (const name in next) if (next[name] !== now[name]) return true;
    return false;
  }

  /** @param {Props} props */
  render({ row, layout, offsets, controls, begin, end, time, laneId, number, onWire, picked, related, from, to, chosenFrom, chosenTo, places, found, ansi, pen }) {
    const lines = layout.lines(row, begin, end);
    const marks = places ? soughtIn(lines, places, layout.drawn(row), found) : [];
    /** @type {Mark[]} */
    const ofBytes = [];
    if (chosenFrom >= 0) ofBytes.push([chosenFrom, chosenTo, "taken"]);
    if (from >= 0) ofBytes.push([from, to, "pointed"]);
    let at = ansi && pen && row.kind === "received" ? ansi.penAt(pen, row, layout, begin) : null;
    const text = (/** @type {import("../model/rowlayout.js").Line} */ line) => {
      const marksOfLine = textMarks(line, marks, ofBytes);
      if (!ansi) return marked(line.text, marksOfLine);
      if (!at) return marked(line.text, marksOfLine, controls);
      const { spans, next } = at.read(line.text);
      at = next;
      return painted(line.text, marksOfLine, spans, ansi, controls);
    };
    const classes = ["row", row.kind, row.level, row.part && "part", picked && "picked", related && "related", found >= 0 && "found"].filter(Boolean).join(" ");
    return html`
      <div class=${classes} role="option" id=${laneId + "-row-" + number} data-number=${number}
        aria-selected=${picked ? "true" : "false"} aria-label=${label(row, time, onWire)}>
        ${lines.map((line, i) => html`
          <div class="line" key=${i} data-line=${begin + i}>
            <time>${begin + i === 0 ? time : ""}</time>
            <span class="way">${begin + i === 0 && row.level ? levels[row.level] : begin + i === 0 || row.kind === "note" ? ways[row.kind] : ""}</span>
            ${line.bytes
              ? dump(line, line.bytes, marksIn(line, marks, ofBytes, line.bytes.length), layout.bytesInLine, offsets, controls)
              : html`<span class="payload">${text(line)}</span>`}
          </div>
        `)}
      </div>
    `;
  }
}

/**
 * Rows that will be gone at once, in one element: a text for each column, without
 * colours and badges.
 * @param {{ rows: { row: import("../types").Row | undefined, begin: number, end: number, time: string }[],
 *   layout: import("../model/rowlayout.js").Layout, offsets: boolean }} props
 */
export function PassingRows({ rows, layout, offsets }) {
  const { bytesInLine } = layout;
  /** @type {Record<"times" | "ways" | "offsets" | "hex" | "text", string[]>} */
  const columns = { times: [], ways: [], offsets: [], hex: [], text: [] };
  for (const { row, begin, end, time } of rows) {
    const lines = row ? layout.lines(row, begin, end) : Array(end - begin).fill({ text: "…" });
    lines.forEach(({ text, offset = 0, bytes }, k) => {
      columns.times.push(begin + k === 0 ? time : "");
      columns.ways.push(row && begin + k === 0 ? ways[row.kind] : "");
      columns.offsets.push(bytes ? offset.toString(16).padStart(4, "0") : "");
      const [hex, cells] = bytes ? passing(bytes, gapAfter(bytesInLine)) : ["", text];
      columns.hex.push(hex);
      columns.text.push(cells);
    });
  }
  const column = (/** @type {string[]} */ lines) => lines.join("\n");
  return html`
    <div class="line passing" role="option" aria-selected="false">
      <time>${column(columns.times)}</time>
      <span class="way">${column(columns.ways)}</span>
      ${bytesInLine > 0 && offsets && html`<span class="offset">${column(columns.offsets)}</span>`}
      ${bytesInLine > 0 && html`<span class=${"hex hex" + bytesInLine}>${column(columns.hex)}</span>`}
      <span class="payload">${column(columns.text)}</span>
    </div>
  `;
}

// Bytes as hex and as cells.
/** @param {Uint8Array} bytes of a line @param {number} gap after how many bytes */
function passing(bytes, gap) {
  let [hex, cells] = ["", ""];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    hex += (i === 0 ? "" : i % gap === 0 ? "  " : " ") + hexPairs[byte];
    cells += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
  }
  return [hex, cells];
}

// A line of bytes: their number, their hex, their characters.
/** @param {import("../model/rowlayout.js").Line} line @param {Uint8Array} bytes @param {Mark[]} marks @param {number} bytesInLine @param {boolean} offsets @param {boolean} controls */
function dump({ offset = 0 }, bytes, marks, bytesInLine, offsets, controls) {
  const names = marksOfBytes(bytes.length, marks);
  return html`
    ${offsets && html`<span class="offset">${offset.toString(16).padStart(4, "0")}</span>`}
    <span class=${"hex hex" + bytesInLine}>${hexCells(bytes, names, gapAfter(bytesInLine))}</span>
    <span class="payload cells">${textCells(bytes, names, controls)}</span>
  `;
}

// What is read out: on the wire its bytes, since they are the point.
/** @param {import("../types").Row} row @param {string} time @param {boolean} onWire */
function label(row, time, onWire) {
  const spell = onWire ? spokenBytes : (/** @type {Uint8Array} */ bytes) => new TextDecoder().decode(bytes);
  const text = row.text ?? spell(row.bytes?.subarray(0, onWire ? 150 : 300) ?? new Uint8Array(0));
  const size = onWire && row.bytes ? ", " + count(row.bytes.length, "byte") : "";
  return `${spoken[row.kind]}${size}${row.part ? ", not whole yet" : ""}${time && ", " + time}: ${text.slice(0, 300).trimEnd() || "an empty line"}`;
}

// Of the places in a row, those in its lines.
/** @param {import("../model/rowlayout.js").Line[]} lines @param {import("../model/search.js").Place[]} places @param {(at: number) => number} drawn @param {number} found @returns {Mark[]} */
function soughtIn(lines, places, drawn, found) {
  /** @type {Mark[]} */
  const marks = [];
  const begin = lines[0]?.at ?? 0;
  const last = lines.at(-1);
  const end = last ? last.at + Math.max(last.text.length, last.to - last.from) : 0;
  for (const [from, to] of places) {
    const [a, b] = [drawn(from), drawn(to)];
    if (b > begin && a < end) marks.push([a, b, from === found ? "hit here" : "hit"]);
  }
  return marks;
}

// The marks of a line: of what is looked for and, where its bytes are known, of
// bytes that are picked or under the pointer.
/** @param {import("../model/rowlayout.js").Line} line @param {Mark[]} sought @param {Mark[]} ofBytes @param {number} length of the line, in what sought counts @returns {Mark[]} */
function marksIn(line, sought, ofBytes, length) {
  const marks = line.from >= 0 ? [...sought, ...ofBytes] : sought;
  /** @type {Mark[]} */
  const local = marks.map(([a, b, name]) => [Math.max(a - line.at, 0), Math.min(b - line.at, length), name]);
  return local.filter(([a, b]) => a < b);
}

/** @param {import("../model/rowlayout.js").Line} line @param {Mark[]} sought @param {Mark[]} ofBytes @returns {Mark[]} */
function textMarks(line, sought, ofBytes) {
  const { places } = line;
  if (!places) return marksIn(line, sought, ofBytes, line.text.length);
  return marksIn(line, sought, ofBytes, line.to - line.from).map(([a, b, name]) => [places[a], places[b], name]);
}
