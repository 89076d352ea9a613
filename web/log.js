// A lane's rows, bounded, and published to the page a frame at a time.
//
// Rows are kept in blocks. A block that is full never changes again, so the
// page compares only the newest one, however long the lane is; the oldest
// leaves as a whole.

import { signal } from "./vendor/signals-core.js";

const rowsInBlock = 100;
const sizeOfBlock = 64 * 1024;

let blockIds = 0;

export class Log {
  /** Signal: the blocks to show, oldest first: { id, rows, length (a signal) }. */
  blocks = signal([]);
  /** Signal: how many rows have left. */
  dropped = signal(0);

  #blocks = [];
  #rows = 0;
  #size = 0;
  #dropped = 0;
  #maxRows;
  #maxSize;

  /** At least the newest maxRows rows stay, as long as they fit in maxSize characters. */
  constructor({ maxRows = 5000, maxSize = 1024 * 1024 } = {}) {
    this.#maxRows = maxRows;
    this.#maxSize = maxSize;
  }

  /** Takes a row; row.size is its length in characters. Shown at the next publish. */
  append(row) {
    let last = this.#blocks.at(-1);
    if (!last || last.rows.length === rowsInBlock || last.size > sizeOfBlock) {
      last = { id: ++blockIds, rows: [], size: 0, length: signal(0) };
      this.#blocks.push(last);
    }
    last.rows.push(row);
    last.size += row.size;
    this.#rows++;
    this.#size += row.size;
    this.#dropOld();
  }

  /** Shows what was appended since the last call. */
  publish() {
    for (const block of this.#blocks) block.length.value = block.rows.length;
    const shown = this.blocks.value;
    if (shown[0] !== this.#blocks[0] || shown.at(-1) !== this.#blocks.at(-1)) {
      this.blocks.value = [...this.#blocks];
    }
    this.dropped.value = this.#dropped;
  }

  clear() {
    this.#blocks = [];
    this.#rows = this.#size = this.#dropped = 0;
    this.publish();
  }

  #dropOld() {
    while (this.#blocks.length > 1) {
      const oldest = this.#blocks[0];
      if (this.#rows - oldest.rows.length < this.#maxRows && this.#size <= this.#maxSize) return;
      this.#blocks.shift();
      this.#rows -= oldest.rows.length;
      this.#size -= oldest.size;
      this.#dropped += oldest.rows.length;
    }
  }
}
