import { test } from "node:test";
import assert from "node:assert/strict";
import { RowLog } from "../model/rowlog.js";
import { Spans } from "../model/spans.js";
import { MessageTree, fieldAt, isWrong, jsonOf, markedOf, treeLines } from "../model/messages.js";
import { MessageFilter } from "../model/messagefilter.js";
import { Feed } from "../wire/feed.js";

globalThis.document ??= { hidden: true };
globalThis.requestAnimationFrame ??= (frame) => queueMicrotask(frame);

// A log of messages, each [flow, from, to] or a whole one.
function logOf(messages, bounds) {
  const log = new RowLog(bounds);
  for (const one of messages) {
    const message = Array.isArray(one) ? { flow: one[0], from: one[1], to: one[2], summary: "m" } : one;
    log.append({ number: log.next, n: 1, t: 0, message, wrong: false, size: 100 });
  }
  log.publish();
  return log;
}

const nested = {
  flow: "from-server", from: 2, to: 18, answers: { flow: "to-server", from: 6 }, summary: "group, unknown",
  fields: [
    { name: "size", from: 2, to: 4, value: "14" },
    { name: "group", from: 4, to: 16, value: "", fields: [{ name: "text", from: 6, to: 10, value: "ok" }, { name: "group", from: 14, to: 16, value: "" }] },
    { name: "unknown", from: 16, to: 18, value: "", wrong: "it has 0 bytes, and says 1" },
  ],
};

test("a byte is in the innermost message that has it", () => {
  const log = logOf([["from-server", 0, 5], ["to-server", 0, 3], ["from-server", 5, 9], ["from-server", 20, 30], ["from-server", 22, 25], ["from-server", 7, 8], ["from-server", 0, 1000]]);
  const spans = new Spans(log);
  const at = (byte) => spans.at("from-server", byte)?.number;
  assert.deepEqual([0, 4, 5, 7, 8, 9, 19, 20, 22, 25, 29, 30, 999, 1000].map(at), [6, 6, 2, 5, 2, 6, 6, 3, 4, 3, 3, 6, 6, undefined]);
  assert.equal(spans.at("to-server", 2)?.number, 1);
  assert.equal(spans.at("to-client", 0), undefined);
});

test("the innermost message is that of a plain search, whatever overlaps", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const all = [];
  for (let i = 0; i < 9000; i++) {
    const from = Math.max(0, 5 * i - random(40));
    all.push(["from-server", from, from + random(i % 500 === 0 ? 20_000 : 12)]);
  }
  const log = logOf(all);
  const spans = new Spans(log);
  for (let k = 0; k < 3000; k++) {
    const byte = random(46_000);
    let want = -1;
    all.forEach(([, from, to], i) => {
      if (from <= byte && byte < to && (want < 0 || from >= all[want][1])) want = i;
    });
    assert.equal(spans.at("from-server", byte)?.message.from, all[want]?.[1], `byte ${byte}`);
  }
});

test("messages that come later are found, and those that have left are not", () => {
  const log = logOf([["from-server", 0, 5]], { maxRows: 2, maxSize: 1e9 });
  const spans = new Spans(log);
  assert.equal(spans.at("from-server", 0)?.number, 0);
  for (const [from, to] of [[5, 9], [9, 10]]) log.append({ number: log.next, message: { flow: "from-server", from, to }, wrong: false, size: 1 });
  log.publish();
  assert.equal(spans.at("from-server", 9)?.number, 2);
  assert.equal(spans.at("from-server", 0), undefined);
  assert.equal(spans.answered({ answers: { flow: "from-server", from: 5 } })?.number, 1);
  assert.equal(spans.answered({}), undefined);
});

test("a message unfolds into the tree of its fields", () => {
  const row = { number: 3, message: nested, wrong: true, size: 1 };
  assert.deepEqual(treeLines(row, undefined).map(({ field, isOpen }) => [field, isOpen]), [[0, false]]);
  const lines = treeLines(row, new Set());
  assert.deepEqual(lines.map(({ field, depth, of }) => [field, depth, of.name]), [[0, 1, undefined], [1, 2, "size"], [2, 2, "group"], [3, 3, "text"], [4, 3, "group"], [5, 2, "unknown"]]);
  assert.deepEqual(lines.map(({ position, siblings }) => `${position}/${siblings}`), ["0/0", "1/3", "2/3", "1/2", "2/2", "3/3"]);
  assert.deepEqual(treeLines(row, new Set([2])).map(({ field }) => field), [0, 1, 2, 5]);
  assert.deepEqual([2, 4, 5, 7, 12, 15, 17, 18].map((byte) => fieldAt(nested, byte)), [1, 2, 2, 3, 2, 4, 5, 0]);
  assert.deepEqual([0, 3, 5, 9].map((field) => markedOf(row, field).to), [18, 10, 18, 18]);
  assert.ok(isWrong(nested.fields[2]) && !isWrong(nested.fields[0]) && !isWrong(nested));
});

