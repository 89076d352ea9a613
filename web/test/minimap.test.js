import { test } from "node:test";
import assert from "node:assert/strict";
import { SessionMap } from "../model/minimap.js";
import { RowLog } from "../model/rowlog.js";

/** @param {import("../types").Way} kind @param {number} t @param {number} [length] @returns {import("../types").Row} */
const row = (kind, t, length = 10) => ({ id: 0, kind, t, size: 1, from: -1, to: -1, ...(kind === "remark" || kind === "note" ? { text: "x" } : { bytes: new Uint8Array(length) }) });
const lanesOf = (maxRows = 1e6) => ({ console: new RowLog({ maxRows }), wire: new RowLog({ maxRows }) });
/** @param {Record<string, RowLog<any>>} lanes @param {string} lane @param {import("../types").Row[]} rows */
const add = (lanes, lane, ...rows) => (rows.forEach((one) => lanes[lane].append(one)), lanes[lane].publish());
/** @param {Float64Array | Uint32Array} list */
const total = (list) => list.reduce((sum, n) => sum + n, 0);

test("bytes go to their time, each way apart", () => {
  const lanes = lanesOf();
  const map = new SessionMap(lanes);
  add(lanes, "wire", row("sent", 0, 5), row("received", 1, 7), row("received", 1.01, 1), row("remark", 2));
  add(lanes, "console", row("sent", 0), row("remark", 1), row("note", 10));
  map.update();
  map.update();
  assert.equal(map.end, 10);
  assert.deepEqual([map.sent[0], map.received[map.partOf(1)], map.remarks[map.partOf(1)], map.remarks[map.partOf(10)]], [5, 8, 1, 1]);
  assert.deepEqual([total(map.sent), total(map.received), total(map.remarks)], [5, 8, 2]);
  assert.deepEqual([map.next(0, 1), map.next(1, 1), map.next(11, -1), map.next(1, -1), map.next(0, -1), map.next(10, 1)], [1, 10, 10, 0, 0, 10]);
});

test("a long session has no more parts than a short one, and loses nothing", () => {
  const lanes = lanesOf(1000);
  const map = new SessionMap(lanes);
  const size = map.sent.length;
  let sent = 0;
  for (let i = 0; i < 1_000_000; i++) {
    lanes.wire.append({ ...row("sent", i * 0.37, 0), bytes: i % 3 ? undefined : new Uint8Array(1) });
    if (i % 3 === 0) sent++;
    if (i % 500 === 0) lanes.wire.publish(), map.update();
  }
  lanes.wire.publish();
  map.update();
  assert.equal(total(map.sent), sent);
  assert.equal(map.sent.length, size);
  assert.ok(map.parts > size / 2 && map.parts <= size);
  const { sent: path } = map.paths([]);
  assert.ok(path.length < 20 * size);
});

test("silences are gaps; what is looked for is marked once a part", () => {
  const lanes = lanesOf();
  const map = new SessionMap(lanes);
  add(lanes, "wire", row("sent", 0, 1), row("received", 100, 1000));
  map.update();
  const paths = map.paths([100, 100.1, 0]);
  assert.deepEqual([paths.sent.split("M").length - 1, paths.received.split("M").length - 1, paths.found.split("M").length - 1], [1, 1, 2]);
  assert.equal(paths.silence.split("M").length - 1, map.partOf(100) - 1);
  assert.match(paths.sent, /^M0 12v-\d/);
  assert.doesNotMatch(JSON.stringify(new SessionMap(lanesOf()).paths([])), /NaN|Infinity/);
});

test("what was cleared is gone; what left before the map began is not known", () => {
  const lanes = lanesOf(2);
  add(lanes, "wire", row("sent", 1), row("sent", 2), row("sent", 30));
  const map = new SessionMap(lanes);
  map.update();
  assert.equal(map.unknown, 2);
  assert.equal(total(map.sent), 20);
  lanes.wire.clear();
  lanes.console.clear();
  add(lanes, "wire", row("received", 40));
  map.update();
  assert.deepEqual([total(map.sent), total(map.received), map.unknown], [0, 10, 0]);
});

test("a time leads to its part's first row, also when parts have become one", () => {
  const lanes = lanesOf(3);
  const map = new SessionMap(lanes);
  assert.equal(map.rowAt("wire", 1), -1);
  add(lanes, "wire", row("sent", 0), row("sent", 1));
  map.update();
  add(lanes, "wire", row("sent", 1), row("sent", 5), row("sent", 900));
  map.update();
  assert.deepEqual([0, 1, 5, 6, 900].map((t) => map.rowAt("wire", t)), [0, 0, 3, 3, 4]);
  assert.equal(map.rowAt("console", 0), -1);
});
