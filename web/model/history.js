// The lines that were sent, walked with ↑ and ↓ as in a shell. They are kept in
// the browser's storage; where that is forbidden, they are forgotten with the page.

import { KeptList } from "./kept.js";

const maxLines = 200;

export class History {
  #kept;
  /** The lines that are walked: as they were at the draft. @type {string[]} */
  #lines = [];
  #at = 0; // index of the line shown; #lines.length is the draft
  #draft = "";

  /** @param {import("./kept.js").Storage} storage */
  constructor(storage) {
    this.#kept = new KeptList(storage, "history", (lines) => lines.slice(-maxLines));
  }

  /** Remembers a line and goes back to an empty draft. Empty lines and repeats are not kept. @param {string} line */
  add(line) {
    const before = this.#kept.list;
    if (line !== "" && line !== before.at(-1)) this.#kept.list = [...before, line].slice(-maxLines);
    this.#lines = [];
    this.#at = 0;
    this.#draft = "";
  }

  /** The line before; `current` is what stands in the field. At the oldest it stays. @param {string} current */
  older(current) {
    if (this.#at === this.#lines.length) {
      this.#draft = current;
      this.#lines = this.#kept.list;
      this.#at = this.#lines.length;
    }
    if (this.#at > 0) this.#at--;
    return this.#lines[this.#at] ?? current;
  }

  /** The line after; past the newest comes what was being typed. @param {string} current */
  newer(current) {
    if (this.#at === this.#lines.length) return current;
    this.#at++;
    return this.#lines[this.#at] ?? this.#draft;
  }

  /** The lines that hold a text, the newest first, each once. @param {string} text */
  search(text) {
    const lower = text.toLowerCase();
    return [...new Set([...this.#kept.list].reverse())].filter((line) => line.toLowerCase().includes(lower));
  }
}
