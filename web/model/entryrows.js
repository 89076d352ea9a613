// Entries become rows: which rows of which lane an entry makes, one after the
// other. It keeps none of them (rowlog.js does), and does not know how wide a lane
// is (rowlayout.js does).
//
// The console shows the client's side: what was typed and what the line mode
// made of the answer. The wire shows the server's side, byte for byte. An entry
// of one side stands in one lane, unless that side is passed through: then the
// other side's copy is left out of the entries, and the row stands in both.

import { Aligner } from "./align.js";
import { kindOf, kinds, payload, wordsFor } from "./kinds.js";

// A line feed ends a line, which is worth so many characters.
const lineCost = 20;

/**
 * A reader of one session's entries. read(entry) returns { console, wire },
 * each a row or undefined, and as instead the id of the row whose place the
 * console's takes. A row:
 *
 *     kind   "sent", "received", "note" or "remark"
 *     text   words or a text message, or undefined
 *     bytes  a Uint8Array, or undefined
 *     t, n   time in seconds, number of the event
 *     size   what it costs to keep and show, in characters
 *     stream, from, to   where its bytes stand on the wire, as far as that is known
 *     begin  where they begin in what the client sent or was shown, in the console
 *
 * @typedef {import("../types").Entry} Entry
 * @typedef {import("../types").Row} Row
 * @typedef {import("./kinds.js").Kind} Kind
 */
export class EntryReader {
  /** What went each way so far: messages of the client's side, and bytes on the wire. */
  counts = { sent: { messages: 0, bytes: 0 }, received: { messages: 0, bytes: 0 } };

  #passed = { client: false, server: false };
  #finished = false; // the stream to the server has been ended
  #part = 0; // id of the console's row of a message that is not whole yet; 0: none
  #align = new Aligner();
  #client = { sent: 0, received: 0 }; // bytes of the client's side so far
  #rows = 0;

  /** @param {ReturnType<EntryReader["cut"]>} [state] to go on from */
  constructor(state) {
    if (!state) return;
    this.#passed = { ...state.passed };
    this.#finished = state.finished;
    this.#client = { ...state.client };
    this.#rows = state.rows;
    this.#align.goOn(state.align);
  }

  /** Bytes from the server that no message has claimed; and whether there is a message that is not whole yet. */
  get waiting() {
    return this.#align.waiting;
  }

  get open() {
    return this.#part !== 0;
  }

