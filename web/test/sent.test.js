import { test } from "node:test";
import assert from "node:assert/strict";
import { markOf, whatToDo, wordsOf } from "../model/sent.js";

const sent = { n: 3, at: "2026-11-29T10:00:00Z", lesson: "http-by-hand", step: 2 };
const idle = { live: false, typing: false };

test("what is sent opens where that takes nothing away, and is offered elsewhere", () => {
  assert.equal(whatToDo(sent, "", idle), "open");
  assert.equal(whatToDo(sent, "", { live: true, typing: false }), "offer");
  assert.equal(whatToDo(sent, "", { live: false, typing: true }), "offer");
  for (const none of [null, undefined]) assert.equal(whatToDo(none, "", idle), "");
});

test("it is dealt with once, and another class counts anew", () => {
  assert.equal(whatToDo(sent, markOf(sent), idle), "");
  assert.equal(whatToDo({ ...sent, n: 4 }, markOf(sent), idle), "open");
  assert.equal(whatToDo({ ...sent, at: "2026-11-30T10:00:00Z" }, markOf(sent), idle), "open");
});

test("it is told in words", () => {
  assert.equal(wordsOf(sent), "http-by-hand, step 2");
  assert.equal(wordsOf({ ...sent, title: "HTTP by hand" }), "HTTP by hand, step 2");
  assert.equal(wordsOf({ ...sent, step: undefined }), "http-by-hand");
  assert.equal(wordsOf({ n: 1, at: "", target: "127.0.0.1:80", mode: "http-line" }), "127.0.0.1:80 with http-line");
  assert.equal(wordsOf({ n: 1, at: "", target: "127.0.0.1:80" }), "127.0.0.1:80");
});
