// One row as lines: how many it takes and what stands in each, given the room
// there is. Pure. It knows one row at a time; lineindex.js adds them up.
//
// A line of a layout: { text, at, from, to, places, hex, offset }: what stands
// there; where in the row it begins, by the row's bytes or else by the characters
// of its text; which of the row's bytes, as far as that is known (else -1); where
// in text each byte stands, null meaning one character each; the bytes as hex and
// the number of the first, where the lane shows hex.

import { dumpLines, dumpText, hex, textOf, withoutPictures, wrapLines } from "./format.js";

/**
 * @typedef {import("../types").Row} Row
 * @typedef {{ text: string, at: number, from: number, to: number, places: number[] | null, hex?: string, offset?: number, more?: boolean }} Line
 * @typedef {{ measure(row: Row): number, lines(row: Row, begin: number, end: number): Line[],
 *   lineAt(row: Row, at: number): number, drawn(row: Row): (at: number) => number, bytesInLine: number, textRoom: number }} Layout
 *   bytesInLine, textRoom: how many bytes stand beside how many columns of text, where the lane shows hex
 *   lineAt: the line that has a place of the row. drawn: where a place is once controls are left out
 */

/**
 * What was typed and shown: text, wrapped.
 * @param {{ columns: number, controls: boolean }} room
 * @returns {Layout}
 */
export function consoleLayout({ columns, controls }) {
  /** @param {Row} row */
  const starts = (row) => (row.bytes ? dumpLines(row.bytes, columns, true) : wrapLines(textOf(row, controls), columns));
  return withMore(starts, controls, (row, all, k) => {
    if (row.bytes) return bytesLine(row, row.bytes, all, k, controls);
    const text = textOf(row, controls);
    const [from, to] = [all[k], all[k + 1] ?? text.length];
    // Where each character is one byte, it is known which byte it is.
    const known = row.from >= 0 && text.length === row.to - row.from;
    return { text: text.slice(from, to).replace(/\n$/, ""), at: from, from: known ? from : -1, to: known ? to : -1, places: null };
  });
}

/**
 * What went over the wire: hex with offsets and text beside it, or text alone.
 * @param {{ columns: number, controls: boolean, hex: boolean }} room
 * @returns {Layout}
 */
export function wireLayout({ columns, controls, hex: withHex }) {
  if (!withHex) return consoleLayout({ columns, controls });
  // A byte takes 3 columns as hex and 1 as text; the offset takes 5.
  const room = Math.floor((columns - (columns > 44 ? 6 : 1)) / 4);
  const bytesInLine = Math.min(16, Math.max(4, room - (room % 4)));
  /** @param {Row} row */
  const starts = (row) => (row.bytes ? dumpLines(row.bytes, bytesInLine) : wrapLines(textOf(row), columns));
  const layout = withMore(starts, true, (row, all, k) => {
    if (!row.bytes) {
      const text = textOf(row);
      return { text: text.slice(all[k], all[k + 1] ?? text.length).replace(/\n$/, ""), at: all[k], from: -1, to: -1, places: null };
    }
    const line = bytesLine(row, row.bytes, all, k, controls);
    return { ...line, hex: hex(row.bytes.subarray(line.from, line.to)), offset: line.from };
  });
  return { ...layout, bytesInLine, textRoom: columns - 6 - 3 * bytesInLine };
}

/** @param {Row} row @param {Uint8Array} bytes @param {number[]} starts @param {number} k @param {boolean} controls */
function bytesLine(row, bytes, starts, k, controls) {
  const [from, to] = [starts[k], starts[k + 1] ?? bytes.length];
  return { ...dumpText(bytes, from, to, controls), at: from, from, to };
}

// A row that is cut says so on a line of its own. The rows in sight are laid
// out again with every frame, so the last few are remembered.
/**
 * @param {(row: Row) => number[]} starts
 * @param {boolean} controls whether text shows its controls
 * @param {(row: Row, starts: number[], k: number) => Line} line
 * @returns {Layout}
 */
function withMore(starts, controls, line) {
  /** @type {Map<Row, number[]>} */
  const recent = new Map();
  const remembered = (/** @type {Row} */ row) => {
    let all = recent.get(row);
    if (!all) {
      if (recent.size > 200) recent.clear();
      recent.set(row, (all = starts(row)));
    }
    return all;
  };
  const drawn = (/** @type {Row} */ row) => {
    if (controls || row.bytes) return (/** @type {number} */ at) => at;
    const before = [0];
    for (const char of textOf(row).split("")) before.push(before[before.length - 1] + withoutPictures(char).length);
    return (/** @type {number} */ at) => before[at];
  };
  return {
    bytesInLine: 0,
    textRoom: Infinity,
    drawn,
    lineAt(row, at) {
      const place = drawn(row)(at);
      const all = remembered(row);
      const after = all.findIndex((start) => start > place);
      return (after < 0 ? all.length : after) - 1;
    },
    measure: (row) => starts(row).length + (row.more ? 1 : 0),
    lines(row, begin, end) {
      const all = remembered(row);
      const lines = [];
      for (let k = begin; k < Math.min(end, all.length); k++) lines.push(line(row, all, k));
      if (end > all.length && row.more) lines.push({ text: row.more, at: -1, from: -1, to: -1, places: null, more: true });
      return lines;
    },
  };
}
