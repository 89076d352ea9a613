import { test } from "node:test";
import assert from "node:assert/strict";
import { Snippets, fill, maxBytes, maxSnippets, placeholders } from "../model/snippets.js";

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

test("placeholders are found, each once; {{ and the braces of JSON are text", () => {
  for (const [text, want] of [
    ["QUIT", []],
    ["GET /{path} HTTP/1.0", ["path"]],
    ["{b} {a} {b}", ["b", "a"]],
    ["{mail from} {größe} {x-y.z_1}", ["mail from", "größe", "x-y.z_1"]],
    ["{{name}", []],
    ["{{{name}}", ["name"]],
    ['{"a": {"b": 1}} {} { x } {x', []],
    [`{${"a".repeat(41)}}`, []],
  ]) assert.deepEqual(placeholders(text), want, text);
});

test("values take their places as they are", () => {
  const values = new Map([["path", "a$&{x}"], ["x", "no"]]);
  assert.equal(fill("GET /{path} {path}", values), "GET /a$&{x} a$&{x}");
  assert.equal(fill("USER {name}.", values), "USER .");
  assert.equal(fill("{{path} {{{x}}", values), "{path} {no}");
  assert.equal(fill('{"a": 1}}', values), '{"a": 1}}');
  assert.equal(fill("{__proto__}{toString}", values), "");
});

test("snippets and values are there at the next visit", () => {
  const storage = memory();
  const snippets = new Snippets(storage);
  assert.equal(snippets.add("USER {name}"), "");
  assert.equal(snippets.add("QUIT"), "");
  assert.notEqual(snippets.add("QUIT"), "");
  assert.notEqual(snippets.add(" \n"), "");
  snippets.rename("QUIT", "  the end ");
  snippets.remember(new Map([["name", "ann"], ["__proto__", "p"], ["Password", "x"], ["api-key", "y"]]));
  let again = new Snippets(storage);
  assert.deepEqual(again.list, [{ name: "", text: "USER {name}" }, { name: "the end", text: "QUIT" }]);
  assert.deepEqual([...again.values], [["name", "ann"], ["__proto__", "p"]]);
  again.remove("USER {name}");
  again.rename("QUIT", "");
  again = new Snippets(storage);
  assert.deepEqual(again.list, [{ name: "", text: "QUIT" }]);
});

test("there is a bound to everything", () => {
  const storage = memory();
  const snippets = new Snippets(storage);
  assert.equal(snippets.add("é".repeat(maxBytes / 2)), "");
  assert.notEqual(snippets.add("é".repeat(maxBytes / 2) + "x"), "");
  for (let i = 1; i < maxSnippets; i++) assert.equal(snippets.add("line " + i), "");
  assert.notEqual(snippets.add("one more"), "");
  assert.equal(new Snippets(storage).list.length, maxSnippets);
  for (let i = 0; i < 150; i++) snippets.remember(new Map([["name " + i, "x"]]));
  snippets.remember(new Map([["long", "x".repeat(maxBytes + 1)]]));
  assert.equal(snippets.values.size, 100);
  assert.ok(snippets.values.has("name 149") && !snippets.values.has("name 49") && !snippets.values.has("long"));
});

test("without storage, or with someone else's data in it, it still works", () => {
  const forbidden = { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("no"); } };
  const holding = (value) => ({ getItem: () => value, setItem() {} });
  const damaged = ["{not json", "7", "null", '"x"', "[]", '{"list":7,"values":{}}', '{"list":[null,7,"x",{},{"text":1},{"text":""}],"values":[null,7,[],[1,2],["a"]]}'];
  for (const storage of [null, forbidden, ...damaged.map(holding)]) {
    const snippets = new Snippets(storage);
    assert.deepEqual([snippets.list, snippets.values.size], [[], 0]);
    assert.equal(snippets.add("x"), "");
    assert.equal(snippets.list.length, 1);
  }
  const some = new Snippets(holding('{"list":[null,{"text":"a","name":7},{"text":"a"},{"text":"b","name":"n"}],"values":[["a","1"],["b"]]}'));
  assert.deepEqual(some.list, [{ name: "", text: "a" }, { name: "n", text: "b" }]);
  assert.deepEqual([...some.values], [["a", "1"]]);
});
