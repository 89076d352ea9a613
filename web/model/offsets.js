// Which row has a byte of a flow: where each row's bytes begin, for the four flows that
// line modes' messages count in. Pure. Rows are added as they come, and need not be in
// memory to be found.

/** @typedef {import("../types").Message["flow"]} Flow */

/** The flows, and the lane that shows each. @type {Record<Flow, "console" | "wire">} */
export const laneOfFlow = { "from-server": "wire", "to-server": "wire", "from-client": "console", "to-client": "console" };

/** The flow that a row's bytes belong to. @param {"console" | "wire"} lane @param {string} kind of the row: sent or received @returns {Flow} */
export function flowOf(lane, kind) {
  if (lane === "wire") return kind === "sent" ? "to-server" : "from-server";
  return kind === "sent" ? "from-client" : "to-client";
}

// Two lists that grow: where rows begin, and their numbers.
class Begins {
  at = new Float64Array(16);
  numbers = new Uint32Array(16);
  length = 0;

  /** @param {number} at @param {number} number */
  push(at, number) {
    if (this.length === this.at.length) {
      const [wasAt, wereNumbers] = [this.at, this.numbers];
      (this.at = new Float64Array(2 * this.length)).set(wasAt);
      (this.numbers = new Uint32Array(2 * this.length)).set(wereNumbers);
    }
    this.at[this.length] = at;
    this.numbers[this.length++] = number;
  }
}

export class Offsets {
  /** @type {Record<Flow, Begins>} */
  #flows = { "from-server": new Begins(), "to-server": new Begins(), "from-client": new Begins(), "to-client": new Begins() };
  #lost = false;

  /** @param {"console" | "wire"} lane @param {import("../types").Row} row @param {number} number of the row */
  add(lane, row, number) {
    if (this.#lost || (row.kind !== "sent" && row.kind !== "received")) return;
    const at = lane === "wire" ? row.from : row.begin;
    if (at !== undefined && at >= 0) this.#flows[flowOf(lane, row.kind)].push(at, number);
  }

  /** Some entries are missing: nobody knows how many bytes they had, so what follows is not found. */
  lose() {
    this.#lost = true;
  }

  /** Whether it is known where a row's bytes stand that came after those that were added. */
  get lost() {
    return this.#lost;
  }

  /** The number of the row that has a byte, or of the last before it; -1: there is none. @param {Flow} flow @param {number} at */
  row(flow, at) {
    const { at: begins, numbers, length } = this.#flows[flow];
    let [low, high] = [0, length]; // the first that begins after it
    while (low < high) {
      const middle = (low + high) >> 1;
      if (begins[middle] <= at) low = middle + 1;
      else high = middle;
    }
    return low > 0 ? numbers[low - 1] : -1;
  }
}
