import test from "node:test";
import assert from "node:assert/strict";
import { Taps, listenOf, listenProblem, standing, tappable, tryWith } from "../model/taps.js";

const tap = (/** @type {any} */ given) => ({ id: "t1", listen: "127.0.0.1:4000", target: "127.0.0.1:6379", mode: "raw", options: {}, through: false, recorded: true, began: "", over: false, came: 0, open: 0, connections: [], ...given });

test("a stream of taps is taken as it changes", () => {
  const taps = new Taps();
  assert.equal(taps.all.value, null);
  taps.take({ order: [], taps: [] });
  assert.deepEqual(taps.all.value, []);
  taps.take({ order: ["t1"], taps: [tap({})] });
  taps.take({ order: ["t2", "t1"], taps: [tap({ id: "t2", connections: [{ attach: "s1-x" }] })] });
  assert.deepEqual(taps.all.value?.map(({ id }) => id), ["t2", "t1"]);
  assert.equal(taps.find("s1-x")?.tap.id, "t2");
  assert.equal(taps.find("s9-x"), null);
  taps.take({ order: ["t2"], taps: [] });
  assert.deepEqual(taps.all.value?.map(({ id }) => id), ["t2"]);
});

test("where a tap may listen", () => {
  for (const [typed, listen] of [["", ""], [" 6380 ", "127.0.0.1:6380"], [":6380", "127.0.0.1:6380"], ["[::1]:0", "[::1]:0"], ["localhost:1", "localhost:1"]]) {
    assert.equal(listenOf(typed), listen);
    assert.equal(listenProblem(typed), "");
  }
  for (const typed of ["127.0.0.1", "127.0.0.1:70000", "x", "127.0.0.1:"]) assert.match(listenProblem(typed), /^Write a port/);
  for (const typed of ["0.0.0.0:80", "192.0.2.1:80", "[2001:db8::1]:80", "example.com:80"]) assert.match(listenProblem(typed), /^Other machines/);
});

test("what to run is what speaks the target's protocol", () => {
  const practices = [{ name: "http", target: "127.0.0.1:7080" }, { name: "redis", target: "127.0.0.1:7379" }];
  for (const [target, want] of [
    ["127.0.0.1:6379", "redis-cli -h 127.0.0.1 -p 4000"],
    ["127.0.0.1:7379", "redis-cli -h 127.0.0.1 -p 4000"],
    ["127.0.0.1:7080", "curl http://127.0.0.1:4000/"],
    ["tls://example.com:443", "curl -H 'Host: example.com' http://127.0.0.1:4000/"],
    ["[::1]:80", "curl http://127.0.0.1:4000/"],
    ["mail.example.com:25", "swaks --server 127.0.0.1:4000"],
    ["unix:///run/x", "nc 127.0.0.1 4000"],
  ]) assert.equal(tryWith(tap({ target }), practices), want);
});

test("how a connection stands", () => {
  const one = (/** @type {any} */ given) => standing({ number: 1, session: "s1", attach: "a", from: "", began: "", toServer: 0, toClient: 0, state: "over", ...given });
  assert.equal(one({ state: "open" }).look, "good");
  assert.equal(one({ state: "dialling" }).words, "reaching the target …");
  assert.deepEqual(one({ code: "client-closed", words: "the client closed" }), { look: "muted", words: "ended: the client closed" });
  assert.deepEqual(one({ code: "refused", words: "connection refused" }), { look: "problem", words: "connection refused" });
});

test("modes that serve a stream", () => {
  const modes = /** @type {any} */ ([{ manifest: { name: "raw", clients: ["messages", "stream"] } }, { manifest: { name: "echo-quit" } }]);
  assert.deepEqual(tappable(modes).map(({ manifest }) => manifest.name), ["raw"]);
});
