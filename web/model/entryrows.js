// Entries become rows: which rows of which lane an entry makes, one after the
// other. It keeps none of them (rowlog.js does), and does not know how wide a lane
// is (rowlayout.js does).
//
// The console shows the client's side: what was typed and what the line mode
// made of the answer. The wire shows the server's side, byte for byte. An entry
// of one side stands in one lane, unless that side is passed through: then the
// other side's copy is left out of the entries, and the row stands in both.

import { Aligner } from "./align.js";
import { count } from "./format.js";

// What one row shows at most, in bytes. The rest of a payload is only counted.
const maxShown = 64 * 1024;

// A control character may end a line, which is worth so many characters.
const controlCost = 20;

const encoder = new TextEncoder();

/**
 * A reader of one session's entries. read(entry) returns { console, wire },
 * each a row or undefined, and as instead the id of the row whose place the
 * console's takes. A row:
 *
 *     kind   "sent", "received", "note" or "remark"
 *     text   words or a text message, or undefined
 *     bytes  a Uint8Array, or undefined; what it holds is the beginning
 *     more   what is not shown, in words, or ""
 *     total  length of the payload in bytes, where it has bytes
 *     t, n   time in seconds, number of the event
 *     size   what it costs to keep and show, in characters
 *     stream, from, to   where its bytes stand on the wire, as far as that is known
 *
 * @typedef {import("../types").Entry} Entry
 * @typedef {import("../types").Row} Row
 */
export class EntryReader {
  #passed = { client: false, server: false };
  #finished = false; // the stream to the server has been ended
  #part = 0; // id of the console's row of a message that is not whole yet; 0: none
  #align = new Aligner();
  #rows = 0;

  /** @param {Entry} entry @returns {{ console?: Row, wire?: Row, instead?: number }} */
  read(entry) {
    const rows = this.#read(entry);
    if (rows.console) rows.console.id = ++this.#rows;
    if (rows.console && entry.dir === "<<" && ["text", "part"].includes(entry.kind)) {
      rows.instead = this.#part || undefined;
      this.#part = rows.console.part ? rows.console.id : 0;
    }
    if (rows.wire) rows.wire.id = ++this.#rows;
    return rows;
  }

