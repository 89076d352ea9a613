// The rows of one lane, or the entries of a session: a list that is published to the
// page a frame at a time. Rows have numbers, from 0 on in the order in which they
// came. It does not look into a row, but for its size.
//
// The oldest rows leave a log that has bounds. Those of a session leave by pages
// (below), and may come again.

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
  /** How many of the rows are in memory, and what they cost, in characters. */
  loaded = 0;
  size = 0;

  /** @type {(T | number)[]} rows; of one that is not in memory, its size */
  #rows = [];
  #head = 0; // index in #rows of the first row that is still here
  #maxRows;
  #maxSize;
  #published = [0, 0, 0];
  #cleared = 0; // rows that a person took away, which are not missing
  /** The numbers of the rows that others took the place of, in that order. @type {number[]} */
  replaced = [];
  /** Numbers [from, to) of rows that were replaced, or loaded again, in the order of the changes. @type {[number, number][]} */
  changed = [];

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

  /** The row of a number from first to end; undefined if it is not in memory. @param {number} number @returns {T | undefined} */
  row(number) {
    const row = this.#rows[this.#head + number - this.first];
    return typeof row === "number" ? undefined : row;
  }

  /** What the row of a number costs, in memory or not. @param {number} number */
  sizeOf(number) {
    const row = this.#rows[this.#head + number - this.first];
    return typeof row === "number" ? row : row.size;
  }

  /** Takes a row; row.size is its length in characters. Shown at the next publish. @param {T} row */
  append(row) {
    this.#rows.push(row);
    this.size += row.size;
    this.loaded++;
    while (this.loaded > 1 && (this.loaded > this.#maxRows || this.size > this.#maxSize)) this.forget(this.first + 1);
  }

  /** Puts a row in the place of another; where that has left, it comes last. @param {number} number @param {T} row */
  replace(number, row) {
    if (number < this.first || number >= this.next) return this.append(row);
    this.load(number, [row]);
    this.replaced.push(number);
  }

  /** Puts rows in their places, from a number on. @param {number} from @param {T[]} rows */
  load(from, rows) {
    rows.forEach((row, k) => {
      this.#release(from + k);
      this.#rows[this.#head + from + k - this.first] = row;
      this.size += row.size;
      this.loaded++;
    });
    if (rows.length) this.changed.push([from, from + rows.length]);
  }

  /** Takes rows out of memory that may be loaded again. @param {number} from @param {number} to */
  unload(from, to) {
    for (let i = Math.max(from, this.first); i < to; i++) {
      const size = this.sizeOf(i);
      this.#release(i);
      this.#rows[this.#head + i - this.first] = size;
    }
  }

  /** @param {number} number */
  #release(number) {
    const row = this.row(number);
    if (!row) return;
    this.size -= row.size;
    this.loaded--;
  }

  /** Lets the rows before a number go for good. @param {number} number */
  forget(number) {
    for (; this.first < number; this.first++) {
      this.#release(this.first);
      this.#rows[this.#head++] = 0;
    }
    if (this.#head > 4096 && this.#head > this.#rows.length / 2) {
      this.#rows.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Shows what was appended or changed since the last call. */
  publish() {
    this.end = this.next;
    const now = [this.end, this.first, this.changed.length];
    if (now.every((n, i) => n === this.#published[i])) return;
    this.#published = now;
    this.version.value++;
  }

  clear() {
    this.first = this.next;
    this.#cleared = this.first;
    this.#rows = [];
    this.#head = this.size = this.loaded = 0;
    this.publish();
  }

  /** The rows that are shown and in memory, oldest first. @param {number} [from] a row's number to begin with @returns {Generator<T>} */
  *rows(from = this.first) {
    for (let i = Math.max(from, this.first); i < this.end; i++) {
      const row = this.row(i);
      if (row) yield row;
    }
  }
}

// A page ends with an event, once it has this share of what is held …
const share = 1 / 32;
const waitingAtEnd = 4096; // … and no more bytes wait for a message to claim them …
const overfull = 8; // … and anyhow at so many times as much

/**
 * @typedef {import("../types").Row} Row
 * @typedef {import("../types").Entry} Entry
 * @typedef {{ after: number, entry: Entry }} Own an entry without a number, and the number of the one before it
 * @typedef {{ from: number, to: number, console: number, wire: number, state: any, own: Own[], numbered: boolean,
 *   loaded: boolean, used: number, problem: string, tried: number }} Page
 *   from, to: numbers of its entries, [from, to); console, wire: numbers of its first rows; state: the reader's before it;
 *   numbered: its entries have numbers, so that it may be loaded again; problem: why that failed
 */

/** The rows of both lanes, as pages of which not all need be in memory. */
export class Pages {
  /** @type {Page[]} the oldest first; the last one grows */
  list = [];

  #lanes;
  #bound;
  #entries = 0; // of the last page
  #n = /** @type {number | undefined} */ (undefined); // the event of the last entry
  #clock = 0;

  /** @param {{ console: RowLog<Row>, wire: RowLog<Row> }} lanes @param {{ rows: number, size: number }} [bound] of each lane */
  constructor(lanes, bound = { rows: 100_000, size: 12 * 1024 * 1024 }) {
    this.#lanes = lanes;
    this.#bound = bound;
  }

  /** Whether a page ends before an entry. @param {Entry} entry @param {{ waiting: number, open: boolean }} reader */
  endsBefore(entry, { waiting, open }) {
    const page = this.list.at(-1);
    if (!page) return true;
    const { console, wire } = this.#lanes;
    const full = Math.max(this.#entries / this.#bound.rows, (console.size + wire.size - this.#before) / this.#bound.size) / share;
    return full >= overfull || (full >= 1 && !open && waiting <= waitingAtEnd && (entry.n === undefined || entry.n !== this.#n));
  }

  #before = 0; // size of both lanes when the last page began, less what has left since

  /** Begins a page. @param {any} state of the reader @param {number} from the number of its first entry */
  begin(state, from) {
    const { console, wire } = this.#lanes;
    this.list.push({
      from, to: from, console: console.next, wire: wire.next, state, own: [], numbered: true,
      loaded: true, used: ++this.#clock, problem: "", tried: 0,
    });
    this.#entries = 0;
    this.#before = console.size + wire.size;
  }

  /** An entry came whose rows belong to the last page. @param {Entry} entry */
  took(entry) {
    const page = this.list[this.list.length - 1];
    this.#entries++;
    this.#n = entry.n;
    if (entry.i !== undefined) page.to = entry.i + 1;
    else if (entry.dir === "--") {
      page.own.push({ after: page.to - 1, entry });
      page.to += entry.missing ?? 0;
    } else page.numbered = false;
  }

  /** Whether rows may be loaded again; else they leave for good. */
  again = false;

  /** Takes pages out of memory that were not used for long, while there is too much. */
  bound() {
    const { console, wire } = this.#lanes;
    const isTooMuch = () => [console, wire].some((log) => log.loaded > this.#bound.rows || log.size > this.#bound.size);
    while (this.list.length > 1 && isTooMuch()) {
      const before = console.size + wire.size;
      const last = this.list.length - 1;
      const again = this.again && this.list[0].numbered;
      let at = 0;
      if (again) {
        at = -1;
        for (let k = 0; k < last; k++) if (this.list[k].loaded && (at < 0 || this.list[k].used < this.list[at].used)) at = k;
        if (at < 0) return;
      }
      const [page, next] = [this.list[at], this.list[at + 1]];
      if (again && page.numbered) {
        console.unload(page.console, next.console);
        wire.unload(page.wire, next.wire);
        page.loaded = false;
      } else {
        console.forget(next.console);
        wire.forget(next.wire);
        this.list.splice(0, at + 1);
      }
      this.#before -= before - console.size - wire.size;
    }
  }

  /** The rows of all pages are gone; later ones make others. */
  clear() {
    this.list = [];
  }

  /** Which page a row is in. @param {"console" | "wire"} lane @param {number} number */
  at(lane, number) {
    let [low, high] = [0, this.list.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.list[middle][lane] <= number) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The pages of rows, which count as used now. @param {"console" | "wire"} lane @param {number} from @param {number} to */
  use(lane, from, to) {
    const pages = to > from ? this.list.slice(this.at(lane, from), this.at(lane, to - 1) + 1) : [];
    for (const page of pages) page.used = ++this.#clock;
    return pages;
  }

  /** The number of the first row from an entry's number on, as far as that is known. @param {"console" | "wire"} lane @param {number} i */
  rowOf(lane, i) {
    let k = this.list.length - 1;
    while (k > 0 && this.list[k].from > i) k--;
    const log = this.#lanes[lane];
    let number = Math.max(log.first, this.list[k]?.[lane] ?? 0);
    for (; number < log.end - 1; number++) if (!log.row(number) || (log.row(number)?.i ?? 0) >= i) break;
    return number;
  }

  /** Where the rows of a page end. @param {Page} page */
  endOf(page) {
    const next = this.list[this.list.indexOf(page) + 1];
    const { console, wire } = this.#lanes;
    return { console: next?.console ?? console.next, wire: next?.wire ?? wire.next };
  }

  /** Puts the rows of a page back, which it had when it left. @param {Page} page @param {{ console: Row[], wire: Row[] }} rows */
  load(page, rows) {
    if (page.loaded || !this.list.includes(page)) return;
    const { console, wire } = this.#lanes;
    const before = console.size + wire.size;
    console.load(page.console, rows.console);
    wire.load(page.wire, rows.wire);
    page.loaded = true;
    page.used = ++this.#clock;
    this.#before += console.size + wire.size - before;
    this.bound();
  }
}
