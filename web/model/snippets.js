// Lines that are kept to be used again, with placeholders as in `USER {name}`. {{
// is a brace that begins no placeholder. What does not look like one, as the
// braces of JSON, is text as it stands.

import { keep, readKept } from "./kept.js";

export const maxSnippets = 100;
export const maxBytes = 4096; // of a snippet, and of a value
const maxName = 60; // characters
const maxValues = 100;

const marks = /\{\{|\{([\p{L}\p{N}_](?:[\p{L}\p{N}_ .-]{0,38}[\p{L}\p{N}_.-])?)\}/gu;

/** @typedef {{ name: string, text: string }} Snippet name may be empty */

/** The names of the placeholders in a text, in their order, each once. @param {string} text */
export function placeholders(text) {
  return [...new Set([...text.matchAll(marks)].flatMap(([, name]) => name ?? []))];
}

/** The text with a value in each placeholder's place; without one, nothing. @param {string} text @param {Map<string, string>} values */
export function fill(text, values) {
  return text.replace(marks, (_, name) => (name === undefined ? "{" : (values.get(name) ?? "")));
}

// What a placeholder of such a name was filled with is not kept.
const secretName = /pass|secret|token|key/i;

export class Snippets {
  #storage;
  /** @type {Snippet[]} */
  list = [];
  /** @type {Map<string, string>} the last values of placeholders, by name */
  values = new Map();

  /** @param {import("./kept.js").Storage} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#load();
  }

  /** Keeps a text, and returns what is wrong with it, or "". @param {string} text */
  add(text) {
    if (text.trim() === "") return "There is nothing to keep.";
    if (tooLong(text)) return "A snippet has at most 4 KiB.";
    if (this.list.some((one) => one.text === text)) return "That is kept already.";
    if (this.list.length >= maxSnippets) return `There are ${maxSnippets} snippets: remove one first.`;
    this.list = [...this.list, { name: "", text }];
    this.#save();
    return "";
  }

  /** Gives the snippet of that text a name; "" takes it away. @param {string} text @param {string} name */
  rename(text, name) {
    this.list = this.list.map((one) => (one.text === text ? { name: shortName(name), text } : one));
    this.#save();
  }

  /** @param {string} text */
  remove(text) {
    this.list = this.list.filter((one) => one.text !== text);
    this.#save();
  }

  /** Remembers what was filled in, the newest last, but no secret. @param {Map<string, string>} values */
  remember(values) {
    for (const [name, value] of values) {
      this.values.delete(name);
      if (!tooLong(value) && !secretName.test(name)) this.values.set(name, value);
    }
    this.values = new Map([...this.values].slice(-maxValues));
    this.#save();
  }

  #load() {
    const { list = [], values = [] } = readKept(this.#storage, "snippets") ?? {};
    for (const { name, text } of list) {
      if (text.trim() === "" || tooLong(text) || this.list.some((one) => one.text === text)) continue;
      this.list.push({ name: shortName(name), text });
    }
    this.list = this.list.slice(0, maxSnippets);
    this.values = new Map(values.filter(([, value]) => !tooLong(value)).slice(-maxValues));
  }

  #save() {
    keep(this.#storage, "snippets", { list: this.list, values: [...this.values] });
  }
}

/** @param {string} text */
function tooLong(text) {
  return new TextEncoder().encode(text).length > maxBytes;
}

/** @param {string} name */
function shortName(name) {
  return name.trim().slice(0, maxName);
}
