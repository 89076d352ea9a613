import { test } from "node:test";
import assert from "node:assert/strict";
import { hits, patternOf, placesIn } from "../model/search.js";
import { Feed } from "../wire/feed.js";
import { LineIndex } from "../model/lineindex.js";
import { LaneView, chosenBytes, counterpart } from "../model/laneview.js";

globalThis.document ??= { hidden: true };
globalThis.requestAnimationFrame ??= (f) => f();

const row = (text, kind = "received") => ({ text, kind });
const looks = (text, isRegexp = false) => (one) => placesIn(one, patternOf(text, isRegexp).pattern).length > 0;

test("text is found as it is; a capital letter asks for just that case", () => {
  assert.ok(looks("http/1.0")(row("HTTP/1.0 200 OK")));
  assert.ok(!looks("Http")(row("HTTP/1.0")));
  assert.ok(looks("a.c")(row("xa.cx")));
  assert.ok(!looks("a.c")(row("abc")));
});

test("regular expressions, and what is none", () => {
  assert.ok(looks("^2\\d\\d ", true)(row("250 ok")));
  assert.match(patternOf("(", true).error, /not a regular expression/);
  assert.equal(patternOf("", true).pattern, null);
});

test("bytes are found by their text and by their hex", () => {
  const bytes = { kind: "received", bytes: Uint8Array.from([0x61, 0x0d, 0x0a]) };
  assert.ok(looks("a␍")(bytes));
  assert.ok(looks("0d 0a")(bytes));
  assert.ok(!looks("0a 0d")(bytes));
});

test("a capital letter is one in any script", () => {
  assert.ok(looks("é")(row("É")));
  assert.ok(!looks("É")(row("é")));
});

test("a place in bytes is the bytes, whatever they look like", () => {
  const places = (bytes, text) => placesIn({ bytes: Uint8Array.from(bytes) }, patternOf(text, false).pattern);
  const utf8 = (text) => [...new TextEncoder().encode(text)];
  assert.deepEqual(places(utf8("é\r\nab é"), "ab"), [[4, 6]]);
  assert.deepEqual(places(utf8("é\r\nab é"), "é"), [[0, 2], [7, 9]]);
  assert.deepEqual(places(utf8("a\u200db"), "200D⟩b"), [[1, 5]]);
  assert.deepEqual(places(utf8("x\r\n\r\n"), "0D 0a"), [[1, 3], [3, 5]]);
  assert.deepEqual(places(utf8("x\r\n\r\n"), "␊"), [[2, 3], [4, 5]]);
});

test("a filter goes by direction and by text", () => {
  const laneView = new LaneView();
  assert.equal(laneView.passes.value, null);
  laneView.filter.value = { direction: "sent", text: "a", regexp: false };
  assert.deepEqual([row("a", "sent"), row("b", "sent"), row("a")].map(laneView.passes.value), [true, false, false]);
  laneView.filter.value = { direction: "", text: "(", regexp: true };
  assert.match(laneView.sifter.value.problem.value, /not a regular expression/);
  assert.equal(laneView.passes.value, null);
});

test("a pattern's places in a text, even of one that fits nothing", () => {
  assert.deepEqual(hits("abcab", patternOf("ab", false).pattern), [[0, 2], [3, 5]]);
  assert.deepEqual(hits("aaa", patternOf("x*", true).pattern), []);
});

test("hits come from both lanes in order, and new rows add to them", () => {
  const feed = new Feed();
  const laneView = new LaneView();
  const publish = () => [feed.console, feed.wire].forEach((log) => log.publish());
  laneView.wanted.value = "get";
  feed.take([
    { n: 1, dir: ">>", side: "client", kind: "text", text: "GET" },
    { n: 1, dir: "<<", side: "server", kind: "bytes", text: "GET\r\n" },
    { n: 2, dir: ">>", side: "client", kind: "text", text: "no" },
  ]);
  publish();
  laneView.search(feed, ["console", "wire"]);
  assert.deepEqual(laneView.hits.value.map(({ lane, number }) => [lane, number]), [["console", 0], ["wire", 0]]);
  feed.take([{ n: 3, dir: ">>", side: "client", kind: "text", text: "get" }]);
  publish();
  laneView.search(feed, ["console", "wire"]);
  assert.equal(laneView.hits.value.length, 3);
  laneView.goTo(-1);
  assert.deepEqual(laneView.reveal.value, [{ lane: "console", number: 2, at: 0 }]);
  laneView.goTo(1);
  assert.equal(laneView.hit.value, 0);
});

