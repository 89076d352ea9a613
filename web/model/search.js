// Which rows a text or a pattern fits, and where: to find them, and to leave
// others out.

import { signal } from "../vendor/signals-core.js";
import { hex, shownBytes, shownText } from "./format.js";

/** @typedef {import("../types").Row} Row */
/** @typedef {[number, number]} Place [from, to) in a row: bytes of it or, where it has none, characters of its text as shown */

const maxPlaces = 10_000; // in one row

// Rows that are looked through at once by a regular expression.
const batchRows = 1000;
const batchSize = 256 * 1024; // characters

/**
 * A pattern from what the user typed: { pattern }, null for nothing typed, or
 * { error } in words. Case does not matter, unless there is a capital letter.
 * @param {string} text @param {boolean} isRegexp
 * @returns {{ pattern: RegExp | null, error?: string }}
 */
export function patternOf(text, isRegexp) {
  if (text === "") return { pattern: null };
  const flags = /\p{Lu}/u.test(text) ? "gu" : "giu";
  try {
    return { pattern: new RegExp(isRegexp ? text : text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), flags) };
  } catch (error) {
    return { pattern: null, error: "That is not a regular expression: " + /** @type {Error} */ (error).message.replace(/^.*: /, "") + "." };
  }
}

/**
 * The places in a row that a pattern fits: in its text or else, written as
 * pairs, in its bytes.
 * @param {Pick<Row, "text" | "bytes">} row @param {RegExp} pattern of patternOf
 * @returns {Place[]}
 */
export function placesIn(row, pattern) {
  if (!row.bytes) return hits(shownText(row.text ?? ""), pattern);
  const found = hits(shownBytes(row.bytes), pattern);
  if (found.length) return inBytes(row.bytes, found);
  if (!/^(([0-9a-f]{2}|\.\.)( |$))+$/i.test(pattern.source)) return [];
  return hits(hex(row.bytes), new RegExp(pattern.source, "gi")).map(([from, to]) => [from / 3, Math.ceil(to / 3)]);
}

/**
 * The places in a text that a pattern fits.
 * @param {string} text @param {RegExp} pattern
 */
export function hits(text, pattern) {
  /** @type {Place[]} */
  const found = [];
  pattern.lastIndex = 0;
  for (let match; found.length < maxPlaces && (match = pattern.exec(text)); ) {
    if (match[0] === "") pattern.lastIndex++;
    else found.push([match.index, match.index + match[0].length]);
  }
  return found;
}

// From places in the text that stands for bytes to places in the bytes.
/** @param {Uint8Array} bytes @param {Place[]} found @returns {Place[]} */
function inBytes(bytes, found) {
  /** @type {number[]} */
  const places = [];
  shownBytes(bytes, places);
  let at = 0; // both rise
  return found.map(([from, to]) => {
    while (at < places.length && (places[at + 1] ?? Infinity) <= from) at++;
    let begin = at;
    while (begin > 0 && places[begin - 1] === places[begin]) begin--; // a character of several bytes
    let end = at + 1;
    while (end < places.length && places[end] < to) end++;
    return [begin, end];
  });
}

/** What is looked for in rows. A regular expression is asked for in good time, with read(). */
export class Matcher {
  /** Signal: what is wrong with it in words, or "". */
  problem;
  /** Signal: rises whenever more rows are known. */
  version = signal(0);
  /** Whether rows are being looked through. */
  reading = false;

  #pattern;
  /** @type {WeakMap<Row, Place[]> | null} what is known; null where it needs no time to find out */
  #known;
  /** @type {import("./rowlog.js").RowLog<Row>[]} */
  #logs = [];
  /** @type {WeakMap<object, number>} the number of the next row of a log */
  #next = new WeakMap();
  /** @type {WeakMap<object, number>} how many of a log's changes were read again */
  #changed = new WeakMap();

  /** @param {string} text not empty @param {boolean} isRegexp */
  constructor(text, isRegexp) {
    const { pattern, error = "" } = patternOf(text, isRegexp);
    this.#pattern = pattern;
    this.#known = isRegexp ? new WeakMap() : null;
    this.problem = signal(error);
  }

  /** Where a row has it; undefined while that is not known. @param {Row} row @returns {Place[] | undefined} */
  places(row) {
    if (!this.#pattern || this.problem.value) return [];
    return this.#known ? this.#known.get(row) : placesIn(row, this.#pattern);
  }

  /** Looks through the rows of these logs, and of no other any more. @param {import("./rowlog.js").RowLog<Row>[]} logs */
  read(logs) {
    this.#logs = logs;
    if (this.#known && this.#pattern && !this.problem.value && !this.reading) this.#read(this.#known, this.#pattern);
  }

  /** Looks through rows that are in no log. @param {Row[]} rows */
  async know(rows) {
    if (!this.#known || !this.#pattern || this.problem.value) return;
    for (let at = 0; at < rows.length; ) {
      let [end, size] = [at, 0];
      while (end < rows.length && end < at + batchRows && size < batchSize) size += rows[end++].size;
      await this.#knowBatch(this.#known, this.#pattern, rows.slice(at, end));
      at = end;
    }
  }

  /** @param {WeakMap<Row, Place[]>} known @param {RegExp} pattern @param {Row[]} rows */
  async #knowBatch(known, pattern, rows) {
    const { placesInAll } = await import("./regexps.js");
    const found = await placesInAll(rows.map(({ text, bytes }) => ({ text, bytes })), pattern);
    rows.forEach((row, i) => known.set(row, found[i]));
  }

  // A regular expression may take for ever, so a worker does it.
  /** @param {WeakMap<Row, Place[]>} known @param {RegExp} pattern */
  async #read(known, pattern) {
    let rows = this.#batch();
    if (!rows.length) return;
    this.reading = true;
    try {
      for (; rows.length; rows = this.#batch()) {
        await this.#knowBatch(known, pattern, rows);
        this.version.value++;
      }
    } catch (error) {
      this.problem.value = /** @type {Error} */ (error).message;
    }
    this.reading = false;
    this.version.value++;
  }

  #batch() {
    const rows = [];
    let size = 0;
    for (const log of this.#logs) {
      const next = this.#next.get(log) ?? 0;
      let changed = this.#changed.get(log) ?? 0;
      for (; changed < log.changed.length && size < batchSize; changed++) {
        const [from, to] = log.changed[changed];
        for (let number = Math.max(from, log.first); number < Math.min(to, next); number++) {
          const row = log.row(number);
          if (!row || this.#known?.has(row)) continue;
          rows.push(row);
          size += row.size;
        }
      }
      this.#changed.set(log, changed);
      let number = Math.max(next, log.first);
      for (; number < log.end && rows.length < batchRows && size < batchSize; number++) {
        const row = log.row(number);
        if (!row) continue;
        rows.push(row);
        size += row.size;
      }
      this.#next.set(log, number);
    }
    return rows;
  }
}