// A tree of the messages, with all of them counted.
function treeOf(messages, wanted = {}) {
  const tree = new MessageTree(logOf(messages));
  const filter = new MessageFilter({ text: "", flow: "", wrong: false, ...wanted });
  do tree.update(filter); while (tree.waiting);
  return { tree, filter };
}

test("keys walk, fold and unfold", () => {
  const { tree, filter } = treeOf([["to-server", 0, 2], nested, ["to-server", 2, 3]]);
  let mark = null;
  const press = (key) => {
    const done = tree.step(key, mark, 10);
    if (done?.mark) mark = done.mark;
    if (done?.fold !== undefined) tree.fold(mark, done.fold);
    tree.update(filter);
    return mark && [mark.number, mark.field];
  };
  assert.deepEqual(press("ArrowDown"), [0, 0]);
  assert.deepEqual(press("ArrowRight"), [0, 0]); // it has no fields
  assert.deepEqual(press("ArrowDown"), [1, 0]);
  assert.deepEqual(press("Enter"), [1, 0]);
  assert.equal(tree.shown.total, 8);
  assert.deepEqual(press("ArrowRight"), [1, 1]);
  assert.deepEqual(press("ArrowDown"), [1, 2]);
  assert.deepEqual(press("ArrowRight"), [1, 3]);
  assert.deepEqual(press("ArrowLeft"), [1, 2]); // to what it is a part of
  assert.deepEqual(press("ArrowLeft"), [1, 2]); // folds that
  assert.equal(tree.shown.total, 6);
  assert.deepEqual(press("ArrowDown"), [1, 5]);
  assert.deepEqual(press("End"), [2, 0]);
  assert.deepEqual(press("Home"), [0, 0]);
  assert.deepEqual(press("PageDown"), [2, 0]);
  assert.equal(tree.step("x", mark, 10), undefined);
  tree.unfoldTo(tree.log.row(1), 4);
  tree.update(filter);
  assert.equal(tree.lineOf({ number: 1, field: 4 }), 5);
});

test("a filter shows once all messages were looked through", () => {
  const many = Array.from({ length: 30_000 }, (_, i) => ({ flow: "from-server", from: i, to: i + 1, summary: "m", fields: [{ name: "k", from: i, to: i + 1, value: String(i % 10) }] }));
  const { tree } = treeOf(many);
  assert.equal(tree.shown.total, 30_000);
  const filter = new MessageFilter({ text: "k = 3", flow: "", wrong: false });
  do {
    tree.update(filter);
    assert.equal(tree.shown.total, 30_000);
  } while (!tree.look());
  tree.update(filter);
  assert.deepEqual([tree.waiting, tree.shown.total], [false, 3_000]);
  assert.equal([...tree.rows()].length, 3_000);
  assert.equal(tree.lineOf({ number: 4, field: 0 }), -1);
  assert.equal(tree.lineOf({ number: 13, field: 0 }), 1);
});

test("lines of another filter are counted in a turn that draws nothing", () => {
  const { tree } = treeOf([["to-server", 0, 2], ["from-server", 0, 2], ["to-server", 2, 3]]);
  const filter = new MessageFilter({ text: "", flow: "to-server", wrong: false });
  tree.update(filter);
  assert.deepEqual([tree.waiting, tree.shown.total], [true, 3]);
  tree.update(filter);
  assert.deepEqual([tree.waiting, tree.shown.total], [true, 3]);
  assert.equal(tree.look(), true);
  assert.deepEqual([tree.waiting, tree.shown.total], [true, 3]);
  tree.update(filter);
  assert.deepEqual([tree.waiting, tree.shown.total], [false, 2]);
});

test("a regular expression that comes to nothing leaves out nothing that was counted before", async () => {
  const { tree } = treeOf(Array.from({ length: 2 }, (_, i) => ({ flow: "to-server", from: i, to: i + 1, fields: [{ name: "k", from: i, to: i + 1, value: "v" }] })));
  const filter = new MessageFilter({ text: "k ~ x", flow: "", wrong: false });
  const read = (number, find) => filter.read([tree.log.row(number)], find);
  tree.update(filter);
  await read(0, async (rows) => rows.map(() => []));
  assert.equal(tree.look(), false); // it waits for the other one
  await read(1, async () => { throw new Error("This takes too long."); });
  do tree.update(filter); while (!tree.look());
  tree.update(filter);
  assert.deepEqual([tree.waiting, tree.shown.total], [false, 2]);
});

test("a message is copied as the transcript's JSON lines have it", () => {
  const feed = new Feed();
  feed.take([{ i: 7, n: 3, t: 0.5, dir: "<<", kind: "message", message: nested }]);
  const row = feed.messages.row(0);
  assert.deepEqual(JSON.parse(jsonOf(row)), { n: 3, t: 0.5, dir: "<<", kind: "message", message: nested });
  assert.ok(jsonOf(row).startsWith('{"n":3,"t":0.5,"dir":"<<","kind":"message","message":{"flow":"from-server","from":2,"to":18,'));
  assert.ok(row.wrong);
});
