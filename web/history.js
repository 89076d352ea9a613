// What was sent, walked with ↑ and ↓ as in a shell. Kept in the browser's
// storage where there is one; a browser that forbids it only forgets sooner.

const maxLines = 200;

export class History {
  /** @type {KeptList<string>} */
  #kept;
  /** The lines that are walked: as they were at the draft. @type {string[]} */
  #lines = [];
  #at = 0; // index of the line shown; #lines.length is the draft
  #draft = "";

  /** @param {Storage} storage @param {string} key */
  constructor(storage, key) {
    this.#kept = new KeptList(storage, key, (list) => list.filter((line) => typeof line === "string").slice(-maxLines));
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
    return [...new Set(this.#kept.list.toReversed())].filter((line) => line.toLowerCase().includes(lower));
  }
}

/** @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void } | null} Storage null for none */

/**
 * A list that the browser remembers. The windows of the page share it: what one
 * of them changed is there in the others. Where there is no storage, or it is
 * full, the list lives as long as the page.
 * @template T
 */
export class KeptList {
  #storage;
  #key;
  #read;
  /** The list as it stands in the storage. @type {string | null} */
  #text = null;
  /** @type {T[]} */
  #list = [];

  /** @param {Storage} storage @param {string} key @param {(list: any[]) => T[]} read takes what is of use from what was kept */
  constructor(storage, key, read) {
    this.#storage = storage;
    this.#key = key;
    this.#read = read;
  }

  get list() {
    try {
      const text = this.#storage?.getItem(this.#key) ?? null;
      if (text !== null && text !== this.#text) {
        this.#text = text;
        this.#list = this.#read(JSON.parse(text));
      }
    } catch {
      // no storage, or someone else's data
    }
    return this.#list;
  }

  set list(list) {
    this.#list = list;
    try {
      const text = JSON.stringify(list);
      this.#storage?.setItem(this.#key, text);
      this.#text = text;
    } catch {
      // full, or forbidden
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