  /** Takes a message that is not whole for one that is, and returns what another reader goes on from as this one does. */
  cut() {
    this.#part = 0;
    return { passed: { ...this.#passed }, finished: this.#finished, client: { ...this.#client }, rows: this.#rows, align: this.#align.cut() };
  }

  /** @param {Entry} entry @returns {{ console?: Row, wire?: Row, instead?: number }} */
  read(entry) {
    const kind = kindOf(entry);
    /** @type {{ console?: Row, wire?: Row, instead?: number }} */
    const rows = entry.dir === "--" ? { console: words(entry, "remark", entry.text) } : kind ? this.#read(entry, kind) : {};
    if (rows.console) rows.console.id = ++this.#rows;
    if (rows.console && entry.dir === "<<" && kind?.text) {
      rows.instead = this.#part || undefined;
      this.#part = rows.console.part ? rows.console.id : 0;
    }
    if (rows.wire) rows.wire.id = ++this.#rows;
    if (rows.console && kind?.flow) this.#count(rows.console);
    for (const way of /** @type {const} */ (["sent", "received"])) {
      if (rows.console?.kind === way && !rows.console.part) this.counts[way].messages++;
      if (rows.wire?.kind === way) this.counts[way].bytes += rows.wire.bytes?.length ?? 0;
    }
    return rows;
  }

  /** @param {Entry} entry @param {Kind} kind @returns {{ console?: Row, wire?: Row }} */
  #read(entry, kind) {
    if (kind.flow) return this.#flow(entry, kind.flow, kind.text);
    if (kind === kinds.PassThrough && entry.side) this.#passed[entry.side] = true;
    if (kind === kinds.ClientUnseen || kind === kinds.ServerUnseen) this.#unseen(kind === kinds.ClientUnseen ? "client" : "server", entry.length ?? 0);
    /** @type {{ console?: Row, wire?: Row }} */
    const rows = {};
    const text = kind.console && wordsFor(kind.console, entry);
    if (kind.hasLane && text) rows.console = words({ ...entry, level: "warning" }, "note", text);
    else if (kind.console && !kind.hasLane) rows.console = words(entry, kind.isNote ? "note" : "remark", text);
    if (kind.wire) rows.wire = words(entry, "remark", wordsFor(kind.wire, entry));
    if (kind.finishes) rows.wire = this.#finish(entry);
    return rows;
  }

  /** @param {Entry} entry @param {import("./kinds.js").Flow} flow @param {boolean} [isText] @returns {{ console?: Row, wire?: Row }} */
  #flow(entry, flow, isText) {
    switch (flow) {
      case "said": {
        const said = message(entry, "sent", isText);
        this.#align.said(said.row, said.all);
        if (!this.#passed.client) return { console: said.row };
        const { row, all } = raw(entry, "sent");
        this.#align.sent(row, all);
        this.#align.same(said.row, row);
        return { console: said.row, wire: row };
      }
      case "ordered": {
        const { row, all } = message(entry, "sent", isText);
        this.#align.said(row, all);
        return { console: row };
      }
      case "raw": {
        const { row, all } = raw(entry, "sent");
        this.#align.sent(row, all);
        return { console: this.#copy(row), wire: row };
      }
      case "heard": {
        const { row, all } = raw(entry, "received");
        this.#align.received(row, all);
        return this.#passed.server ? { console: this.#copy(row), wire: row } : { wire: row };
      }
      case "shown": {
        const { row, all } = message(entry, "received", isText);
        this.#align.shown(row, all);
        return { console: row };
      }
      case "unfinished":
        return { console: { ...message(entry, "received", isText).row, part: true } };
      case "sent": {
        const { row, all } = raw(entry, "sent");
        this.#align.sent(row, all);
        return { wire: row };
      }
    }
  }

  // A flow of the client's side counts what was said and shown, as the line modes'
  // messages do.
  /** @param {Row} row of the console */
  #count(row) {
    const way = row.kind === "sent" ? "sent" : "received";
    row.begin = this.#client[way];
    this.#client[way] += row.bytes?.length ?? utf8Length(row.text ?? "");
  }

  /** @param {"client" | "server"} side @param {number} length in bytes */
  #unseen(side, length) {
    if (side === "server" || this.#passed.client) this.#align.unseen(side === "server" ? "down" : "up", length);
    if (side === "client") this.#client.sent += length;
    else if (this.#passed.server) this.#client.received += length;
  }

  /** The row that stands in the other lane as well. @param {Row} row */
  #copy(row) {
    const copy = { ...row };
    this.#align.same(copy, row);
    return copy;
  }

  /** @param {Entry} entry */
  #finish(entry) {
    if (this.#finished) return undefined;
    this.#finished = true;
    return words(entry, "remark", "End of the stream to the server (FIN)");
  }
}

/** @param {Entry} entry @param {import("../types").Way} kind @param {string} [text] @returns {Row} */
function words(entry, kind, text = "") {
  const size = cost(text.length, (i) => text.charCodeAt(i));
  return { id: 0, kind, text, t: entry.t, n: entry.n, size, stream: undefined, from: -1, to: -1, ...(entry.level && { level: entry.level }) };
}

// A text message keeps its characters; a binary one is bytes.
/** @param {Entry} entry @param {import("../types").Way} kind @param {boolean} [isText] @returns {{ row: Row, all: string | Uint8Array }} */
function message(entry, kind, isText) {
  if (!isText || entry.text === undefined) return raw(entry, kind);
  return { row: words(entry, kind, entry.text), all: entry.text };
}

/** @param {Entry} entry @param {import("../types").Way} kind @returns {{ row: Row, all: Uint8Array }} */
function raw(entry, kind) {
  const bytes = payload(entry);
  const { text, ...row } = words(entry, kind);
  return { row: { ...row, bytes, size: sizeOf(bytes) }, all: bytes };
}

// The bytes that a text is as UTF-8.
/** @param {string} text */
function utf8Length(text) {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code < 0x800) length++;
    else if (code >= 0xd800 && code < 0xdc00 && text.charCodeAt(i + 1) >> 10 === 0x37) (length += 2), i++;
    else length += 2;
  }
  return length;
}

/** What a row costs beside its characters. */
export const rowCost = 64;

/** What a row of bytes costs to keep and to show, in characters. @param {Uint8Array} bytes */
export function sizeOf(bytes) {
  return cost(bytes.length, (i) => bytes[i]);
}

/** @param {number} length @param {(i: number) => number} codeAt */
function cost(length, codeAt) {
  let total = length + rowCost;
  for (let i = 0; i < length; i++) if (codeAt(i) === 0x0a) total += lineCost;
  return total;
}
