import { test } from "node:test";
import assert from "node:assert/strict";
import { History } from "../model/kept.js";

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

test("arrows walk the lines and come back to what was being typed", () => {
  const history = new History(memory());
  history.add("one");
  history.add("two");
  assert.equal(history.older("dra"), "two");
  assert.equal(history.older("two"), "one");
  assert.equal(history.older("one"), "one");
  assert.equal(history.newer("one"), "two");
  assert.equal(history.newer("two"), "dra");
  assert.equal(history.newer("dra"), "dra");
});

test("empty lines and repeats are not kept", () => {
  const history = new History(memory());
  for (const line of ["a", "a", "", "b"]) history.add(line);
  assert.equal(history.older(""), "b");
  assert.equal(history.older("b"), "a");
  assert.equal(history.older("a"), "a");
});

test("the next visit remembers, at most 200 lines", () => {
  const storage = memory();
  const history = new History(storage);
  for (let i = 0; i < 250; i++) history.add("line " + i);
  const again = new History(storage);
  let line = "";
  for (let i = 0; i < 300; i++) line = again.older(line);
  assert.equal(line, "line 50");
});

test("two windows share their lines", () => {
  const storage = memory();
  const [a, b] = [new History(storage), new History(storage)];
  assert.equal(b.older("draft"), "draft");
  a.add("from a");
  assert.equal(b.older("draft"), "from a");
  b.add("from b");
  assert.deepEqual(new History(storage).search(""), ["from b", "from a"]);
  assert.equal(a.older(""), "from b");
  b.add("later"); // does not change what is being walked
  assert.equal(a.older("from b"), "from a");
  assert.equal(a.newer("from a"), "from b");
});

test("without storage, or with someone else's data in it, it still works", () => {
  const forbidden = { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("no"); } };
  for (const storage of [null, forbidden, { getItem: () => "{not json", setItem() {} }, { getItem: () => "7", setItem() {} }]) {
    const history = new History(storage);
    assert.equal(history.older("draft"), "draft");
    history.add("x");
    history.add("y");
    assert.deepEqual([history.older(""), history.older("y")], ["y", "x"]);
  }
});

test("a search finds lines, the newest first, each once", () => {
  const history = new History(memory());
  for (const line of ["GET /a", "quit", "get /b", "GET /a"]) history.add(line);
  assert.deepEqual(history.search("get"), ["GET /a", "get /b"]);
  assert.deepEqual(history.search(""), ["GET /a", "get /b", "quit"]);
});
