// Which message has a byte of a flow. Pure. It follows the log of messages, and finds
// the innermost of those that overlap in O(log n), though one may span all others.

/** @typedef {import("../types").MessageRow} MessageRow */
/** @typedef {import("../types").Message["flow"]} Flow */

const wide = 64; // spans of which a step knows the farthest end

// The spans of one flow by where they begin. ends[0] are their ends, ends[1] the
// greatest of each 64 of those, and so on.
class FlowSpans {
  /** @type {number[]} */
  begins = [];
  /** @type {number[]} */
  numbers = [];
  /** @type {number[][]} */
  ends = [[]];

  /** Messages mostly begin where or after the last one did. @param {MessageRow} row */
  add({ number, message: { from, to } }) {
    let at = this.begins.length;
    while (at > 0 && this.begins[at - 1] > from) at--;
    this.begins.splice(at, 0, from);
    this.numbers.splice(at, 0, number);
    this.ends[0].splice(at, 0, to);
    if (at === this.begins.length - 1) this.#grow(at, to);
    else this.#mend(at);
  }

  // Takes an end that came last into the steps.
  /** @param {number} at @param {number} end */
  #grow(at, end) {
    for (let level = 0; this.ends[level].length > wide || level + 1 < this.ends.length; level++) {
      if (level + 1 === this.ends.length) return this.#mend(0); // a step more
      at = Math.floor(at / wide);
      this.ends[level + 1][at] = Math.max(this.ends[level + 1][at] ?? -1, end);
    }
  }

  // Makes the steps right from a span on.
  /** @param {number} at */
  #mend(at) {
    for (let level = 0; this.ends[level].length > wide || level + 1 < this.ends.length; level++) {
      const below = this.ends[level];
      const step = (this.ends[level + 1] ??= []);
      const first = step.length ? Math.floor(at / wide) : 0;
      for (let k = first; k * wide < below.length; k++) {
        let most = -1;
        for (let i = k * wide; i < Math.min(below.length, (k + 1) * wide); i++) most = Math.max(most, below[i]);
        step[k] = most;
      }
      at = first;
    }
  }

  /** The last span that has a byte; -1: there is none. @param {number} byte */
  at(byte) {
    let [low, high] = [0, this.begins.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.begins[middle] <= byte) low = middle + 1;
      else high = middle;
    }
    let [i, level] = [low - 1, 0];
    for (; i >= 0; level++) { // up, until a step ends far enough
      const ends = this.ends[level];
      if (!ends) return -1;
      const first = i - (i % wide);
      while (i >= first && ends[i] <= byte) i--;
      if (i >= first) break;
      i = first / wide - 1;
    }
    for (; i >= 0 && level > 0; level--) { // and down to the last span that does
      i = Math.min(this.ends[level - 1].length, (i + 1) * wide) - 1;
      while (this.ends[level - 1][i] <= byte) i--;
    }
    return i < 0 ? -1 : this.numbers[i];
  }
}

export class Spans {
  #log;
  #next;
  /** @type {Partial<Record<Flow, FlowSpans>>} */
  #flows = {};
  /** The numbers of messages by where they begin. @type {Partial<Record<Flow, Map<number, number>>>} */
  #begins = {};

  /** @param {import("./rowlog.js").RowLog<MessageRow>} log */
  constructor(log) {
    this.#log = log;
    this.#next = log.first;
  }

  /** Takes in the messages that have come, or the first so many of them. */
  update(most = Infinity) {
    const end = Math.min(this.#log.end, this.#next + most);
    for (let number = Math.max(this.#next, this.#log.first); number < end; number++) {
      const row = this.#log.row(number);
      if (!row) continue;
      const { flow, from } = row.message;
      (this.#flows[flow] ??= new FlowSpans()).add(row);
      (this.#begins[flow] ??= new Map()).set(from, number);
    }
    this.#next = Math.max(this.#next, end);
  }

  /** Whether there are messages that it has not taken in. */
  get behind() {
    return this.#next < this.#log.end;
  }

  /** The flows that there are messages of. @returns {Flow[]} */
  get flows() {
    return /** @type {Flow[]} */ (Object.keys(this.#flows)).sort();
  }

  /** The message that has a byte of a flow. @param {Flow} flow @param {number} byte @returns {MessageRow | undefined} */
  at(flow, byte) {
    this.update();
    return this.#row(this.#flows[flow]?.at(byte));
  }

  /** The message that another one answers, once all messages are taken in: it is asked for whenever one is drawn. @param {import("../types").Message} message @returns {MessageRow | undefined} */
  answered({ answers }) {
    if (!answers || this.behind) return undefined;
    return this.#row(this.#begins[answers.flow]?.get(answers.from));
  }

  /** @param {number} [number] */
  #row(number = -1) {
    return number >= this.#log.first && number < this.#log.end ? this.#log.row(number) : undefined;
  }
}
