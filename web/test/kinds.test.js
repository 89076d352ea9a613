import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { flows, kindOf, kinds } from "../model/kinds.js";
import { EntryReader } from "../model/entryrows.js";
import { ladder } from "../model/ladder.js";
import { wordsOf } from "../model/compare.js";

// What Go's package core has: by each kind's name, entries of it as they come.
const core = JSON.parse(readFileSync(new URL("kinds.json", import.meta.url), "utf8"));

test("the page has the kinds that core has, and no other", () => {
  assert.deepEqual(Object.keys(kinds).sort(), Object.keys(core).sort());
});

for (const [name, entries] of Object.entries(core)) {
  const kind = kinds[name];
  for (const entry of entries) {
    test(`${name}: ${JSON.stringify(entry)}`, () => {
      assert.equal(kindOf(entry), kind);
      const { console, wire } = new EntryReader().read(entry);
      const { items } = ladder([entry], { mode: "m", target: "t" });
      const shows = !kind.silent;
      assert.equal(console !== undefined || wire !== undefined || kind.hasLane === true, shows, "in a lane");
      assert.equal(items.length > 0, shows, "on the ladder");
      for (const words of [console?.text, wire?.text, ...items.map((item) => item.label), wordsOf(entry).words]) {
        assert.doesNotMatch(words ?? "", /undefined/);
      }
      if (!kind.flow) return;
      const { path } = flows[kind.flow];
      assert.equal(console !== undefined, path.includes(0), "in the console, as it touches you");
      assert.equal(wire !== undefined, path.includes(2), "on the wire, as it touches the server");
      assert.match(wordsOf(entry).words, /“x”/);
    });
  }
}

test("a message stands in a lane of its own, and what is wrong with it in the console too", () => {
  const message = { flow: "from-server", from: 3, to: 9, summary: "pong", fields: [{ name: "a", from: 3, to: 4 }] };
  const read = (message) => new EntryReader().read({ n: 1, dir: "<<", kind: "message", message });
  assert.deepEqual(read(message), {});
  message.fields.push({ name: "b", from: 4, to: 9, fields: [{ name: "c", from: 4, to: 9, wrong: "the sum is 7" }] });
  const { console } = read(message);
  assert.equal(console.text, "Wrong, from-server 3–9, pong: the sum is 7");
  assert.equal(console.level, "warning");
});

test("what a later version says shows nowhere", () => {
  const entry = { n: 1, dir: ">>", side: "server", kind: "sang", text: "la" };
  assert.equal(kindOf(entry), undefined);
  assert.deepEqual(new EntryReader().read(entry), {});
  assert.deepEqual(ladder([entry], { mode: "m", target: "t" }).items, []);
  assert.match(wordsOf(entry).words, /sang/);
});
