import { test } from "node:test";
import assert from "node:assert/strict";
import { RowLog } from "../model/rowlog.js";
import { LineIndex, ScrollBar } from "../model/lineindex.js";

// A log of rows that take so many lines each.
function filled(counts, options) {
  const log = new RowLog(options);
  for (const lines of counts) log.append({ size: 1, lines });
  log.publish();
  return log;
}
const seen = (lines, from, to) => [...lines.between(from, to)].map(({ number, begin, end }) => [number, begin, end]);

test("lines find their rows", () => {
  const lines = new LineIndex(filled([1, 3, 0, 2]), (row) => row.lines);
  lines.update();
  assert.equal(lines.total, 6);
  assert.deepEqual(seen(lines, 0, 6), [[0, 0, 1], [1, 0, 3], [3, 0, 2]]);
  assert.deepEqual(seen(lines, 2, 5), [[1, 1, 3], [3, 0, 1]]);
  assert.deepEqual(lines.of(3), { at: 4, count: 2 });
  assert.deepEqual(lines.of(2), { at: 4, count: 0 });
});

test("a row that is not known yet keeps those after it", () => {
  const known = new Set([0, 2]);
  const log = filled([1, 2, 3]);
  const lines = new LineIndex(log, (row) => (known.has(row.lines - 1) ? row.lines : undefined));
  lines.update();
  assert.equal(lines.total, 1);
  known.add(1);
  lines.update();
  assert.equal(lines.total, 6);
});

test("what leaves the log leaves the lines, and is counted", () => {
  const log = filled(Array(1000).fill(2), { maxRows: 1000 });
  const lines = new LineIndex(log, (row) => row.lines);
  assert.equal(lines.update(), 0);
  for (let i = 0; i < 300; i++) log.append({ size: 1, lines: 1 });
  log.publish();
  assert.equal(lines.update(), 600);
  assert.equal(lines.total, 700 * 2 + 300);
  assert.deepEqual(seen(lines, 0, 2), [[300, 0, 2]]);
  assert.deepEqual(lines.of(1299), { at: 1699, count: 1 });
});

test("it agrees with counting by hand, whatever comes and goes", () => {
  const log = new RowLog({ maxRows: 700 });
  const lines = new LineIndex(log, (row) => row.lines);
  let seed = 7;
  const random = (n) => (seed = (seed * 16807) % 2147483647) % n;
  for (let round = 0; round < 40; round++) {
    for (let i = random(150); i > 0; i--) log.append({ size: 1, lines: random(4) });
    log.publish();
    lines.update();
    const all = [...log.rows()].flatMap((row, i) => Array.from({ length: row.lines }, (_, k) => [log.first + i, k]));
    assert.equal(lines.total, all.length);
    const from = random(Math.max(1, all.length));
    const found = [...lines.between(from, from + 30)].flatMap(({ number, begin, end }) => Array.from({ length: end - begin }, (_, k) => [number, begin + k]));
    assert.deepEqual(found, all.slice(from, from + 30));
  }
});

test("the next row that shows, either way", () => {
  const lines = new LineIndex(filled([1, 0, 0, 1]), (row) => row.lines);
  lines.update();
  assert.equal(lines.visible(1, 1), 3);
  assert.equal(lines.visible(2, -1), 0);
  assert.equal(lines.visible(4, 1), -1);
});

test("a row that took another's place has its own lines", () => {
  const log = new RowLog();
  for (const size of [1, 2, 3]) log.append({ size });
  log.publish();
  const lines = new LineIndex(log, ({ size }) => size);
  lines.update();
  log.replace(1, { size: 5 });
  log.publish();
  lines.update();
  assert.equal(lines.total, 9);
  assert.deepEqual(lines.of(2), { at: 6, count: 3 });
});

test("a bar moves as its content does, until that is too high for an element", () => {
  const bar = new ScrollBar();
  bar.fit(10_000, 500);
  assert.deepEqual([bar.height, bar.barAt(700), bar.moved(700, 700, 800), bar.strays(0, 0)], [10_000, 700, 800, false]);

  bar.fit(40_000_000, 500);
  assert.equal(bar.height, 8_000_000);
  assert.equal(bar.moved(20_000_000, 4_000_000, 4_000_100), 20_000_100); // the wheel
  assert.ok(Math.abs(bar.moved(0, 0, 4_000_000) - 20_000_000) < 2000); // dragged
  for (const end of [0, 8_000_000 - 500]) assert.equal(bar.moved(9999, end, end), end && 40_000_000 - 500);
  for (const at of [0, 123_456, 40_000_000 - 500]) assert.ok(Math.abs(bar.moved(0, -1e7, bar.barAt(at)) - at) < 1);
});

test("each line can be reached by the wheel alone, however long the way", () => {
  const bar = new ScrollBar();
  bar.fit(40_000_000, 500);
  let [at, is] = [20_000, bar.barAt(20_000)];
  for (let turns = 0; at > 0; turns++) {
    assert.ok(turns < 1000);
    const next = Math.max(0, is - 100);
    const before = at;
    at = bar.moved(at, is, next);
    assert.ok(before - at <= 600, "it leaps");
    is = bar.strays(at, next) ? bar.barAt(at) : next;
  }
});
