import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";

// What a file of a folder may import: folders, and files of vendor. Types count,
// which stand in comments.
const signals = "vendor/signals-core.js";
const allowed = {
  model: ["model", "types", signals],
  wire: ["wire", "model", "types", signals],
  ui: ["ui", "wire", "model", "types", "vendor"],
};

// What a model may not ask the browser for, nor what crosses the wire for anything
// to draw.
const forbidden = {
  model: /\b(document|window|location|fetch|WebSocket|EventSource|XMLHttpRequest)\b[.(]/,
  wire: /\bdocument\.(?!hidden\b)/,
};

/** @param {string} name */
function importsOf(name) {
  const source = readFileSync(new URL("../" + name, import.meta.url), "utf8");
  return [...source.matchAll(/(?:\bfrom |\bimport ?\(?|new URL\()"(\.[^"]+)"/g)].map(([, spec]) => posix.join(posix.dirname(name), spec));
}

for (const [folder, may] of Object.entries(allowed)) {
  test(`${folder} imports nothing but ${may.join(", ")}`, () => {
    const names = readdirSync(new URL(`../${folder}/`, import.meta.url)).filter((name) => name.endsWith(".js"));
    assert.ok(names.length > 5);
    for (const name of names.map((name) => folder + "/" + name)) {
      for (const found of importsOf(name)) {
        assert.ok(may.includes(found) || may.includes(found.split("/")[0]), `${name} imports ${found}`);
      }
    }
  });
}

for (const [folder, words] of Object.entries(forbidden)) {
  test(`${folder} keeps out of the page`, () => {
    for (const name of readdirSync(new URL(`../${folder}/`, import.meta.url))) {
      const code = readFileSync(new URL(`../${folder}/${name}`, import.meta.url), "utf8").replace(/\/\*\*[^]*?\*\/|^ *\/\/.*$/gm, "");
      assert.equal(code.match(words)?.[0], undefined, `${folder}/${name}`);
    }
  });
}
