import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { actions, isKey, keyLabel } from "../ui/actions.js";

const read = (/** @type {string} */ name) => readFileSync(new URL("../" + name, import.meta.url), "utf8");
const ui = readdirSync(new URL("../ui/", import.meta.url)).map((name) => "ui/" + name);

test("each shortcut that the page names is in the table", () => {
  const known = new Set(actions.flatMap(({ keys }) => keys ?? []));
  let named = 0;
  for (const file of ["app.js", ...ui]) {
    // A title says its key in parentheses, as in "New session (Alt+N)".
    for (const [, key] of read(file).matchAll(/(?:title|label)="[^"]*\(((?:(?:Alt|Ctrl|Shift)\+)?(?:[A-Z[\]?/]|Escape))\)"/g)) {
      named++;
      assert.ok(known.has(key.replace("+", " ")), `${file} names ${key}`);
    }
  }
  assert.ok(named > 4);
});

test("each key of a field is in the table", () => {
  const here = (/** @type {string} */ group) => actions.filter((action) => action.group === group).flatMap(({ keys }) => keys ?? []).join(" ");
  const signs = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", PageUp: "Page ↑", PageDown: "Page ↓", " ": "Space" };
  for (const [group, file] of [["Where you type", "CommandInput"], ["In a lane", "lanepointer"]]) {
    const keys = [...read(`ui/${file}.js`).matchAll(/(?:event\.key(?:\.toLowerCase\(\))? ===|case) "([^"]+)"/g)].map(([, key]) => key);
    assert.ok(keys.length > 2, file);
    for (const key of keys) assert.ok(here(group).includes(signs[key] ?? (key.length === 1 ? key.toUpperCase() : key)), `${file}: ${key}`);
  }
});

test("the page listens to no key but those of the table", () => {
  assert.doesNotMatch(read("app.js"), /event\.(key|code)\b/);
  for (const { group, keys = [], run } of actions) if (group === "Anywhere" && !keys.includes("Tab")) assert.ok(run, keys[0]);
  const all = actions.filter(({ group }) => group === "Anywhere").flatMap(({ keys }) => keys ?? []);
  assert.equal(new Set(all).size, all.length, "a key is there twice");
  assert.equal(new Set(actions.map(({ group, name }) => group + name)).size, actions.length);
});

test("what a control does can be found on the page", () => {
  const sources = ui.map(read).join("");
  for (const { control } of actions) if (control) assert.ok(sources.includes(`id="${control.slice(1)}"`), control);
});

test("each action of a menu is in the palette", () => {
  const palette = read("ui/Palette.js");
  const inMenus = new Set(actions.filter(({ menu }) => menu).map(({ control }) => control));
  let found = 0;
  for (const file of ["SessionMenu", "Playback", "CopyMenu"]) {
    for (const [item] of read(`ui/${file}.js`).matchAll(/<button [^>]*class="item[^>]*|<a class="button small" id="[^>]*/g)) {
      found++;
      const [, id] = /\bid="([^"]+)"/.exec(item) ?? [];
      if (item.includes("data-form=")) assert.match(palette, /data-form=/);
      else assert.ok(inMenus.has("#" + id), `${file}: ${item}`);
    }
  }
  assert.ok(found > 14, `only ${found} items were found`);
  for (const [, setting] of read("ui/ViewMenu.js").matchAll(/(?:signal=\$\{|onChange=\$\{\(\) => \()(\w+)/g)) {
    if (setting !== "signal") assert.ok(palette.includes(`, ${setting}]`) || palette.includes(`, ${setting}, [`) || read("ui/actions.js").includes(`${setting}.value = !`), `View: ${setting}`);
  }
  for (const [, view] of read("ui/TopBar.js").matchAll(/^ {2}\["(\w+)", "\w+"\],$/gm)) assert.ok(palette.includes(`["${view}", `), `view ${view}`);
});

test("keys are told apart", () => {
  const press = (/** @type {string} */ written, more = {}) => ({ key: written, code: "Key" + written.toUpperCase(), altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more });
  const ctrl = press("k", { ctrlKey: true });
  const command = press("k", { metaKey: true });
  for (const typing of [true, false]) {
    assert.equal(isKey(ctrl, "Mod K", typing, false), true);
    assert.equal(isKey(command, "Mod K", typing, false), false);
    assert.equal(isKey(command, "Mod K", typing, true), true);
    assert.equal(isKey(ctrl, "Mod K", typing, true), !typing, "it kills a line in the fields of a Mac");
  }
  assert.equal(isKey(press("K", { ctrlKey: true, shiftKey: true }), "Mod K", false, false), false);
  assert.equal(isKey(press("?", { shiftKey: true }), "?", false), true);
  assert.equal(isKey(press("?", { shiftKey: true }), "?", true), false);
  assert.equal(isKey(press("Escape"), "Escape", true), true);
  assert.equal(isKey(press("˜", { code: "KeyN", altKey: true }), "Alt N", true), true, "what Alt writes does not matter");
  assert.equal(isKey(press("n", { altKey: true, ctrlKey: true }), "Alt N", true), false, "AltGr writes");
  assert.equal(isKey(press("ü", { code: "BracketLeft", altKey: true }), "Alt [", true), true);
  assert.equal(keyLabel("Mod K", true) + keyLabel("Mod K", false) + keyLabel("Alt N", true), "⌘ KCtrl KAlt N");
});
