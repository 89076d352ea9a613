import { test } from "node:test";
import assert from "node:assert/strict";
import { alike, lastEvent, stretch, stretchProblem, suggestedRuns, wordsOf } from "../model/compare.js";

const manifests = [
  { name: "http-line", options: [{ name: "eol", type: "choice", default: "crlf", choices: ["crlf", "lf"] }] },
  { name: "raw", options: [] },
];

test("the question begins with the option that says most", () => {
  assert.deepEqual(suggestedRuns("http-line", {}, manifests), [
    { mode: "http-line", options: { eol: "crlf" } },
    { mode: "http-line", options: { eol: "lf" } },
  ]);
  assert.deepEqual(suggestedRuns("raw", {}, manifests).map((run) => run.mode), ["raw", "http-line"]);
});

test("a stretch has its events with their actions, and no remarks", () => {
  const entries = [{ dir: "--", kind: "remark" }, { n: 1, dir: ">>" }, { n: 1, dir: "<<" }, { n: 2, dir: ">>" }];
  assert.deepEqual(stretch(entries, 1, 1), entries.slice(1, 3));
  assert.equal(lastEvent(entries), 2);
});

test("a stretch without events is told as such, one with the opening is none", () => {
  const entries = [{ n: 1, dir: ">>" }, { n: 2, dir: ">>" }];
  for (const [from, to] of [[2, 1], [3, 9]]) assert.match(stretchProblem(entries, from, to), new RegExp(`no event from ${from} to ${to}.*0 to 2`));
  for (const [from, to] of [[0, 0], [0, 9], [2, 2]]) assert.equal(stretchProblem(entries, from, to), "");
});

test("answers are alike whatever their times", () => {
  const one = [{ dir: "<<", kind: "bytes", text: "a", t: 1 }];
  assert.ok(alike([one, [{ ...one[0], t: 2 }]]));
  assert.ok(!alike([one, [{ ...one[0], text: "b" }]]));
  assert.ok(alike([null, undefined, []]));
});

test("an entry in words shows its line ends", () => {
  assert.equal(wordsOf({ dir: "<<", side: "server", kind: "bytes", text: "a\r\n" }).words, "server “a␍␊”");
  assert.equal(wordsOf({ dir: "<<", kind: "timer", name: "quiet", after: "2s" }).words, "timer quiet 2s");
});
