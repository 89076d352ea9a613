import { test } from "node:test";
import assert from "node:assert/strict";
import { RowLog } from "../model/rowlog.js";

const row = (id, size = 10) => ({ id, size });
const shown = (log) => [...log.rows()].map((r) => r.id);

test("nothing shows before it is published", () => {
  const log = new RowLog();
  log.append(row(1));
  assert.deepEqual(shown(log), []);
  log.publish();
  log.append(row(2));
  assert.deepEqual(shown(log), [1]);
  log.publish();
  assert.deepEqual(shown(log), [1, 2]);
});

test("the version rises only with what changes", () => {
  const log = new RowLog();
  log.publish();
  assert.equal(log.version.value, 0);
  log.append(row(1));
  log.publish();
  log.publish();
  assert.equal(log.version.value, 1);
});

test("the oldest rows leave and are counted; the newest stay, under their numbers", () => {
  const log = new RowLog({ maxRows: 500 });
  for (let i = 0; i < 12_345; i++) log.append(row(i));
  log.publish();
  const ids = shown(log);
  assert.equal(ids.length, 500);
  assert.equal(ids.at(-1), 12_344);
  assert.equal(log.dropped, 12_345 - 500);
  assert.equal(log.row(12_344).id, 12_344);
  assert.equal(log.row(log.first).id, log.first);
});

test("large rows leave sooner, but the newest always stays", () => {
  const log = new RowLog({ maxSize: 100_000 });
  for (let i = 0; i < 100; i++) log.append(row(i, 30_000));
  log.append(row(100, 1_000_000));
  log.publish();
  assert.deepEqual(shown(log), [100]);
});

test("cleared, it starts over, and nothing counts as missing", () => {
  const log = new RowLog({ maxRows: 100 });
  for (let i = 0; i < 1000; i++) log.append(row(i));
  log.publish();
  log.clear();
  assert.deepEqual(shown(log), []);
  assert.equal(log.dropped, 0);
  log.append(row(1));
  log.publish();
  assert.deepEqual(shown(log), [1]);
});

test("a row takes the place of another", () => {
  const log = new RowLog();
  log.append({ size: 1, name: "a" });
  log.append({ size: 1, name: "b" });
  log.publish();
  const version = log.version.value;
  log.replace(0, { size: 2, name: "A" });
  log.publish();
  assert.equal(log.version.value, version + 1);
  assert.deepEqual([...log.rows()].map(({ name }) => name), ["A", "b"]);
  log.replace(7, { size: 1, name: "c" }); // none has left its place to it
  log.publish();
  assert.deepEqual([...log.rows()].map(({ name }) => name), ["A", "b", "c"]);
});
