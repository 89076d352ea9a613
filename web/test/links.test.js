import { test } from "node:test";
import assert from "node:assert/strict";
import { Feed } from "../wire/feed.js";
import { standing } from "../model/links.js";

globalThis.document ??= { hidden: false };
globalThis.requestAnimationFrame ??= () => 0;

const transfer = [
  { n: 1, dir: ">>", side: "server", kind: "bytes", text: "229 ok\r\n" },
  { n: 1, dir: "<<", link: "data", kind: "connect", text: "127.0.0.1:4000" },
  { n: 2, dir: ">>", link: "data", kind: "connected", text: "127.0.0.1:4000" },
  { n: 3, dir: ">>", link: "data", kind: "bytes", text: "a file" },
  { n: 3, dir: "<<", link: "data", kind: "bytes", b64: "AP8=" },
  { n: 4, dir: ">>", link: "data", kind: "closed" },
].map((entry, k) => ({ ...entry, i: k + 1 }));

const texts = (log) => {
  log.publish();
  return [...log.rows()].map(({ kind, text, bytes }) => [kind, text ?? [...bytes].join()]);
};

test("what a further connection carries stands in its own lane", () => {
  const feed = new Feed();
  feed.take(transfer);
  const link = feed.links.value.get("data");
  assert.deepEqual(texts(link.wire), [
    ["remark", "data: is opened to 127.0.0.1:4000"], ["remark", "data: is there: 127.0.0.1:4000"],
    ["received", "97,32,102,105,108,101"], ["sent", "0,255"], ["remark", "data: has ended"],
  ]);
  assert.deepEqual(texts(feed.wire).map(([kind]) => kind), ["received", "remark", "remark", "remark"]);
  assert.equal(feed.counts.received.bytes, 8);
  assert.deepEqual([link.counts.received.bytes, link.counts.sent.bytes], [6, 2]);
  assert.equal(link.standing.value, "has ended");
  feed.restart();
  assert.equal(feed.links.value.size, 0);
});

test("rows that left memory come again without what further connections carry", async () => {
  const feed = new Feed();
  feed.take(transfer);
  const page = feed.pages.list[0];
  feed.again = async () => transfer;
  page.loaded = false;
  assert.equal((await feed.read(page)).wire.length, 4);
});

test("the newest further connections are kept", () => {
  const feed = new Feed();
  for (let k = 0; k < 40; k++) feed.take([{ n: k, dir: "<<", link: "l" + k, kind: "accept", i: k + 1 }]);
  assert.equal(feed.links.value.size, 16);
  assert.ok(feed.links.value.has("l39"));
});

test("how a further connection stands", () => {
  const of = (dir, kind, text) => standing({ dir, kind, text, link: "data" });
  assert.equal(of("<<", "accept"), "waits for the server");
  assert.equal(of(">>", "listening", "[::1]:9"), "waits for the server at [::1]:9");
  assert.equal(of(">>", "connected", "h:1"), "open to h:1");
  assert.equal(of(">>", "failed", "refused"), "failed: refused");
  assert.equal(of(">>", "bytes", "x"), undefined);
});
