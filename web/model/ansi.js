// Terminal colours as a view: what of a text are escape sequences, and how what stands
// between them looks. Pure. Only SGR (colours, bold, italic, underline, inverse,
// struck out) has an effect; every other sequence is only told apart, to be shown as
// such, and none does anything.
//
// It reads text as format.js shows it, where ␛ always is an escape from the server:
// a picture that the server itself sends shows as its number.

import { dumpLines, textOf, wrapLines } from "./format.js";

/** @typedef {import("../types").Row} Row */
/** @typedef {[number, number, number]} RGB each 0 to 255 */
/** @typedef {{ from: number, to: number, kind: "text" | "sgr" | "escape", look: Look }} Span of a text; sgr: a sequence that had its effect; escape: any other */
/** @typedef {{ fg: RGB | null, bg: RGB | null, bold: boolean, italic: boolean, underline: boolean, inverse: boolean, struck: boolean }} Look null: as the page has it */

const escape = "␛";
const longest = 256; // characters of a sequence; what has no end by then is given up
const broken = /^␛(?:\[[0-?]*[ -/]*|[\]P_^X][^␇␛␘␚]*|[ -/]*)/; // as far as it could have become one
const whole = /^␛(?:\[[0-?]*[ -/]*[@-~]|[\]P_^X][^␇␛␘␚]*(?:␇|␛\\)|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])/;
const sgr = /^␛\[[\d;:]*m$/;
const endless = /^␛(?:\[[0-?]*[ -/]*|[\]P_^X][^␇␛␘␚]*␛?|[ -/]*)$/; // what may still become a sequence

/** @type {Look} */
const plain = { fg: null, bg: null, bold: false, italic: false, underline: false, inverse: false, struck: false };

/** How a text looks from some place on. It never changes: reading on makes another. */
export class Pen {
  /** @param {Look} look @param {string} begun a sequence that is not whole yet */
  constructor(look = plain, begun = "") {
    this.look = look;
    this.begun = begun;
  }

  /** Whether text without an escape looks as the page has it. */
  get isPlain() {
    return this.look === plain && !this.begun;
  }

  /**
   * Reads a text: all of it, in spans, and the pen after it.
   * @param {string} text @returns {{ spans: Span[], next: Pen }}
   */
  read(text) {
    if (!this.begun && !text.includes(escape)) return { spans: text ? [{ from: 0, to: text.length, kind: "text", look: this.look }] : [], next: this };
    /** @type {Span[]} */
    const spans = [];
    const before = this.begun.length;
    const all = this.begun + text;
    let look = this.look;
    const add = (/** @type {number} */ from, /** @type {number} */ to, /** @type {Span["kind"]} */ kind) => {
      [from, to] = [Math.max(0, from - before), to - before];
      if (to > from) spans.push({ from, to, kind, look });
    };
    for (let i = 0; i < all.length; ) {
      if (all[i] !== escape) {
        const end = all.indexOf(escape, i);
        const to = end < 0 ? all.length : end;
        add(i, to, "text");
        i = to;
        continue;
      }
      const rest = all.slice(i, i + longest);
      const found = whole.exec(rest)?.[0];
      if (!found && rest.length < longest && endless.test(rest)) {
        add(i, all.length, "escape");
        return { spans, next: new Pen(look, rest) };
      }
      const sequence = found ?? broken.exec(rest)?.[0] ?? escape;
      const isSGR = sgr.test(sequence);
      add(i, i + sequence.length, isSGR ? "sgr" : "escape");
      if (isSGR) look = changed(look, sequence.slice(2, -1));
      i += sequence.length;
    }
    return { spans, next: new Pen(look) };
  }
}

/** A look after the parameters of SGR. Those that it does not know change nothing. @param {Look} look @param {string} parameters @returns {Look} */
function changed(look, parameters) {
  const next = { ...look };
  const list = parameters.split(";");
  for (let i = 0; i < list.length; i++) {
    const [first, ...own] = list[i].split(":"); // 38:2::1:2:3 is one parameter, 38;2;1;2;3 are five
    const n = Number(first);
    if (n === 0) Object.assign(next, plain);
    else if (n === 1) next.bold = true;
    else if (n === 3 || n === 23) next.italic = n === 3;
    else if (n === 4 || n === 24) next.underline = n === 4 && own[0] !== "0";
    else if (n === 21) next.underline = true;
    else if (n === 22) next.bold = false;
    else if (n === 7 || n === 27) next.inverse = n === 7;
    else if (n === 9 || n === 29) next.struck = n === 9;
    else if (n >= 30 && n <= 37) next.fg = colour256(n - 30);
    else if (n >= 40 && n <= 47) next.bg = colour256(n - 40);
    else if (n >= 90 && n <= 97) next.fg = colour256(n - 90 + 8);
    else if (n >= 100 && n <= 107) next.bg = colour256(n - 100 + 8);
    else if (n === 39) next.fg = null;
    else if (n === 49) next.bg = null;
    else if (n === 38 || n === 48) {
      const rest = own.length ? own : list.slice(i + 1, i + 5);
      const isRGB = rest[0] === "2";
      const values = isRGB && own.length > 4 ? [2, ...own.slice(2)] : rest; // with colons there is a colour space before
      const numbers = values.slice(1, isRGB ? 4 : 2).map(Number);
      if (!own.length) i += isRGB ? 4 : rest[0] === "5" ? 2 : 0;
      if (numbers.length !== (isRGB ? 3 : 1) || numbers.some((one) => !(one >= 0 && one <= 255))) continue;
      const colour = isRGB ? /** @type {RGB} */ (numbers) : rest[0] === "5" ? colour256(numbers[0]) : null;
      if (colour) next[n === 38 ? "fg" : "bg"] = colour;
    }
  }
  return Object.keys(plain).every((key) => next[/** @type {keyof Look} */ (key)] === plain[/** @type {keyof Look} */ (key)]) ? plain : next;
}

/** @type {RGB[]} */
const first16 = [
  [0, 0, 0], [190, 30, 30], [20, 140, 40], [165, 120, 0], [30, 85, 200], [160, 40, 160], [0, 135, 150], [200, 200, 200],
  [110, 110, 110], [240, 80, 70], [60, 190, 80], [225, 180, 40], [90, 140, 250], [215, 100, 215], [50, 190, 205], [255, 255, 255],
];

/** One of 256 colours, as xterm has them from 16 on. @param {number} n @returns {RGB} */
export function colour256(n) {
  if (n < 16) return first16[n];
  if (n >= 232) return [8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232)];
  const step = (/** @type {number} */ k) => (k === 0 ? 0 : 55 + 40 * k);
  return [step(Math.floor((n - 16) / 36)), step(Math.floor((n - 16) / 6) % 6), step((n - 16) % 6)];
}

