// One direction of the wire as one stream: a log like that of the rows, whose rows
// are its lines rather than what came at once. Pure.

import { sizeOf } from "./entryrows.js";
import { RowLog } from "./rowlog.js";

/** @typedef {import("../types").Row} Row */

// A stretch without a line feed is cut here. It is a multiple of the bytes that
// may stand in a line, so that nothing of that is seen.
const longest = 16 * 1024;

export class StreamLog {
  /** @type {RowLog<Row>} */
  log = new RowLog();

  #wire;
  #kind;
  #next = 0; // number of the first row of the wire that was not taken yet
  /** @type {Row | null} what has no end yet: the log's last row, which is replaced */
  #open = null;
  /** Follows the wire no more. */
  stop;

  /** @param {RowLog<Row>} wire @param {"sent" | "received"} kind */
  constructor(wire, kind) {
    this.#wire = wire;
    this.#kind = kind;
    this.stop = wire.version.subscribe(() => this.#take());
  }

  #take() {
    const wire = this.#wire;
    if (wire.first === wire.end) { // cleared
      this.log.clear();
      this.#open = null;
    }
    /** @type {Row[]} */
    let rows = [];
    for (const row of wire.rows(this.#next)) {
      if (row.kind !== this.#kind || !row.bytes?.length) continue;
      const before = rows.at(-1) ?? this.#open;
      if (before && before.to !== row.from) { // some left the wire before they were taken
        this.#join(rows);
        this.#open = null;
        rows = [];
      }
      rows.push(row);
    }
    this.#next = wire.end;
    this.#join(rows);
    this.log.publish();
  }

  // Appends what rows make, after what is open.
  /** @param {Row[]} rows that adjoin */
  #join(rows) {
    if (rows.length === 0) return;
    const open = this.#open;
    const all = open ? [open, ...rows] : rows;
    const start = all[0].from;
    const bytes = new Uint8Array(all[all.length - 1].to - start);
    for (const row of all) bytes.set(/** @type {Uint8Array} */ (row.bytes), row.from - start);
    let source = 0; // the row that a block begins in
    for (let from = 0; from < bytes.length; ) {
      const end = endOf(bytes, from);
      while (all[source].to <= start + from) source++;
      const row = all[source];
      const isOpen = end === bytes.length && bytes[end - 1] !== 0x0a && end - from < longest;
      const block = bytes.subarray(from, end);
      const within = start + from - row.from;
      const made = {
        ...row, id: row.id + within / (row.to - row.from), bytes: block, part: isOpen, size: sizeOf(block),
        from: start + from, to: start + end, base: start + from,
      };
      if (open && from === 0) this.log.replace(this.log.next - 1, made);
      else this.log.append(made);
      this.#open = isOpen ? made : null;
      from = end;
    }
  }
}

// Where a block ends that begins at a byte: after the last line feed that fits.
/** @param {Uint8Array} bytes @param {number} from */
function endOf(bytes, from) {
  const most = Math.min(bytes.length, from + longest);
  const feed = bytes.lastIndexOf(0x0a, most - 1);
  return feed >= from ? feed + 1 : most;
}
