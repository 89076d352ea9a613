import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { patternOf, placesIn } from "../model/search.js";
import { Macros, macroProblem, macrosFile, macrosOf, maxMacros } from "../model/macros.js";

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}
const macro = (name, more = {}) => ({ name, mode: "", target: "", when: "", steps: [{ do: "line", text: "x" }], ...more });
const read = (name) => macrosOf(readFileSync(new URL("data/" + name, import.meta.url), "utf8"));

test("macros are kept, and found by mode and target", () => {
  const storage = memory();
  const macros = new Macros(storage);
  for (const one of [macro("all"), macro("raw only", { mode: "raw" }), macro("there only", { target: "h:1" })]) assert.equal(macros.put(one), "");
  const again = new Macros(storage);
  assert.deepEqual(again.fitting("raw", "h:2").map(({ name }) => name), ["all", "raw only"]);
  assert.deepEqual(again.fitting("lines", "h:1").map(({ name }) => name), ["all", "there only"]);
  assert.equal(again.put(macro("new name"), again.list[0]), "");
  assert.match(again.put(macro("raw only")), /Another/);
  again.remove(again.list[1]);
  assert.deepEqual(new Macros(storage).list.map(({ name }) => name), ["new name", "there only"]);
});

test("says what is wrong", () => {
  assert.equal(macroProblem(macro("x", { when: "^ping" })), "");
  assert.match(macroProblem(macro(" ")), /name/);
  assert.match(macroProblem(macro("x", { steps: [] })), /no step/);
  assert.match(macroProblem(macro("x", { steps: [{ do: "line", text: "a" }, { do: "hex", text: "0" }] })), /^Step 2: /);
  assert.equal(macroProblem(macro("x", { when: "a", most: 1 })), "");
  for (const most of [0, 1.5, 100_001]) assert.match(macroProblem(macro("x", { when: "a", most })), /in a row/);
  assert.match(macroProblem(macro("x", { when: "(" })), /regular expression/);
  assert.match(macroProblem(macro("x", { when: "a", steps: [{ do: "any", text: "" }] })), /only sends/);
  const macros = new Macros(null);
  macros.add(Array.from({ length: maxMacros }, () => macro("same")));
  assert.match(macros.put(macro("more")), /remove one/);
});

test("what is damaged is left out", () => {
  for (const text of ["{", "7", '"x"', "{}", '[null,7,{"name":1}]', '[{"name":"x","steps":[{"do":"jump"}]}]']) {
    assert.deepEqual(new Macros({ getItem: () => text, setItem() {} }).list, []);
  }
});

test("a file of its own, there and back", () => {
  const all = [macro("a", { when: "p", most: 7 }), macro("b", { steps: [{ do: "reply", text: "^2", seconds: 3 }] })];
  assert.deepEqual(macrosOf(macrosFile(all)), { macros: all, left: "" });
  assert.match(macrosOf('{"macros":[{"name":"x"}]}').left, /1 macro /);
  for (const text of ["", "x", "{}", "7", " ".repeat(2 << 20)]) assert.match(macrosOf(text).problem ?? "", /\.$/);
  const macros = new Macros(null);
  macros.add(all);
  assert.equal(macros.add(all), "2 of 2 macros are here now.");
  assert.deepEqual(macros.list.map(({ name }) => name), ["a", "b", "a 2", "b 2"]);
});

test("PacketSender's own packets.ini", () => {
  const { macros, left } = read("packets.ini");
  assert.deepEqual(macros, [
    macro("Zoom, near", { steps: [{ do: "hex", text: "81 01 04 39 0d ff" }] }),
    macro("état", { steps: [{ do: "hex", text: "3f 0d" }] }),
  ]);
  assert.match(left, /^Left out: 1 packet /);
});

test("packets of PacketSender", () => {
  const { macros, left } = read("packetsender.json");
  assert.deepEqual(macros, [macro("hello", { steps: [{ do: "hex", text: "68 65 6C 6C 6F 0D 0A" }] })]);
  assert.match(left, /^Left out: 1 packet /);
});

test("sequences of Docklight", () => {
  const { macros, left } = read("docklight.ptp");
  const hello = [{ do: "hex", text: "48 65 6C 6C 6F 0D 0A" }];
  assert.deepEqual(macros, [
    macro("Hello", { steps: hello }),
    macro("Hello received", { when: "48 65 6c 6c 6f", steps: hello }),
    macro("A request", { when: "52 .. 51", steps: hello }),
  ]);
  assert.match(left, /^Left out: 6 sequences /);
  const { pattern } = patternOf(macros[2].when, true);
  const fits = (...bytes) => placesIn({ bytes: Uint8Array.from(bytes) }, pattern).length;
  assert.deepEqual([fits(0x20, 0x52, 0x0a, 0x51), fits(0x52, 0x51)], [1, 0]);
});
