import { test } from "node:test";
import assert from "node:assert/strict";
import { StreamLog } from "../model/stream.js";
import { LaneView } from "../model/laneview.js";
import { Feed } from "../wire/feed.js";

globalThis.document ??= { hidden: true };
globalThis.requestAnimationFrame ??= (f) => f();

const received = (text) => ({ dir: ">>", side: "server", kind: "bytes", text });
const sent = (text) => ({ dir: "<<", side: "server", kind: "bytes", text });
const take = (feed, ...entries) => (feed.take(entries), feed.wire.publish());
const texts = (log) => [...log.rows()].map(({ bytes }) => new TextDecoder().decode(bytes));

test("rows of one direction are one stream, whatever came at once", () => {
  const feed = new Feed();
  take(feed, received("HTTP/1.0 200 O"), sent("GET /\r\n"), received("K\r\nContent-"));
  const { log } = new StreamLog(feed.wire, "received");
  assert.deepEqual(texts(log), ["HTTP/1.0 200 OK\r\n", "Content-"]);
  take(feed, received("Type: text"));
  take(feed, received("\r\n\r\nbody"), sent("more"));
  assert.deepEqual(texts(log), ["HTTP/1.0 200 OK\r\n", "Content-Type: text\r\n\r\n", "body"]);
  const rows = [...log.rows()];
  assert.deepEqual(rows.map(({ base, from, to, part }) => [base, from, to, part]), [[0, 0, 17, false], [17, 17, 39, false], [39, 39, 43, true]]);
  assert.ok(rows[0].id < rows[1].id && rows[1].id < rows[2].id);
  assert.deepEqual(texts(new StreamLog(feed.wire, "sent").log), ["GET /\r\n", "more"]);
});

test("a stream loses no byte, however it is cut", () => {
  let seed = 11;
  const random = (n) => (seed = (seed * 16807) % 2147483647) % n;
  const feed = new Feed();
  const { log } = new StreamLog(feed.wire, "received");
  let all = "";
  for (let i = 0; i < 300; i++) {
    const text = "x".repeat(random(3000)) + (random(20) ? "" : "\n");
    all += text;
    feed.take([received(text)]);
    if (random(2)) feed.wire.publish();
  }
  feed.wire.publish();
  assert.equal(texts(log).join(""), all);
  assert.ok([...log.rows()].every(({ bytes }) => bytes.length <= 16 * 1024));
});

test("what was cleared stays away", () => {
  const feed = new Feed();
  const { log } = new StreamLog(feed.wire, "received");
  take(feed, received("old"));
  feed.clear();
  take(feed, received("new\n"));
  assert.deepEqual(texts(log), ["new\n"]);
});

test("a lane that follows a stream finds and picks in it", async () => {
  const feed = new Feed();
  const laneView = new LaneView();
  take(feed, received("nee"), sent("needle"), received("dle"));
  laneView.wanted.value = "needle";
  const found = () => (laneView.search(feed, ["wire"]), laneView.hits.value.map(({ number, from, to }) => [number, from, to]));
  assert.deepEqual(found(), [[1, 0, 6]]);
  laneView.pick("wire", 1);
  await laneView.follow("received");
  assert.equal(laneView.selection.value, null);
  assert.deepEqual(found(), [[0, 0, 6]]);
  laneView.goTo(1);
  take(feed, received(" and another needle"));
  assert.deepEqual(found(), [[0, 0, 6], [0, 19, 25]]);
  assert.equal(laneView.hit.value, 0);
  assert.deepEqual(laneView.picked(feed, "wire").map(({ to }) => to), [25]);
  await laneView.follow("");
  assert.deepEqual(found(), [[1, 0, 6], [3, 13, 19]]);
});
