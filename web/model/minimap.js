// A map of a session: how much went each way when, and where the workbench or the line
// mode remarked on it. Pure. However long the session is, its time has at most so many
// parts, each of the same length; a row costs the same wherever it falls.

/** @typedef {import("../types").Row} Row */

const most = 256; // parts; when they are full, two become one
const shortest = 1 / 16; // seconds of a part, at first

/** How high the map is drawn: what was sent above its middle, what was received below. */
export const height = 24;
const middle = height / 2;

export class SessionMap {
  /** Seconds of one part. */
  width = shortest;
  /** Seconds from the start of the session to the last row. */
  end = 0;
  /** Seconds of which nothing is known: rows had left before the map began. */
  unknown = 0;
  /** Bytes of each part. */
  sent = new Float64Array(most);
  received = new Float64Array(most);
  /** How many remarks and notes each has. */
  remarks = new Uint32Array(most);
  /** The number of each part's first row, in each lane; -1: it has none. @type {Record<"console" | "wire", Int32Array>} */
  firsts = { console: new Int32Array(most).fill(-1), wire: new Int32Array(most).fill(-1) };

  #lanes;
  #next = { console: -1, wire: -1 }; // the rows to read next; -1: not begun
  #cleared = { console: 0, wire: 0 }; // rows that a person took away

  /** @param {import("../types").Lanes} lanes */
  constructor(lanes) {
    this.#lanes = lanes;
  }

  /** Takes in the rows that have come. */
  update() {
    for (const lane of /** @type {const} */ (["console", "wire"])) {
      const log = this.#lanes[lane];
      if (this.#next[lane] >= 0 && this.#cleared[lane] !== log.first - log.dropped) this.#restart();
      this.#cleared[lane] = log.first - log.dropped;
      if (this.#next[lane] < 0 && log.dropped > 0 && log.end > log.first) this.unknown = Math.max(this.unknown, log.row(log.first)?.t ?? 0);
      for (let number = Math.max(log.first, this.#next[lane]); number < log.end; number++) this.#add(lane, number, log.row(number));
      this.#next[lane] = log.end;
    }
  }

  #restart() {
    this.width = shortest;
    this.end = this.unknown = 0;
    for (const list of [this.sent, this.received, this.remarks]) list.fill(0);
    for (const list of [this.firsts.console, this.firsts.wire]) list.fill(-1);
    this.#next = { console: -1, wire: -1 };
  }

  /** @param {"console" | "wire"} lane @param {number} number @param {Row | undefined} row */
  #add(lane, number, row) {
    if (!row) return; // it is not in memory
    const t = Math.max(0, row.t ?? this.end);
    this.end = Math.max(this.end, t);
    while (t >= most * this.width) this.#halve();
    const part = Math.floor(t / this.width);
    if (this.firsts[lane][part] < 0) this.firsts[lane][part] = number;
    if (lane === "console") {
      if (row.kind === "remark" || row.kind === "note") this.remarks[part]++;
    } else if (row.kind === "sent" || row.kind === "received") this[row.kind][part] += row.bytes?.length ?? 0;
  }

  #halve() {
    this.width *= 2;
    for (const list of [this.sent, this.received, this.remarks]) {
      for (let i = 0; i < most; i++) list[i] = i < most / 2 ? list[2 * i] + list[2 * i + 1] : 0;
    }
    for (const list of [this.firsts.console, this.firsts.wire]) {
      for (let i = 0; i < most; i++) list[i] = i < most / 2 ? (list[2 * i] < 0 ? list[2 * i + 1] : list[2 * i]) : -1;
    }
  }

  /** How many parts the session has so far; the last may have just begun. */
  get parts() {
    return Math.max(this.end / this.width, 1);
  }

  /** The part that a time is in. @param {number} t */
  partOf(t) {
    return Math.min(most - 1, Math.max(0, Math.floor(t / this.width)));
  }

  /** Whether anything was said in a part. @param {number} part */
  #isSilent(part) {
    return !this.sent[part] && !this.received[part] && !this.remarks[part];
  }

  /**
   * The time of the next part after a time (1) or before it (-1) in which something was
   * said; the end or the start, where there is none.
   * @param {number} t @param {1 | -1} step
   */
  next(t, step) {
    const last = this.partOf(this.end);
    for (let part = this.partOf(t) + step; part >= 0 && (step < 0 || part <= last); part += step) {
      if (!this.#isSilent(part)) return part * this.width;
    }
    return step > 0 ? this.end : 0;
  }

  /** The first row of a lane in a time's part or after it; -1 where there is none. @param {"console" | "wire"} lane @param {number} t */
  rowAt(lane, t) {
    const found = this.firsts[lane].subarray(this.partOf(t)).find((number) => number >= 0);
    return found ?? -1;
  }

  /**
   * The map's shapes as paths of SVG: a part is 1 wide.
   * @param {number[]} found times to mark
   */
  paths(found) {
    const largest = Math.log2(1 + Math.max(...this.sent, ...this.received));
    const bar = (/** @type {number} */ bytes) => Math.round(10 * (1 + (middle - 2) * (Math.log2(1 + bytes) / largest))) / 10;
    const paths = { sent: "", received: "", silence: "", remarks: "", found: "" };
    const last = this.partOf(this.end);
    for (let part = this.partOf(this.unknown); part <= last; part++) {
      if (this.sent[part]) paths.sent += `M${part} ${middle}v${-bar(this.sent[part])}h1v${bar(this.sent[part])}z`;
      if (this.received[part]) paths.received += `M${part} ${middle}v${bar(this.received[part])}h1v${-bar(this.received[part])}z`;
      if (this.remarks[part]) paths.remarks += `M${part + 0.5} 0v${height}`;
      if (this.#isSilent(part)) paths.silence += `M${part} ${middle}h1`;
    }
    for (const part of new Set(found.map((t) => this.partOf(t)))) paths.found += `M${part + 0.5} ${height - 5}v5`;
    return paths;
  }
}
