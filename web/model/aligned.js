// Two lists of entries side by side, as the workbench puts them: how an entry reads,
// and what of two that differ does. Pure.

import { count, shownBytes, shownLine } from "./format.js";

/** @typedef {import("../types").SideEntry} SideEntry */

/** An entry on one line. @param {SideEntry} entry */
export function lineOf(entry) {
  const { dir, side, kind, name, after, span, length, text, b64, before = 0, more = 0 } = entry;
  const head = [dir, side, kind === "bytes" ? "" : kind, name, after, span].filter(Boolean).join(" ");
  if (length !== undefined) return `${head} of ${count(length, "byte")}`;
  if (text === undefined && b64 === undefined) return head;
  const said = b64 === undefined ? shownLine(text ?? "") : shownBytes(Uint8Array.from(atob(b64), (c) => c.charCodeAt(0))).replaceAll("\n", "");
  return `${head} ${before > 0 ? `(${count(before, "byte")} before) ` : ""}“${said}”${more > 0 ? ` (${count(more, "more byte")})` : ""}`;
}

/**
 * Where two lines differ: what is before it, it, and what is after it, of each.
 * @param {string} a @param {string} b @returns {[[string, string, string], [string, string, string]]}
 */
export function changeOf(a, b) {
  const [x, y] = [[...a], [...b]]; // a surrogate pair stays whole
  const short = Math.min(x.length, y.length);
  let head = 0;
  while (head < short && x[head] === y[head]) head++;
  let tail = 0;
  while (tail < short - head && x[x.length - 1 - tail] === y[y.length - 1 - tail]) tail++;
  const cut = (/** @type {string[]} */ all) => /** @type {[string, string, string]} */ ([
    all.slice(0, head).join(""), all.slice(head, all.length - tail).join(""), all.slice(all.length - tail).join(""),
  ]);
  return [cut(x), cut(y)];
}

/** The rows at which differences begin: those next to each other are one. @param {import("../types").SideRow[]} rows */
export function differencesIn(rows) {
  return rows.flatMap((row, i) => (row.differs && !rows[i - 1]?.differs ? [i] : []));
}