test("each place in a row is a hit, and the other lane goes to the same byte", () => {
  const feed = new Feed();
  const laneView = new LaneView();
  const text = "a needle, and\r\nanother needle\r\n";
  feed.take([
    { n: 1, dir: ">>", side: "server", kind: "bytes", text },
    { n: 1, dir: "<<", side: "client", kind: "text", text: "a needle, and" },
    { n: 1, dir: "<<", side: "client", kind: "text", text: "another needle" },
  ]);
  [feed.console, feed.wire].forEach((log) => log.publish());
  laneView.wanted.value = "needle";
  laneView.search(feed, ["wire"]);
  assert.deepEqual(laneView.hits.value.map(({ from, to }) => [from, to]), [[2, 8], [23, 29]]);
  laneView.goTo(1);
  laneView.goTo(1);
  assert.deepEqual(laneView.reveal.value, [{ lane: "wire", number: 0, at: 23 }, { lane: "console", number: 1, at: 8 }]);
  assert.deepEqual(counterpart(feed, "wire", 0, 13), [{ lane: "console", number: 0, at: 13 }]); // its line end
  assert.deepEqual(counterpart(feed, "console", 1, 3), [{ lane: "wire", number: 0, at: 18 }]);
  assert.deepEqual(laneView.placesIn(feed.wire.row(0)), [[2, 8], [23, 29]]);
  assert.equal(laneView.placesIn(feed.console.row(0)), null);
});

test("rows are picked, or bytes of them, either way", () => {
  const feed = new Feed();
  const laneView = new LaneView();
  feed.take(["abcd", "efgh", "ijkl"].map((text, i) => ({ n: i, dir: ">>", side: "server", kind: "bytes", text })));
  feed.wire.publish();
  const picked = () => laneView.picked(feed, "wire").map(({ bytes }) => new TextDecoder().decode(bytes));
  laneView.pick("wire", 2, false, 1);
  assert.deepEqual(picked(), ["ijkl"]); // a byte that was pointed at picks its row
  laneView.pick("wire", 0, true, 3);
  assert.deepEqual(picked(), ["d", "efgh", "ij"]);
  assert.deepEqual([0, 1, 2, 3].map((number) => chosenBytes(number, 4, laneView.selection.value)), [[3, 4], [0, 4], [0, 2], null]);
  laneView.pick("wire", 2, true, 0);
  assert.deepEqual(picked(), ["ij"]);
  laneView.pick("wire", 1, true);
  assert.deepEqual(picked(), ["efgh", "ijkl"]); // rows again
  laneView.pick("wire", 0);
  laneView.pick("wire", 1, true, 2);
  assert.deepEqual(picked(), ["abcd", "efgh"]); // from no byte to one: rows
});

// A worker that answers like the real one, or not at all.
class FakeWorker {
  static silent = false;
  static asked = () => {}; // while it is silent
  static ended = 0;
  constructor() {
    queueMicrotask(() => this.onmessage({ data: "ready" }));
  }
  postMessage({ rows, pattern }) {
    if (FakeWorker.silent) FakeWorker.asked();
    else queueMicrotask(() => this.onmessage({ data: rows.map((one) => placesIn(one, pattern)) }));
  }
  terminate() {
    FakeWorker.ended++;
  }
}

/** Resolves once a matcher has read what there is. */
const read = (matcher) => new Promise((resolve) => matcher.version.subscribe(() => matcher.version.value && !matcher.reading && resolve()));

test("a regular expression is asked for elsewhere: rows are not known until it was", async (t) => {
  globalThis.Worker = FakeWorker;
  const feed = new Feed();
  const laneView = new LaneView();
  feed.take(["one", "two", "three"].map((text, i) => ({ n: i, dir: ">>", side: "client", kind: "text", text })));
  feed.console.publish();
  laneView.wanted.value = "^t";
  laneView.wantedRegexp.value = true;
  laneView.filter.value = { direction: "", text: "w|e$", regexp: true };
  const lines = new LineIndex(feed.console, (one) => (laneView.passes.value(one) === undefined ? undefined : Number(laneView.passes.value(one))));
  laneView.search(feed, ["console"]);
  laneView.goTo(1); // before there is any
  lines.update();
  assert.deepEqual([laneView.hits.value.length, lines.total], [0, 0]);
  await Promise.all([read(laneView.sought.value), read(laneView.sifter.value)]);
  laneView.search(feed, ["console"]);
  lines.update();
  assert.deepEqual(laneView.hits.value.map(({ number }) => number), [1, 2]);
  assert.equal(lines.total, 3);
  assert.equal(laneView.hit.value, 0);

  // A message that was not whole is looked through again once it is.
  const half = (kind, text) => ({ n: 9, dir: "<<", side: "client", kind, text });
  const look = async (entry) => {
    feed.take([entry]);
    feed.console.publish();
    const read = Promise.all([laneView.sought.value, laneView.sifter.value].map((matcher) => new Promise((resolve) => {
      const from = matcher.version.peek();
      matcher.version.subscribe((version) => version > from && !matcher.reading && resolve());
    })));
    laneView.search(feed, ["console"]);
    await read;
    laneView.search(feed, ["console"]);
    lines.update();
    return [laneView.hits.value.length, lines.total];
  };
  assert.deepEqual(await look(half("part", "a")), [2, 3]);
  assert.deepEqual(await look(half("text", "t, and w")), [3, 4]);

  FakeWorker.silent = true;
  const asked = new Promise((resolve) => (FakeWorker.asked = () => resolve(undefined)));
  t.mock.timers.enable(); // all, since how to name one differs in Node 18 and 20
  laneView.wanted.value = "(t+)+$";
  laneView.search(feed, ["console"]);
  const over = read(laneView.sought.value);
  await asked;
  t.mock.timers.tick(2000);
  await over;
  assert.match(laneView.sought.value.problem.value, /takes too long/);
  assert.equal(FakeWorker.ended, 1);
});
