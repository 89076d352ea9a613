// What was sent, walked with ↑ and ↓ as in a shell. Kept in the browser's
// storage where there is one; a browser that forbids it only forgets sooner.

const maxLines = 200;

export class History {
  #storage;
  #key;
  /** @type {string[]} */
  #lines;
  #at; // index of the line shown; #lines.length is the draft
  #draft = "";

  /**
   * @param {{ getItem(key: string): string | null, setItem(key: string, value: string): void } | null} storage null for none
   * @param {string} key
   */
  constructor(storage, key) {
    this.#storage = storage;
    this.#key = key;
    this.#lines = this.#load();
    this.#at = this.#lines.length;
  }

  /** Remembers a line and goes back to an empty draft. Empty lines and repeats are not kept. @param {string} line */
  add(line) {
    if (line !== "" && line !== this.#lines.at(-1)) {
      this.#lines = [...this.#lines, line].slice(-maxLines);
      this.#save();
    }
    this.#at = this.#lines.length;
    this.#draft = "";
  }

  /** The line before; `current` is what stands in the field. At the oldest it stays. @param {string} current */
  older(current) {
    if (this.#at === this.#lines.length) this.#draft = current;
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
    return [...new Set(this.#lines.toReversed())].filter((line) => line.toLowerCase().includes(lower));
  }

  #load() {
    try {
      const lines = JSON.parse(this.#storage?.getItem(this.#key) ?? "[]");
      return lines.filter((/** @type {unknown} */ line) => typeof line === "string").slice(-maxLines);
    } catch {
      return []; // nothing kept, no storage, or someone else's data
    }
  }

  #save() {
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(this.#lines));
    } catch {
      // Storage is full or forbidden: the history lives as long as the page.
    }
  }
}

/** The browser's storage, or null where even asking for it is forbidden. */
export function browserStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
