import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { grouped, portOf, propose, proposedFor } from "../model/propose.js";

// What core proposes, too.
const { modes, cases } = JSON.parse(readFileSync(new URL("../../core/testdata/propose.json", import.meta.url), "utf8"));

for (const { about, port, first = "", mode, name, begins = "", options } of cases) {
  test(about, () => assert.deepEqual(propose(modes, port, first), mode ? { mode, name, begins, ...(options && { options }) } : null));
}

test("the form proposes what the port is for, and nothing where the picked mode is for it", () => {
  assert.deepEqual(proposedFor(modes, "http-line", "h:6379"), { mode: "resp", name: "Redis", begins: "", port: 6379 });
  for (const [picked, target] of [["resp", "h:6379"], ["telnet", "h:80"], ["http-line", "h:4000"], ["http-line", "unix:///run/x"], ["http-line", ""]]) {
    assert.equal(proposedFor(modes, picked, target), null, `${picked} ${target}`);
  }
});

test("the form proposes the options that a port wants, unless one was chosen", () => {
  const options = { preset: "irc" };
  assert.deepEqual(proposedFor(modes, "raw", "h:6667"), { mode: "lines", name: "IRC", begins: "", options, port: 6667 });
  assert.deepEqual(proposedFor(modes, "lines", "h:6667"), { mode: "lines", name: "IRC", begins: "", options, port: 6667 });
  assert.equal(proposedFor(modes, "lines", "h:6667", options), null);
  assert.equal(proposedFor(modes, "lines", "h:6667", { preset: "none" }), null);
  assert.equal(proposedFor(modes, "lines", "h:13"), null, "its options are the defaults");
});

test("a target's port", () => {
  for (const [target, port] of /** @type {[string, number][]} */ ([["h:80", 80], ["tls://[::1]:443", 443], ["unix:///a", 0], ["ws://h/a", 0], ["", 0]])) assert.equal(portOf(target), port, target);
});

test("modes by groups, in the order of the groups; what has none comes last", () => {
  const all = ["raw", "", "web", "shops", "raw"].map((group, i) => ({ manifest: /** @type {any} */ ({ name: "m" + i, group: group || undefined }) }));
  assert.deepEqual(grouped(all).map(({ title, modes }) => [title, ...modes.map(({ manifest }) => manifest.name)]), [["Web", "m2"], ["Raw", "m0", "m4"], ["Others", "m1", "m3"]]);
});
