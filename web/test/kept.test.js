import { test } from "node:test";
import assert from "node:assert/strict";
import { History, browserStorage, keep, readKept, shapes } from "../model/kept.js";
import { Snippets } from "../model/snippets.js";
import { Targets } from "../model/target.js";

const target = { host: "h", port: "1", tls: true, mode: "raw", options: { eol: "lf" }, name: "lab", tlsChoices: { verify: "none", min: "1.0" }, ws: { send: "text" } };
/** A value that each key may hold, and what it is at a first visit. */
const good = {
  lanes: ["wire", "both"], hex: [false, true], columns: ["8", "fit"], controls: [false, true], colours: [true, false], minimap: [false, true], inspect: [false, true], time: ["delta", "relative"], details: [false, true],
  typehex: [true, false], presenting: [true, false], presenter: [true, false], theme: ["dark", ""],
  history: [["a", "b"]],
  tabs: [{
    window: "w", current: 0,
    tabs: [{ mode: "raw", options: { eol: "lf" }, target: "h:1", record: false, stays: true, elsewhere: true, tlsChoices: { min: "1.0" }, attach: "s1-x", transcript: "t", name: "lab", draft: "half", places: { wire: { i: 12, line: 3 } }, followed: "received", filter: { direction: "sent", text: "a", regexp: true } }],
  }],
  targets: [[target]],
  class: [{ sent: "3 2026-11-29T10:00:00Z", told: true }],
  shown: [{ n: 3, transcript: "t" }],
  credentials: [[{ id: "0".repeat(32), kind: "client", subject: "CN=me", fingerprint: "0".repeat(64) }]],
  macros: [[{ name: "m", mode: "raw", target: "h:1", when: "^ping", steps: [{ do: "hex", text: "01", seconds: 2 }] }]],
  snippets: [{ list: [{ name: "n", text: "USER {x}" }], values: [["x", "v"]] }],
};
const settings = {
  lanes: "lanes", hex: "showHex", columns: "hexColumns", controls: "showControls", colours: "showColours", minimap: "showMap", inspect: "inspecting", time: "timeStyle", details: "detailsOpen",
  typehex: "typeHex", presenting: "presenting", presenter: "presenter", theme: "theme",
};
const wrong = [null, true, 0, -1, 1e308, "", "constructor", "x".repeat(2_000_000), [], [[]], [null], [{}], [1, "a", {}], {}, { list: 1, values: {} }, { __proto__: null, toString: 1 }];
const notJSON = ["", "{", "undefined", "NaN", "\u0000", "[".repeat(10_000)];

function storageOf(kept) {
  const all = new Map(Object.entries(kept).map(([key, json]) => ["workbench." + key, json]));
  return { getItem: (key) => all.get(key) ?? null, setItem: (key, value) => void all.set(key, value) };
}

/** Every value in which one part is a wrong one. */
function* mutants(value) {
  for (const one of wrong) yield one;
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    for (const part of mutants(value[key])) yield Object.assign(Array.isArray(value) ? [...value] : { ...value }, { [key]: part });
  }
}

let visits = 0;
/** The settings of a visit with this storage. */
async function visit(storage) {
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: storage });
  try {
    return await import(`../model/kept.js?visit=${++visits}`);
  } finally {
    delete globalThis.localStorage;
  }
}

test("the test knows all keys", () => assert.deepEqual(Object.keys(good), Object.keys(shapes)));

test("what has its shape is read as it was kept", () => {
  for (const [key, [value]] of Object.entries(good)) {
    const storage = storageOf({});
    keep(storage, key, value);
    assert.deepEqual(readKept(storage, key), value, key);
  }
});

test("what has not is as if it had never been kept, whatever it is", () => {
  for (const [key, [value]] of Object.entries(good)) {
    for (const json of [...notJSON, ...[...mutants(value)].map((one) => JSON.stringify(one))]) {
      const read = readKept(storageOf({ [key]: json }), key);
      if (read !== undefined) assert.deepEqual(shapes[key](read), read, `${key}: ${json.slice(0, 80)}`);
      const storage = storageOf({ [key]: json });
      const history = new History(storage);
      history.add("line");
      assert.equal(history.older(""), "line");
      const targets = new Targets(storage);
      for (const one of targets.list) for (const text of [one.host, one.port, one.mode, one.name, ...Object.values(one.options)]) assert.equal(typeof text, "string");
      targets.remember({ host: "z", port: "1", tls: false, mode: "raw", options: {} });
      assert.equal(targets.list[0].host, "z");
      const snippets = new Snippets(storage);
      for (const { name, text } of snippets.list) assert.equal(typeof name + typeof text, "stringstring");
    }
  }
});

test("one value that is wrong takes no other with it", () => {
  const storage = storageOf({ targets: JSON.stringify([{ ...target, options: { eol: 1, a: "b" }, name: {}, tlsChoices: { verify: 1, min: "1.0" } }, 7, { host: "other", port: "2" }]) });
  assert.deepEqual(readKept(storage, "targets"), [
    { ...target, options: { a: "b" }, name: "", tlsChoices: { min: "1.0" } },
    { host: "other", port: "2", tls: false, mode: "", options: {}, name: "" },
  ]);
});

test("of a file nothing is kept but what it is called", () => {
  const [credential] = good.credentials[0];
  const storage = storageOf({ credentials: JSON.stringify([{ ...credential, pem: "KEY", key: "KEY" }, { ...credential, kind: "key" }]) });
  assert.deepEqual(readKept(storage, "credentials"), [credential]);
});

test("a setting with the wrong value begins as at a first visit, the others as they were", async () => {
  const all = Object.fromEntries(Object.entries(good).map(([key, [value]]) => [key, JSON.stringify(value)]));
  for (const [key, name] of Object.entries(settings)) {
    for (const value of [5, {}, "constructor"]) {
      const page = await visit(() => storageOf({ ...all, [key]: JSON.stringify(value) }));
      for (const [other, signal] of Object.entries(settings)) assert.equal(page[signal].value, good[other][other === key ? 1 : 0], `${other} where ${key} is ${value}`);
      page.resetSettings();
      for (const [other, signal] of Object.entries(settings)) assert.equal(page[signal].value, good[other][1], other);
      assert.equal(page[name].value, good[key][1]);
    }
  }
});

test("a storage that throws is survived", async () => {
  const fail = () => { throw new Error("blocked"); };
  for (const storage of [fail, () => null, () => undefined, () => ({ getItem: fail, setItem: fail }), () => ({ getItem: () => null, setItem: fail })]) {
    const page = await visit(storage);
    page.theme.value = "dark";
    assert.equal(page.theme.value, "dark");
    page.resetSettings();
    assert.equal(page.theme.value, "");
  }
  assert.equal(browserStorage(), null);
});
