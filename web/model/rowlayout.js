// One row as lines: how many it takes and what stands in each, given the room
// there is. Pure. It knows one row at a time; lineindex.js adds them up.
//
// A line of a layout: { text, at, from, to, places, bytes, offset }: what stands
// there; where in the row it begins, by the row's bytes or else by the characters
// of its text; which of the row's bytes, as far as that is known (else -1); where
// in text each byte stands, null meaning one character each. Where the lane shows
// hex there is no text but bytes, each of which has a cell, and the number of the
// first.

import { rowCost } from "./entryrows.js";
import { dumpLines, dumpText, textOf, withoutPictures, wrapLines } from "./format.js";

/**
 * @typedef {import("../types").Row} Row
 * @typedef {{ text: string, at: number, from: number, to: number, places: number[] | null, bytes?: Uint8Array, offset?: number }} Line
 * @typedef {{ columns: number, time: boolean, bytesInLine: number, offset: boolean }} Room
 *   of a lane: columns for text, whether there is room for the time, how many bytes stand as hex in a line
 *   (0: no hex), whether there is room for their number
 * @typedef {{ measure(row: Row): number, guess(size: number): number, lines(row: Row, begin: number, end: number): Line[],
 *   lineAt(row: Row, at: number): number, drawn(row: Row): (at: number) => number, bytesInLine: number }} Layout
 *   guess: how many lines a row may take of which just the size is known. lineAt: the line that has a place of the row. drawn: where a place is once controls are left out
 */

const wayColumns = 3;
const badges = 4; // columns that the names of CR and LF take beyond their cells
const enoughText = 40; // columns; with fewer, the time goes

/** After how many bytes there is a gap, where so many stand in a line. @param {number} bytesInLine */
export function gapAfter(bytesInLine) {
  return bytesInLine <= 4 ? Infinity : Math.min(8, bytesInLine / 2);
}

/** Columns that hex takes. @param {number} bytesInLine */
function hexColumns(bytesInLine) {
  return 3 * bytesInLine + Math.max(0, Math.ceil(bytesInLine / gapAfter(bytesInLine)) - 1);
}

/**
 * What there is room for in a lane of so many columns. The time gives way first,
 * then hex columns get fewer, then go the offsets, then the hex.
 * @param {number} columns @param {number} time the columns it would take
 * @param {string | null} wanted "fit", "16" or "8" bytes of hex in a line; null for no hex
 * @param {number} [offsets] the columns that the numbers of bytes would take
 * @returns {Room}
 */
export function roomIn(columns, time, wanted, offsets = 6) {
  const text = columns - wayColumns;
  if (wanted) {
    const fits = (/** @type {number} */ n, /** @type {boolean} */ withTime, offset = true) =>
      text >= hexColumns(n) + 1 + n + badges + (withTime ? time : 0) + (offset ? offsets : 0) &&
      { columns: Math.max(12, text - (withTime ? time : 0)), time: withTime, bytesInLine: n, offset };
    const most = columns >= 200 ? 32 : 16;
    const found = wanted === "fit"
      ? fits(most, true) || (most > 16 && fits(16, true)) || fits(8, true)
      : fits(Number(wanted), true) || fits(Number(wanted), false);
    const narrow = found || fits(8, true) || fits(8, false) || fits(4, false) || fits(4, false, false);
    if (narrow) return narrow;
  }
  const withTime = text - time >= enoughText;
  return { columns: Math.max(12, withTime ? text - time : text), time: withTime, bytesInLine: 0, offset: false };
}

/**
 * What was typed and shown: text, wrapped. linesOf says where lines begin, if that is
 * not as usual.
 * @param {{ columns: number, controls: boolean, linesOf?: typeof import("./ansi.js").linesOf }} room
 * @returns {Layout}
 */
export function consoleLayout({ columns, controls, linesOf }) {
  const text = (/** @type {Row} */ row) => (row.bytes ? "" : textOf(row, controls));
  const starts = (/** @type {Row} */ row, /** @type {string} */ text) =>
    linesOf ? linesOf(row, text, columns) : row.bytes ? dumpLines(row.bytes, columns, true) : wrapLines(text, columns, isWords(row));
  return layoutOf(text, starts, columns, controls, (row, text, from, to) => {
    if (row.bytes) return { ...dumpText(row.bytes, from, to, controls), at: from, from, to };
    // Where each character is one byte, it is known which byte it is.
    const known = row.from >= 0 && text.length === row.to - row.from;
    return { text: text.slice(from, to).replace(/\n$/, ""), at: from, from: known ? from : -1, to: known ? to : -1, places: null };
  });
}