/**
 * What text and what is under it look like on the page. rows: what a row may have under
 * its text, of which the text has to be told apart; text: the page's own colour.
 * @type {{ text: RGB, data: RGB, rows: RGB[] }[]} light, dark
 */
const pages = [
  { text: [14, 18, 15], data: [255, 255, 255], rows: [[255, 255, 255], [227, 236, 250]] },
  { text: [240, 243, 240], data: [13, 16, 15], rows: [[13, 16, 15], [36, 52, 79]] },
];

/** The classes of a look, but for its colours. @param {Look} look */
export function classOf({ bold, italic, underline, struck }) {
  return ["ansi", bold && "bold", italic && "italic", underline && "underlined", struck && "struck"].filter(Boolean).join(" ");
}

/** @type {WeakMap<Look, { color: string, backgroundColor: string }>} */
const known = new WeakMap();

/**
 * The colours of a look as CSS has them, for a light and a dark page; "" as the page has
 * it. Text always has a contrast of 4.5 to what is under it (WCAG 2, 1.4.3).
 * @param {Look} look
 */
export function coloursOf(look) {
  const before = known.get(look);
  if (before) return before;
  const made = pages.map(({ text, data, rows }) => {
    const [fg, bg] = look.inverse ? [look.bg ?? data, look.fg ?? text] : [look.fg, look.bg];
    return { fg: fg || bg ? readable(fg ?? text, bg ? [bg] : rows) : null, bg };
  });
  const both = (/** @type {(RGB | null)[]} */ [light, dark]) => (light && dark ? `light-dark(rgb(${light.join(" ")}), rgb(${dark.join(" ")}))` : "");
  const colours = { color: both(made.map(({ fg }) => fg)), backgroundColor: both(made.map(({ bg }) => bg)) };
  known.set(look, colours);
  return colours;
}

const enough = 4.6; // with what rounding takes

/** A colour as near as can be that has enough contrast to each of some others. @param {RGB} colour @param {RGB[]} under @returns {RGB} */
function readable(colour, under) {
  const least = (/** @type {RGB} */ one) => Math.min(...under.map((other) => contrast(one, other)));
  const to = least([0, 0, 0]) > least([255, 255, 255]) ? 0 : 255;
  for (let part = 0; part < 1; part += 0.05) {
    const mixed = /** @type {RGB} */ (colour.map((value) => Math.round(value + (to - value) * part)));
    if (least(mixed) >= enough) return mixed;
  }
  return [to, to, to];
}