  /** @param {Entry} entry @returns {{ console?: Row, wire?: Row, instead?: number }} */
  #read(entry) {
    switch (entry.dir) {
      case ">>":
        return this.#event(entry);
      case "<<":
        return this.#action(entry);
      case "--":
        return { console: words(entry, "remark", entry.text) };
    }
    return {}; // a later version's entry, such as hello
  }

  /** @param {Entry} entry @returns {{ console?: Row, wire?: Row }} */
  #event(entry) {
    switch (entry.kind) {
      case "raw": {
        const { row, all } = raw(entry, "sent");
        this.#align.sent(row, all);
        const copy = { ...row };
        this.#align.same(copy, row);
        return { console: copy, wire: row };
      }
      case "quiet":
        return {}; // what the line mode makes of it says more
      case "text":
      case "part":
      case "binary": {
        const said = message(entry, "sent");
        this.#align.said(said.row, said.all);
        if (!this.#passed.client) return { console: said.row };
        const { row, all } = raw(entry, "sent");
        this.#align.sent(row, all);
        this.#align.same(said.row, row);
        return { console: said.row, wire: row };
      }
      case "bytes": {
        const { row, all } = raw(entry, "received");
        this.#align.received(row, all);
        if (!this.#passed.server) return { wire: row };
        const copy = { ...row };
        this.#align.same(copy, row);
        return { console: copy, wire: row };
      }
      case "eof":
        // Unless the line mode does it itself, the workbench ends the stream to
        // the server after this, which is no entry of its own.
        if (entry.side === "client") return { console: words(entry, "remark", "You ended your input."), wire: this.#finish(entry) };
        return {
          console: words(entry, "remark", "The server closed its side."),
          wire: words(entry, "remark", "End of the server's stream (FIN)"),
        };
      case "closed":
        return { console: words(entry, "remark", "You closed the session.") };
      case "failed":
        return {
          console: words(entry, "remark", "The connection to the server broke: " + entry.text),
          wire: words(entry, "remark", "Broken: " + entry.text),
        };
      case "timer":
        return { console: words(entry, "remark", `Timer ${entry.name} fired.`) };
    }
    return {};
  }

  /** @param {Entry} entry @returns {{ console?: Row, wire?: Row }} */
  #action(entry) {
    switch (entry.kind) {
      case "text":
      case "binary": {
        const { row, all } = message(entry, "received");
        this.#align.shown(row, all);
        return { console: row };
      }
      case "part":
        return { console: { ...message(entry, "received").row, part: true } };
      case "bytes": {
        const { row, all } = raw(entry, "sent");
        this.#align.sent(row, all);
        return { wire: row };
      }
      case "eof":
        return { wire: this.#finish(entry) };
      case "timer":
        return { console: words(entry, "remark", timerWords(entry)) };
      case "close":
        return { console: words(entry, "remark", "The line mode ends the session: " + entry.text) };
      case "note":
        return { console: words(entry, "note", entry.text) };
      case "failed":
        return { console: words(entry, "remark", "The line mode failed: " + entry.text) };
      case "pass-through":
        if (entry.side) this.#passed[entry.side] = true;
        return { console: words(entry, "remark", `The ${entry.side}'s bytes pass through unchanged from here on.`) };
    }
    return {};
  }

  /** @param {Entry} entry */
  #finish(entry) {
    if (this.#finished) return undefined;
    this.#finished = true;
    return words(entry, "remark", "End of the stream to the server (FIN)");
  }
}

/** @param {Entry} entry */
function timerWords({ name, after }) {
  if (!after || after === "off") return `Timer ${name} is off.`;
  return `Timer ${name} is set: ${after}${typeof after === "number" ? " s" : ""}.`;
}

/** @param {Entry} entry @param {import("../types").Kind} kind @param {string} [text] @returns {Row} */
function words(entry, kind, text = "") {
  const size = cost(text.length, (i) => text.charCodeAt(i));
  return { id: 0, kind, text, more: "", t: entry.t, n: entry.n, size, stream: undefined, from: -1, to: -1 };
}

// A text message keeps its characters; a binary one is bytes.
/** @param {Entry} entry @param {import("../types").Kind} kind @returns {{ row: Row, all: string | Uint8Array }} */
function message(entry, kind) {
  if (entry.kind === "binary" || entry.text === undefined) return raw(entry, kind);
  const text = entry.text.slice(0, maxShown);
  const rest = entry.text.length - text.length;
  return { row: { ...words(entry, kind, text), more: rest ? `… ${count(rest, "more character")}` : "" }, all: entry.text };
}

/** @param {Entry} entry @param {import("../types").Kind} kind @returns {{ row: Row, all: Uint8Array }} */
function raw(entry, kind) {
  const all = payload(entry);
  const bytes = all.length > maxShown ? all.slice(0, maxShown) : all;
  const rest = all.length - bytes.length;
  const row = words(entry, kind);
  delete row.text;
  return {
    row: { ...row, bytes, total: all.length, more: rest ? `… ${count(rest, "more byte")}` : "", size: cost(bytes.length, (i) => bytes[i]) },
    all,
  };
}

// What a row costs beside its characters.
const rowCost = 64;

/** @param {number} length @param {(i: number) => number} codeAt */
function cost(length, codeAt) {
  let total = length + rowCost;
  for (let i = 0; i < length; i++) {
    const code = codeAt(i);
    if (code < 0x20 || code === 0x7f) total += controlCost;
  }
  return total;
}

/** An entry's payload as bytes. @param {Entry} entry */
export function payload({ text, b64 }) {
  if (b64 === undefined) return encoder.encode(text ?? "");
  return Uint8Array.from(atob(b64), (char) => char.charCodeAt(0));
}
