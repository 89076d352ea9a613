import { test } from "node:test";
import assert from "node:assert/strict";
import { Log } from "../log.js";

const row = (id, size = 10) => ({ id, size });
const shown = (log) => log.blocks.value.flatMap((block) => block.rows.slice(0, block.length.value));

test("nothing shows before it is published", () => {
  const log = new Log();
  log.append(row(1));
  assert.equal(shown(log).length, 0);
  log.publish();
  log.append(row(2));
  assert.deepEqual(shown(log).map((r) => r.id), [1]);
  log.publish();
  assert.deepEqual(shown(log).map((r) => r.id), [1, 2]);
});

test("the oldest rows leave and are counted; the newest stay", () => {
  const log = new Log({ maxRows: 500 });
  for (let i = 0; i < 12_345; i++) log.append(row(i));
  log.publish();
  const ids = shown(log).map((r) => r.id);
  assert.ok(ids.length >= 500 && ids.length < 700, `${ids.length} rows`);
  assert.equal(ids.at(-1), 12_344);
  assert.equal(log.dropped.value + ids.length, 12_345);
});

test("large rows leave sooner, but the newest always stays", () => {
  const log = new Log({ maxSize: 100_000 });
  for (let i = 0; i < 100; i++) log.append(row(i, 30_000));
  log.append(row(100, 1_000_000));
  log.publish();
  assert.deepEqual(shown(log).map((r) => r.id).at(-1), 100);
  assert.ok(shown(log).length <= 5);
});

test("a block that is full is not touched again", () => {
  const log = new Log();
  for (let i = 0; i < 150; i++) log.append(row(i));
  log.publish();
  const [first, last] = log.blocks.value;
  let touched = 0;
  first.length.subscribe(() => touched++); // once, now
  const before = log.blocks.value;
  log.append(row(150));
  log.publish();
  assert.equal(touched, 1);
  assert.equal(log.blocks.value, before);
  assert.equal(last.length.value, 51);
});

test("cleared, it starts over", () => {
  const log = new Log({ maxRows: 100 });
  for (let i = 0; i < 1000; i++) log.append(row(i));
  log.publish();
  log.clear();
  assert.equal(shown(log).length, 0);
  assert.equal(log.dropped.value, 0);
});
