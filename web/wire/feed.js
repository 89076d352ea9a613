// A feed takes entries as they come and keeps what the lanes show: three logs, of
// the console's rows, of the wire's, and of the entries themselves. It publishes
// them to the page a frame at a time. A live session is one, and so is the
// playback of a recorded one; a feed does not know which it is.

import { signal } from "../vendor/signals-core.js";
import { EntryReader } from "../model/entryrows.js";
import { payload } from "../model/kinds.js";
import { RowLog } from "../model/rowlog.js";

// Milliseconds. After a frame that took longer than slowFrame comes a pause.
const slowFrame = 50;
const maxRest = 500;

const encodedSize = (/** @type {import("../types").Entry} */ entry) => 100 + (entry.text?.length ?? 0) + (entry.b64?.length ?? 0);

export class Feed {
  /** @type {RowLog<import("../types").Row>} */
  console = new RowLog();
  /** @type {RowLog<import("../types").Row>} */
  wire = new RowLog();
  /**
   * The entries themselves, for the ladder and for comparing; fewer than the rows.
   * @type {RowLog<import("../types").Entry & { size: number }>}
   */
  entries = new RowLog({ maxRows: 20_000, maxSize: 4 * 1024 * 1024 });
  /** When the session began, in milliseconds since 1970. */
  began = Date.now();
  /** Signal: bytes that the pointer is on, in either lane. @type {import("../vendor/signals-core.js").Signal<import("../types").Hover | null>} */
  hover = signal(null);

  #reader = new EntryReader();
  #part = { id: 0, number: 0 }; // the last row of a message that was not whole
  #scheduled = false;
  #rest = 0; // milliseconds until the next publish may be

  /** @param {import("../types").Entry[]} list */
  take(list) {
    for (const entry of list) {
      const rows = this.#reader.read(entry);
      for (const row of [rows.console, rows.wire]) {
        if (row) row.i = entry.i;
        if (row?.more) row.entry = this.entries.next;
      }
      if (rows.console && rows.instead === this.#part.id) this.console.replace(this.#part.number, rows.console);
      else if (rows.console) this.console.append(rows.console);
      if (rows.console?.part) this.#part = { id: rows.console.id, number: rows.instead === this.#part.id ? this.#part.number : this.console.next - 1 };
      if (rows.wire) this.wire.append(rows.wire);
      this.entries.append({ ...entry, size: encodedSize(entry) });
    }
    this.publishSoon();
  }

  /**
   * A row with all of its payload; as it is, when the entry that it comes from is gone.
   * @param {import("../types").Row} row @returns {import("../types").Row}
   */
  whole(row) {
    if (row.entry === undefined || row.entry < this.entries.first) return row;
    const entry = this.entries.row(row.entry);
    return { ...row, more: "", ...(row.bytes ? { bytes: payload(entry) } : { text: entry.text }) };
  }

  /** Removes the rows; later ones still show. */
  clear() {
    this.console.clear();
    this.wire.clear();
  }

  /** Forgets all that was taken. */
  restart() {
    this.clear();
    this.entries.clear();
    this.#reader = new EntryReader();
    this.hover.value = null;
  }

  // However fast entries come, the page changes once a frame. Where the browser
  // cannot draw that fast, it pauses for as long as drawing took, because taking in
  // entries goes first. A hidden page has no frames; its rows, which are bounded,
  // wait for a slow timer.
  publishSoon() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.hidden) setTimeout(() => this.#publish(), 250);
    else if (this.#rest > 0) setTimeout(() => this.#publish(), this.#rest);
    else requestAnimationFrame(() => this.#publish());
  }

  #publish() {
    const began = performance.now();
    this.#scheduled = false;
    this.console.publish();
    this.wire.publish();
    this.entries.publish();
    requestAnimationFrame(() => {
      const took = performance.now() - began;
      this.#rest = took > slowFrame ? Math.min(2 * took, maxRest) : 0;
    });
  }
}
