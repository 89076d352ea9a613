import { test } from "node:test";
import assert from "node:assert/strict";
import { filterOf, fits, hits, patternOf } from "../search.js";
import { Feed } from "../feed.js";
import { Viewer } from "../viewer.js";

globalThis.document ??= { hidden: true };
globalThis.requestAnimationFrame ??= (f) => f();

const row = (text, kind = "received") => ({ text, kind });
const looks = (text, isRegexp = false) => (one) => fits(one, patternOf(text, isRegexp).pattern);

test("text is found as it is; a capital letter asks for just that case", () => {
  assert.ok(looks("http/1.0")(row("HTTP/1.0 200 OK")));
  assert.ok(!looks("Http")(row("HTTP/1.0")));
  assert.ok(looks("a.c")(row("xa.cx")));
  assert.ok(!looks("a.c")(row("abc")));
});

test("regular expressions, and what is none", () => {
  assert.ok(looks("^2\\d\\d ", true)(row("250 ok")));
  assert.match(patternOf("(", true).error, /no regular expression/);
  assert.equal(patternOf("", true).pattern, null);
});

test("bytes are found by their text and by their hex", () => {
  const bytes = { kind: "received", bytes: Uint8Array.from([0x61, 0x0d, 0x0a]) };
  assert.ok(looks("a␍")(bytes));
  assert.ok(looks("0d 0a")(bytes));
  assert.ok(!looks("0a 0d")(bytes));
});

test("a filter goes by direction and by text", () => {
  assert.equal(filterOf({ direction: "", text: "", regexp: false }), null);
  const passes = filterOf({ direction: "sent", text: "a", regexp: false });
  assert.deepEqual([row("a", "sent"), row("b", "sent"), row("a")].map(passes), [true, false, false]);
});

test("a pattern's places in a text, even of one that fits nothing", () => {
  assert.deepEqual(hits("abcab", patternOf("ab", false).pattern), [[0, 2], [3, 5]]);
  assert.deepEqual(hits("aaa", patternOf("x*", true).pattern), []);
});

test("hits come from both lanes in order, and new rows add to them", () => {
  const feed = new Feed();
  const viewer = new Viewer();
  const publish = () => [feed.console, feed.wire].forEach((log) => log.publish());
  viewer.wanted.value = "get";
  feed.take([
    { n: 1, dir: ">>", side: "client", kind: "text", text: "GET" },
    { n: 1, dir: "<<", side: "server", kind: "bytes", text: "GET\r\n" },
    { n: 2, dir: ">>", side: "client", kind: "text", text: "no" },
  ]);
  publish();
  viewer.search(feed, ["console", "wire"]);
  assert.deepEqual(viewer.hits.value.map(({ lane, number }) => [lane, number]), [["console", 0], ["wire", 0]]);
  feed.take([{ n: 3, dir: ">>", side: "client", kind: "text", text: "get" }]);
  publish();
  viewer.search(feed, ["console", "wire"]);
  assert.equal(viewer.hits.value.length, 3);
  viewer.goTo(-1);
  assert.deepEqual(viewer.reveal.value, { lane: "console", number: 2 });
  viewer.goTo(1);
  assert.equal(viewer.hit.value, 0);
});
