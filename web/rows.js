// From a transcript's entries to the rows of the two lanes.
//
// The console shows the client's side: what was typed and what the line mode
// made of the answer. The wire shows the server's side, byte for byte. An entry
// of one side stands in one lane, unless that side is passed through: then the
// other side's copy is left out of the entries, and the row stands in both.

import { count } from "./format.js";

// What one row shows at most. The rest of a payload is only counted.
const maxShown = 16 * 1024;

// A control character costs an element on the page, which is worth so many
// characters of plain text.
const controlCost = 20;

const encoder = new TextEncoder();

/**
 * A reader of one session's entries. read(entry) returns { console, wire },
 * each a row or undefined. A row:
 *
 *     kind   "sent", "received", "note" or "remark"
 *     text   words or a text message, or undefined
 *     bytes  a Uint8Array, or undefined; what it holds is the beginning
 *     more   what is not shown, in words, or ""
 *     total  length of the payload in bytes, where it has bytes
 *     t, n   time in seconds, number of the event
 *     size   what it costs to keep and show, in characters
 */
export class EntryReader {
  #passed = { client: false, server: false };
  #finished = false; // the stream to the server has been ended

  read(entry) {
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

  #event(entry) {
    switch (entry.kind) {
      case "text":
      case "binary":
        return {
          console: message(entry, "sent"),
          wire: this.#passed.client ? raw(entry, "sent") : undefined,
        };
      case "bytes":
        return {
          console: this.#passed.server ? raw(entry, "received") : undefined,
          wire: raw(entry, "received"),
        };
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

  #action(entry) {
    switch (entry.kind) {
      case "text":
      case "binary":
        return { console: message(entry, "received") };
      case "bytes":
        return { wire: raw(entry, "sent") };
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
        this.#passed[entry.side] = true;
        return { console: words(entry, "remark", `The ${entry.side}'s bytes pass through unchanged from here on.`) };
    }
    return {};
  }

  #finish(entry) {
    if (this.#finished) return undefined;
    this.#finished = true;
    return words(entry, "remark", "End of the stream to the server (FIN)");
  }
}

function timerWords({ name, after }) {
  if (!after || after === "off") return `Timer ${name} is off.`;
  return `Timer ${name} is set: ${after}${typeof after === "number" ? " s" : ""}.`;
}

function words(entry, kind, text = "") {
  return { kind, text, more: "", t: entry.t, n: entry.n, size: cost(text.length, (i) => text.charCodeAt(i)) };
}

// A text message keeps its characters; a binary one is bytes.
function message(entry, kind) {
  if (entry.kind === "binary" || entry.text === undefined) return raw(entry, kind);
  const text = entry.text.slice(0, maxShown);
  const rest = entry.text.length - text.length;
  return { ...words(entry, kind, text), more: rest ? `… ${count(rest, "more character")}` : "" };
}

function raw(entry, kind) {
  const { bytes, total } = payload(entry);
  const rest = total - bytes.length;
  return {
    kind,
    bytes,
    total,
    more: rest ? `… ${count(rest, "more byte")}` : "",
    t: entry.t,
    n: entry.n,
    size: cost(bytes.length, (i) => bytes[i]),
  };
}

function cost(length, codeAt) {
  let total = length;
  for (let i = 0; i < length; i++) {
    const code = codeAt(i);
    if (code < 0x20 || code === 0x7f) total += controlCost;
  }
  return total;
}

/** The first bytes of an entry's payload, and how many there are in all. */
function payload({ text, b64 }) {
  if (b64 === undefined) {
    const all = encoder.encode(text ?? "");
    return { bytes: all.slice(0, maxShown), total: all.length };
  }
  const padding = b64.endsWith("==") ? 2 : b64.endsWith("=") ? 1 : 0;
  const total = (b64.length / 4) * 3 - padding;
  const shown = atob(b64.slice(0, Math.ceil(maxShown / 3) * 4));
  const bytes = Uint8Array.from(shown.slice(0, maxShown), (char) => char.charCodeAt(0));
  return { bytes, total };
}