/** The contrast of two colours, 1 to 21, as WCAG 2 defines it. @param {RGB} a @param {RGB} b */
export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** @param {RGB} colour */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Whether an escape is in a row. @param {Row} row */
function escapes(row) {
  return row.bytes ? row.bytes.includes(0x1b) : (row.text ?? "").includes("\x1b");
}

/** The pens at the beginnings of a lane's rows: what the server said is one stream. */
export class Pens {
  #log;
  /** @type {Map<number, Pen>} of the rows that do not begin with a plain one */
  #at = new Map();
  #low; // no row before is in #at
  #next; // the first row that was not read yet
  #pen = new Pen(); // before it
  #replaced; // how many of the log's replaced rows were read
  #cleared; // rows that were taken away

  /** @param {import("./rowlog.js").RowLog<Row>} log */
  constructor(log) {
    this.#log = log;
    this.#cleared = log.first - log.dropped;
    this.#low = this.#next = log.first;
    this.#replaced = log.replaced.length;
  }

  /** Reads what has come. */
  update() {
    const { first, end, replaced } = this.#log;
    if (this.#cleared !== first - this.#log.dropped) { // a recording that is played begins anew
      this.#cleared = first - this.#log.dropped;
      this.#pen = start;
    }
    for (; this.#replaced < replaced.length; this.#replaced++) this.#back(replaced[this.#replaced]);
    for (; this.#low < first && this.#at.size; this.#low++) this.#at.delete(this.#low);
    this.#low = Math.max(this.#low, first);
    this.#next = Math.max(this.#next, first);
    for (; this.#next < end; this.#next++) {
      if (!this.#pen.isPlain) this.#at.set(this.#next, this.#pen);
      else if (this.#at.size) this.#at.delete(this.#next);
      const row = this.#log.row(this.#next);
      if (row?.kind === "received" && (this.#pen.begun || escapes(row))) this.#pen = this.#pen.read(textOf(row)).next;
    }
  }

  /** @param {number} number of a row that is to be read again */
  #back(number) {
    if (number >= this.#next || number < this.#log.first) return;
    this.#pen = this.of(number);
    this.#next = number;
  }

  /** The pen at the beginning of a row. @param {number} number */
  of(number) {
    return this.#at.get(number) ?? start;
  }
}

const start = new Pen();

/**
 * The pen at the beginning of a line of a row, given the one at the row's.
 * @param {Pen} pen @param {Row} row @param {import("./rowlayout.js").Layout} layout @param {number} line
 */
export function penAt(pen, row, layout, line) {
  if (line === 0 || !(pen.begun || escapes(row))) return pen;
  let known = lastAt.get(row);
  if (known?.pen !== pen || known.layout !== layout || known.line > line) known = { pen, layout, line: 0, at: pen };
  for (; known.line < line; known.line++) known.at = known.at.read(layout.lines(row, known.line, known.line + 1)[0].text).next;
  lastAt.set(row, known);
  return known.at;
}

/** Where penAt was last. @type {WeakMap<Row, { pen: Pen, layout: object, line: number, at: Pen }>} */
const lastAt = new WeakMap();

/**
 * Where the lines of a row begin, as rowlayout.js has them, when SGR takes no room.
 * @param {Row} row @param {string} text as it shows, where it has no bytes @param {number} columns
 */
export function linesOf(row, text, columns) {
  const lines = (/** @type {any} */ all) => (row.bytes ? dumpLines(all, columns, true) : wrapLines(all, columns));
  if (!escapes(row)) return lines(row.bytes ?? text);
  const cuts = row.bytes ? cutsIn(Array.from(row.bytes, (byte) => (byte === 0x1b ? escape : byte < 0x80 ? String.fromCharCode(byte) : "·")).join("")) : cutsIn(text);
  const rest = row.bytes ? without(row.bytes, cuts) : cuts.reduceRight((left, [from, to]) => left.slice(0, from) + left.slice(to), text);
  let [k, gone] = [0, 0];
  return lines(rest).map((start) => {
    for (; k < cuts.length && cuts[k][0] - gone < start; k++) gone += cuts[k][1] - cuts[k][0];
    return start + gone;
  });
}

/** @param {string} text @returns {[number, number][]} of SGR in it */
function cutsIn(text) {
  return Array.from(text.matchAll(/␛\[[\d;:]*m/g), ({ index, 0: found }) => [index, index + found.length]);
}

/** @param {Uint8Array} bytes @param {[number, number][]} cuts */
function without(bytes, cuts) {
  const rest = new Uint8Array(bytes.length);
  let [at, length] = [0, 0];
  for (const [from, to] of [...cuts, [bytes.length, 0]]) {
    rest.set(bytes.subarray(at, from), length);
    length += from - at;
    at = to;
  }
  return rest.subarray(0, length);
}
