// The rows of one lane, or the entries of a session: a bounded list that is
// published to the page a frame at a time. Rows have numbers, from 0 on in the
// order in which they came; the oldest leave. It does not look into a row, but for
// its size.

import { signal } from "../vendor/signals-core.js";

/**
 * @template {{ size: number }} T
 */
export class RowLog {
  /** Signal: rises with each publish that changed something. */
  version = signal(0);
  /** The number of the first row that is here, and of the one after the last that is shown. */
  first = 0;
  end = 0;

  /** @type {T[]} */
  #rows = [];
  #head = 0; // index in #rows of the first row that is still here
  #size = 0;
  #maxRows;
  #maxSize;
  #published = 0;
  #publishedFirst = 0;
  #publishedReplaced = 0;
  #cleared = 0; // rows that a person took away, which are not missing
  /** The numbers of the rows that others took the place of, in that order. @type {number[]} */
  replaced = [];

  /** The newest maxRows rows stay, as long as they fit in maxSize characters. */
  constructor({ maxRows = 100_000, maxSize = 12 * 1024 * 1024 } = {}) {
    this.#maxRows = maxRows;
    this.#maxSize = maxSize;
  }

  /** How many rows have left because there were too many. */
  get dropped() {
    return this.first - this.#cleared;
  }

  /** The number that the next row will have. */
  get next() {
    return this.first + this.#rows.length - this.#head;
  }

  /** The row of a number from first to end. @param {number} number */
  row(number) {
    return this.#rows[this.#head + number - this.first];
  }

  /** Takes a row; row.size is its length in characters. Shown at the next publish. @param {T} row */
  append(row) {
    this.#rows.push(row);
    this.#size += row.size;
    let count = this.#rows.length - this.#head;
    while (count > 1 && (count > this.#maxRows || this.#size > this.#maxSize)) {
      this.#size -= this.#rows[this.#head].size;
      this.#rows[this.#head++] = /** @type {any} */ (undefined);
      this.first++;
      count--;
    }
    if (this.#head > 4096 && this.#head > this.#rows.length / 2) {
      this.#rows.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Puts a row in the place of another; where that has left, it comes last. @param {number} number @param {T} row */
  replace(number, row) {
    if (number < this.first || number >= this.next) return this.append(row);
    const at = this.#head + number - this.first;
    this.#size += row.size - this.#rows[at].size;
    this.#rows[at] = row;
    this.replaced.push(number);
  }

  /** Shows what was appended or replaced since the last call. */
  publish() {
    this.end = this.next;
    if (this.end === this.#published && this.first === this.#publishedFirst && this.replaced.length === this.#publishedReplaced) return;
    this.#publishedReplaced = this.replaced.length;
    this.#published = this.end;
    this.#publishedFirst = this.first;
    this.version.value++;
  }

  clear() {
    this.first = this.next;
    this.#cleared = this.first;
    this.#rows = [];
    this.#head = this.#size = 0;
    this.publish();
  }

  /** All rows that are shown, oldest first. @param {number} [from] a row's number to begin with */
  *rows(from = this.first) {
    for (let i = Math.max(from, this.first); i < this.end; i++) yield this.row(i);
  }
}
