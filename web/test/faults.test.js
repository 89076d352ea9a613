import { test } from "node:test";
import assert from "node:assert/strict";
import { firstWanted, fitted, ruleOf, standingOf, toldOf } from "../model/faults.js";

test("a rule is made of what the form says", () => {
  const rule = (changed, decodes = false) => ruleOf(fitted({ ...firstWanted, ...changed }, decodes));
  assert.equal(rule({}), "from-server after line 1: delay 2s");
  assert.equal(rule({ where: "now", what: "reset" }), "from-server at 0: reset");
  assert.equal(rule({ flow: "to-server", where: "message", times: "2", what: "cut" }, true), "to-server after message 2: cut line");
  assert.equal(rule({ where: "on", regexp: '^25\\d "', what: "replace", extent: "match", forged: 'a"\\r\\n' }), 'from-server on match "^25\\\\d \\"": replace match "a\\"\\r\\n"');
  assert.equal(rule({ where: "match", times: "3", regexp: "x", what: "drop", extent: "bytes", bytes: "4" }), 'from-server after match 3 "x": drop 4 bytes');
  assert.equal(rule({ what: "limit" }), "from-server after line 1: limit 100");
  assert.equal(rule({ what: "forge", forged: "\\" }), 'from-server after line 1: forge "\\\\"');
});

test("what does not go together is left out", () => {
  assert.equal(fitted({ ...firstWanted, where: "message" }, true).where, "line", "of what comes");
  assert.equal(fitted({ ...firstWanted, flow: "to-server", where: "message" }, false).where, "line", "without messages");
  assert.equal(fitted({ ...firstWanted, what: "answer" }, true).what, "delay");
  assert.equal(fitted({ ...firstWanted, extent: "match" }, true).extent, "line");
});

test("remarks tell of rules, and of what they did", () => {
  let faults = [];
  const tell = (text, code) => (faults = toldOf(faults, { dir: "--", code, text }));
  tell("fault rule 2: from-server after every line: drop 1 byte", "fault-rule");
  tell("fault rule 3: to-server at 0: reset", "fault-rule");
  assert.deepEqual(faults.map(standingOf), ["waits", "waits"]);
  tell('fault 2 from-server 8-9 drop "a"', "fault");
  tell("fault 7 from-server 8-9 stall", "fault");
  const same = faults;
  assert.equal(tell("dialled 127.0.0.1:7"), same);
  assert.deepEqual(faults.map(standingOf), ['has acted once, last: from-server 8-9 drop "a"', "waits"]);
  tell("fault 3 to-server 0-0 reset", "fault");
  assert.equal(standingOf(faults[1]), "has acted: to-server 0-0 reset");
  assert.equal(faults[0].text, "from-server after every line: drop 1 byte");
});