/**
 * What went over the wire: hex with offsets and text beside it, or text alone.
 * @param {{ columns: number, controls: boolean, bytesInLine: number }} room bytesInLine: 0 for no hex
 * @returns {Layout}
 */
export function wireLayout({ columns, controls, bytesInLine }) {
  if (!bytesInLine) return consoleLayout({ columns, controls });
  const text = (/** @type {Row} */ row) => (row.bytes ? "" : textOf(row));
  const starts = (/** @type {Row} */ row, /** @type {string} */ text) => (row.bytes ? dumpLines(row.bytes, bytesInLine) : wrapLines(text, columns, isWords(row)));
  const layout = layoutOf(text, starts, bytesInLine, true, (row, text, from, to) =>
    row.bytes
      ? { text: "", at: from, from, to, places: null, bytes: row.bytes.subarray(from, to), offset: (row.base ?? 0) + from }
      : { text: text.slice(from, to).replace(/\n$/, ""), at: from, from: -1, to: -1, places: null },
  );
  return { ...layout, bytesInLine };
}

// Words of the workbench's or the line mode's wrap at words; what a peer said, where the line is full.
/** @param {Row} row */
const isWords = ({ kind }) => kind === "note" || kind === "remark";

const mostKept = 500_000; // lines

// The rows in sight are laid out again with every frame, so the last few are
// remembered.
/**
 * @param {(row: Row) => string} textOfRow
 * @param {(row: Row, text: string) => number[]} startsOf where its lines begin
 * @param {number} wide how much fits in a line
 * @param {boolean} controls whether text shows its controls
 * @param {(row: Row, text: string, from: number, to: number) => Line} line
 * @returns {Layout}
 */
function layoutOf(textOfRow, startsOf, wide, controls, line) {
  /** @type {Map<Row, { text: string, starts: number[] }>} */
  const recent = new Map();
  let kept = 0;
  const remembered = (/** @type {Row} */ row) => {
    let one = recent.get(row);
    if (!one) {
      if (recent.size > 200 || kept > mostKept) recent.clear(), (kept = 0);
      const text = textOfRow(row);
      recent.set(row, (one = { text, starts: startsOf(row, text) }));
      kept += one.starts.length;
    }
    return one;
  };
  const drawn = (/** @type {Row} */ row) => {
    if (controls || row.bytes) return (/** @type {number} */ at) => at;
    const before = [0];
    for (const char of textOf(row).split("")) before.push(before[before.length - 1] + withoutPictures(char).length);
    return (/** @type {number} */ at) => before[at];
  };
  return {
    bytesInLine: 0,
    drawn,
    lineAt(row, at) {
      const place = drawn(row)(at);
      const { starts } = remembered(row);
      const after = starts.findIndex((start) => start > place);
      return (after < 0 ? starts.length : after) - 1;
    },
    measure: (row) => startsOf(row, textOfRow(row)).length,
    guess: (size) => Math.max(1, Math.round((size - rowCost) / wide)),
    lines(row, begin, end) {
      const { text, starts } = remembered(row);
      const length = row.bytes ? row.bytes.length : text.length;
      const lines = [];
      for (let k = begin; k < Math.min(end, starts.length); k++) lines.push(line(row, text, starts[k], starts[k + 1] ?? length));
      return lines;
    },
  };
}

/**
 * The byte of a line that stands in a column of its hex or of its text; -1 for none.
 * @param {Line} line with hex @param {"hex" | "text"} part @param {number} column from the part's beginning @param {number} bytesInLine
 */
export function byteAt({ bytes, from }, part, column, bytesInLine) {
  const length = bytes?.length ?? 0;
  if (!bytes || length === 0 || column < 0) return -1;
  let k = column;
  if (part === "hex") {
    const gap = Math.min(gapAfter(bytesInLine), bytesInLine);
    const block = Math.floor(column / (3 * gap + 1));
    k = block * gap + Math.min(gap - 1, Math.floor((column - block * (3 * gap + 1)) / 3));
  } else {
    // The names of CR and LF at the end are three columns wide.
    const wide = bytes[length - 1] === 0x0a ? (bytes[length - 2] === 0x0d ? 2 : 1) : bytes[length - 1] === 0x0d ? 1 : 0;
    const plain = length - wide;
    if (column >= plain) k = plain + Math.floor((column - plain) / 3);
  }
  return k < length ? from + k : -1;
}
