import { test } from "node:test";
import assert from "node:assert/strict";
import { changeOf, differencesIn, lineOf } from "../model/aligned.js";

test("an entry reads as in a transcript, with its controls", () => {
  assert.equal(lineOf({ n: 1, dir: ">>", side: "server", kind: "bytes", text: "a\r\n" }), ">> server “a␍␊”");
  assert.equal(lineOf({ n: 1, dir: ">>", side: "server", kind: "bytes", b64: "/woA" }), ">> server “·␊␀”");
  assert.equal(lineOf({ n: 1, dir: "<<", side: "client", kind: "text", text: "x", before: 1, more: 2000 }), "<< client text (1 byte before) “x” (2,000 more bytes)");
  assert.equal(lineOf({ n: 1, dir: "<<", kind: "timer", name: "quiet", after: "2s" }), "<< timer quiet 2s");
  assert.equal(lineOf({ n: 1, dir: "<<", kind: "secret-value", length: 7 }), "<< secret-value of 7 bytes");
  assert.equal(lineOf({ n: 1, dir: ">>", side: "client", kind: "eof" }), ">> client eof");
});

test("a change is what lies between the common beginning and end", () => {
  assert.deepEqual(changeOf("hello", "hallo"), [["h", "e", "llo"], ["h", "a", "llo"]]);
  assert.deepEqual(changeOf("aa", "aaa"), [["aa", "", ""], ["aa", "a", ""]]);
  assert.deepEqual(changeOf("", "x"), [["", "", ""], ["", "x", ""]]);
  assert.deepEqual(changeOf("😀", "😁"), [["", "😀", ""], ["", "😁", ""]]);
});

test("rows that differ next to each other are one difference", () => {
  const [same, differs] = [{ a: { kind: "x" } }, { differs: true }];
  assert.deepEqual(differencesIn([differs, differs, same, { equal: 4 }, differs]), [0, 4]);
  assert.deepEqual(differencesIn([]), []);
});
