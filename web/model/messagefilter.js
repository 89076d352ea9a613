// Which messages show: a small language over their summaries and fields. Pure.
//
//     error                      the summary has this word, or a field has this name
//     resp.type = error          a field of this name has this value
//     resp.type != error         it has such fields, and none of this value
//     http.code ~ ^4             the regular expression finds something in its value
//     "two words"                the summary has this text
//
// Terms stand one after the other, and all must hold. A value with blanks stands in
// quotes, in which \" and \\ are a quote and a backslash. As in the page's other fields,
// case matters in words and regular expressions only if they have a capital letter.

import { patternOf } from "./search.js";
import { saidOf } from "./messages.js";

/** @typedef {import("../types").MessageRow} MessageRow */
/** @typedef {import("../types").Field} Field */
/** @typedef {{ name: string, is: "=" | "!=" | "~" | "", value: string, pattern: RegExp | null }} Term
 *   is: "" of a word, which name has if it may name a field, and value always */

const nameForm = /^[A-Za-z][A-Za-z0-9._-]{0,63}/;
const atOnce = 2000; // values that are matched at once

/**
 * The terms of a filter, or what is wrong with it, in words.
 * @param {string} text @returns {{ terms: Term[], problem: string }}
 */
export function termsOf(text) {
  /** @type {Term[]} */
  const terms = [];
  let rest = text.trimStart();
  const fail = (/** @type {string} */ problem) => ({ terms: [], problem });
  while (rest) {
    const name = nameForm.exec(rest)?.[0] ?? "";
    const is = /** @type {Term["is"]} */ (/^\s*(!=|=|~)/.exec(name ? rest.slice(name.length) : "")?.[1] ?? "");
    if (is) rest = rest.slice(name.length).trimStart().slice(is.length).trimStart();
    const isQuoted = rest.startsWith('"');
    const found = isQuoted ? /^"((?:[^"\\]|\\.)*)"/.exec(rest) : /^\S+/.exec(rest);
    if (!found && isQuoted) return fail(`A quote is missing after ${rest.slice(0, 20)}.`);
    if (!found) return fail(`After ${name} ${is} comes a value, as in ${name} ${is} ${is === "~" ? "^4" : "error"}. The empty value is "".`);
    if (/^(!=|=|~)/.test(found[0]) && !is) return fail(`Before ${found[0].startsWith("!") ? "!=" : found[0][0]} comes the name of a field, as in resp.type = error. To find the sign, put it in quotes.`);
    rest = rest.slice(found[0].length);
    if (isQuoted && rest && !/^\s/.test(rest)) return fail(`After the quoted ${found[0].slice(0, 20)} comes a blank.`);
    rest = rest.trimStart();
    const value = isQuoted ? found[1].replace(/\\(.)/g, "$1") : found[0];
    const isWord = !is && !isQuoted;
    const { pattern, error } = is === "=" || is === "!=" ? { pattern: null, error: "" } : patternOf(value, is === "~");
    if (error) return fail(`${name} ~ ${value}: ${error}`);
    const whole = isWord && nameForm.exec(value)?.[0] === value;
    terms.push({ name: is ? name : whole ? value : "", is, value, pattern: pattern && new RegExp(pattern.source, pattern.flags.replace("g", "")) });
  }
  return { terms, problem: "" };
}

/** Whether there is a field of a name, and of that value if one is given, those within others too. @param {Field[] | undefined} fields @param {string} name @param {string} [value] @returns {boolean} */
function has(fields, name, value) {
  for (const field of fields ?? []) {
    if (field.name === name && (value === undefined || saidOf(field.value, field.valueB64) === value)) return true;
    if (field.fields && has(field.fields, name, value)) return true;
  }
  return false;
}

/** The values of the fields of a name, those within others too. @param {Field[] | undefined} fields @param {string} name @param {string[]} [values] which they are added to */
function valuesOf(fields, name, values = []) {
  for (const field of fields ?? []) {
    if (field.name === name) values.push(saidOf(field.value, field.valueB64));
    if (field.fields) valuesOf(field.fields, name, values);
  }
  return values;
}

/** @typedef {{ text: string, flow: string, wrong: boolean }} Wanted flow: "" for any; wrong: only messages with something wrong */

export class MessageFilter {
  /** What is wrong with it in words, or "". Nothing is left out then. */
  problem;
  /** Whether all messages show. */
  isOpen;

  #terms;
  #wanted;
  /** Of a filter with regular expressions: what is known. @type {WeakMap<MessageRow, boolean>} */
  #known = new WeakMap();
  #isSlow;

  /** @param {Wanted} wanted */
  constructor(wanted) {
    const { terms, problem } = termsOf(wanted.text);
    this.#terms = terms;
    this.problem = problem;
    this.#wanted = wanted;
    this.isOpen = !terms.length && !wanted.flow && !wanted.wrong;
    this.#isSlow = terms.some(({ is }) => is === "~");
  }

  /** Whether a message shows; undefined until it was looked through, where that may take long. @param {MessageRow} row */
  passes(row) {
    const { flow, wrong } = this.#wanted;
    if ((flow && row.message.flow !== flow) || (wrong && !row.wrong)) return false;
    if (!this.#terms.length) return true;
    if (this.#isSlow && !this.problem) return this.#known.get(row);
    return this.#holds(row, () => true);
  }

  /** @param {MessageRow} row @param {(term: Term, values: string[]) => boolean} finds for regular expressions */
  #holds({ message }, finds) {
    return this.#terms.every((term) => {
      const { name, is, value, pattern } = term;
      if (is === "=") return has(message.fields, name, value);
      if (is === "!=") return has(message.fields, name) && !has(message.fields, name, value);
      if (is === "~") return finds(term, valuesOf(message.fields, name));
      return (name !== "" && has(message.fields, name)) || (pattern?.test(saidOf(message.summary, message.summaryB64)) ?? true);
    });
  }

  /** Whether messages wait to be looked through by a regular expression. */
  get reads() {
    return this.#isSlow && !this.problem;
  }

  /**
   * Looks through messages with the regular expressions, which a worker matches: they may
   * take for ever, and then it says so and leaves nothing out.
   * @param {MessageRow[]} rows @param {typeof import("./regexps.js").placesInAll} placesInAll
   */
  async read(rows, placesInAll) {
    try {
      /** @type {Map<Term, Set<string>>} which values each of them finds something in */
      const found = new Map();
      for (const term of this.#terms.filter(({ is }) => is === "~")) {
        /** @type {Set<string>} */
        const values = new Set();
        for (const { message } of rows) {
          for (const value of valuesOf(message.fields, term.name)) values.add(value);
        }
        /** @type {Set<string>} */
        const fits = new Set();
        const pattern = /** @type {RegExp} */ (term.pattern);
        if (values.delete("") && pattern.test("")) fits.add("");
        const anywhere = new RegExp(`^[^]*?(?:${pattern.source})[^]*`, pattern.flags + "g"); // a match of nothing is a match
        const all = [...values];
        for (let at = 0; at < all.length; at += atOnce) {
          const some = all.slice(at, at + atOnce);
          const places = await placesInAll(some.map((text) => ({ text })), anywhere);
          places.forEach((list, i) => list.length && fits.add(some[i]));
        }
        found.set(term, fits);
      }
      for (const row of rows) this.#known.set(row, this.#holds(row, (term, list) => list.some((value) => found.get(term)?.has(value))));
    } catch (error) {
      this.problem = /** @type {Error} */ (error).message;
    }
  }
}
