import { test } from "node:test";
import assert from "node:assert/strict";
import { fuzzyFilter, fuzzyMatch } from "../model/fuzzy.js";

const names = ["Line mode: Raw bytes", "Target: example.com:80", "Page: Presenter view", "Setting: Large type", "Recording: raw.example"];
const found = (/** @type {string} */ typed) => fuzzyFilter(typed, names, (name) => name).map(({ thing }) => thing);

test("letters in their order, words first", () => {
  assert.deepEqual(found("raw"), [names[4], names[0]].sort((a, b) => a.length - b.length));
  assert.equal(found("pv")[0], names[2]);
  assert.equal(found("mode raw")[0], names[0]);
  assert.equal(found("RAW mode")[0], names[0], "in any order, in any case");
  assert.deepEqual(found("zzz"), []);
  assert.deepEqual(found("  "), names);
  assert.equal(found("lrgtp")[0], names[3]);
});

test("says which letters they are", () => {
  const at = (/** @type {string} */ typed, /** @type {string} */ text) => fuzzyMatch(typed, text)?.at;
  assert.deepEqual(at("view", "Presenter view"), [10, 11, 12, 13]);
  assert.deepEqual(at("pv", "Presenter view"), [0, 10]);
  assert.deepEqual(at("a b", "b a"), [0, 2]);
  assert.deepEqual(at("e", "É"), [0]);
  assert.equal(at("vp", "Presenter view"), undefined);
});
