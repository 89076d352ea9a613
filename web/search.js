// Which rows a text or a pattern fits: to find them, and to leave others out. Pure.

import { hex, textOf } from "./format.js";

/**
 * A pattern from what the user typed: { pattern }, null for nothing typed, or
 * { error } in words. Case does not matter, unless there is a capital letter.
 * @param {string} text @param {boolean} isRegexp
 * @returns {{ pattern: RegExp | null, error?: string }}
 */
export function patternOf(text, isRegexp) {
  if (text === "") return { pattern: null };
  const flags = /[A-Z]/.test(text) ? "gu" : "giu";
  try {
    return { pattern: new RegExp(isRegexp ? text : text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), flags) };
  } catch (error) {
    return { pattern: null, error: "That is no regular expression: " + /** @type {Error} */ (error).message.replace(/^.*: /, "") };
  }
}

/**
 * Whether a row has what the pattern looks for, in its text or, written as
 * pairs, in its bytes.
 * @param {import("./types").Row} row @param {RegExp} pattern of patternOf
 */
export function fits(row, pattern) {
  pattern.lastIndex = 0;
  if (pattern.test(row.text ?? textOf(row))) return true;
  if (!row.bytes || !/^(([0-9a-f]{2}|\.)( |$))+$/i.test(pattern.source)) return false;
  pattern.lastIndex = 0;
  return pattern.test(hex(row.bytes));
}

/**
 * Whether a filter lets a row through.
 * @param {import("./types").Filter} filter
 * @returns {((row: import("./types").Row) => boolean) | null} null: all of them
 */
export function filterOf(filter) {
  const { pattern } = patternOf(filter.text, filter.regexp);
  if (!pattern && !filter.direction) return null;
  return (row) => (!filter.direction || row.kind === filter.direction) && (!pattern || fits(row, pattern));
}

/**
 * The places in a text that a pattern fits: [from, to) each, at most 50.
 * @param {string} text @param {RegExp} pattern
 */
export function hits(text, pattern) {
  const found = [];
  pattern.lastIndex = 0;
  for (let match; found.length < 50 && (match = pattern.exec(text)); ) {
    if (match[0] === "") pattern.lastIndex++;
    else found.push([match.index, match.index + match[0].length]);
  }
  return found;
}
