import { test } from "node:test";
import assert from "node:assert/strict";
import { Wall, byNeed, fits, outOfPlace, spanWords, whyWords } from "../model/wall.js";

const at = (minute) => new Date(Date.UTC(2026, 10, 29, 9, minute)).toISOString();
const tile = (id, state, more = {}) => ({ id, name: id, here: state !== "away", joined: at(0), state, since: at(10), sessions: [], ...more });
const message = (students, more = {}) => ({ kind: "wall", now: at(30), code: "ABCDEF", join: [], opened: at(0), paused: false, students, ...more });

test("who needs help comes first, who has waited longer before the others, then by name", () => {
  const sorted = [
    tile("h-old", "hand", { since: at(1) }), tile("h-new", "hand", { since: at(2) }),
    tile("error", "stuck", { why: "error", since: at(9) }), tile("progress", "stuck", { why: "progress", since: at(1) }),
    tile("idle", "idle"),
    tile("a", "working"), tile("b", "working"), tile("new-words", "dreaming", { since: at(11) }),
    tile("done", "done", { since: at(1) }), tile("away", "away", { since: at(0) }),
  ];
  const ids = sorted.map(({ id }) => id);
  for (let turn = 0; turn < sorted.length; turn++) {
    const mixed = [...sorted.slice(turn), ...sorted.slice(0, turn)].reverse();
    assert.deepEqual(mixed.sort(byNeed).map(({ id }) => id), ids);
  }
  assert.ok(byNeed(tile("x", "idle", { since: "2026-11-29T09:10:00.5Z" }), tile("y", "idle", { since: "2026-11-29T09:10:00Z" })) > 0, "times are not compared as texts");
});

test("what shows stays in its place until it is settled", () => {
  const wall = new Wall();
  wall.take(message([tile("anna", "working"), tile("ben", "idle"), tile("cleo", "away")], { all: true }));
  assert.deepEqual(wall.order.value, ["ben", "anna", "cleo"]);
  assert.equal(wall.moved.value, 0);
  wall.take(message([tile("cleo", "hand")]));
  assert.deepEqual(wall.order.value, ["ben", "anna", "cleo"]);
  assert.equal(wall.moved.value, 1);
  assert.equal(wall.tile("cleo").value.state, "hand");
  wall.take(message([tile("dora", "hand", { since: at(1) })]));
  assert.deepEqual(wall.order.value, ["ben", "anna", "cleo", "dora"], "a new one comes last");
  wall.take(message([], { gone: ["anna"] }));
  assert.deepEqual(wall.order.value, ["ben", "cleo", "dora"]);
  assert.equal(wall.tile("anna"), undefined);
  wall.settle();
  assert.deepEqual(wall.order.value, ["dora", "cleo", "ben"]);
  assert.equal(wall.moved.value, 0);
  const { order } = wall;
  const before = order.value;
  wall.settle();
  assert.equal(order.value, before, "nothing draws again for nothing");
});

test("only the tiles that changed are told, and all of a new connection are taken over", () => {
  const wall = new Wall();
  wall.take(message([tile("anna", "working"), tile("ben", "idle")], { all: true }));
  const [anna, ben] = [wall.tile("anna"), wall.tile("ben")];
  let told = 0;
  const stop = ben.subscribe(() => told++);
  wall.take(message([tile("anna", "done")], { paused: true }));
  assert.equal(told, 1, "as it subscribed");
  assert.equal(anna.value.state, "done");
  assert.equal(wall.said.value.paused, true);
  wall.take(message([tile("anna", "idle")], { all: true }));
  assert.equal(wall.tile("anna"), anna);
  assert.deepEqual(wall.order.value, ["anna"]);
  stop();
});

test("it counts", () => {
  const wall = new Wall();
  wall.take(message([tile("anna", "hand"), tile("ben", "stuck", { why: "error" }), tile("cleo", "away")], { all: true }));
  assert.deepEqual(wall.counts.value, { all: 3, here: 2, in: { hand: 1, stuck: 1, away: 1 } });
  wall.take(message([tile("ben", "done")], { gone: ["anna"] }));
  assert.deepEqual(wall.counts.value, { all: 2, here: 1, in: { done: 1, away: 1 } });
});

test("it shows those of a name or a state; one that changed leaves when it is settled", () => {
  assert.ok(fits(tile("zoe", "idle", { name: "Zoë" }), { name: " zoe", state: "" }));
  assert.ok(fits(tile("anna-2", "idle", { name: "Anna" }), { name: "anna-2", state: "idle" }));
  assert.ok(!fits(tile("anna", "idle", { name: "Anna" }), { name: "", state: "done" }));
  const wall = new Wall();
  wall.take(message([tile("anna", "idle"), tile("ben", "idle"), tile("cleo", "done")], { all: true }));
  wall.show({ name: "", state: "idle" });
  assert.deepEqual(wall.order.value, ["anna", "ben"]);
  wall.take(message([tile("anna", "done"), tile("cleo", "idle"), tile("dora", "done")]));
  assert.deepEqual(wall.order.value, ["anna", "ben"]);
  assert.equal(wall.moved.value, 2);
  wall.settle();
  assert.deepEqual(wall.order.value, ["ben", "cleo"]);
  wall.show({ name: "", state: "" });
  assert.equal(wall.order.value.length, 4);
});

test("how many are out of place", () => {
  const list = (text) => [...text];
  for (const [now, wanted, many] of [["", "", 0], ["abc", "abc", 0], ["abc", "cab", 1], ["abcd", "dcba", 3], ["abc", "ab", 1], ["ab", "abc", 1], ["abc", "xcb", 3]]) {
    assert.equal(outOfPlace(list(now), list(wanted)), many, `${now} to ${wanted}`);
  }
});

test("the words of a tile", () => {
  assert.equal(spanWords(-5000), "under a minute");
  assert.equal(spanWords(59_999), "under a minute");
  assert.equal(spanWords(60_000), "1 min");
  assert.equal(spanWords(3_540_000 + 59_999), "59 min");
  assert.equal(spanWords(3_660_000), "1 h 1 min");
  assert.equal(whyWords(tile("a", "stuck", { why: "error", error: "550 no" })), "the same error three times: 550 no");
  assert.equal(whyWords(tile("a", "stuck", { why: "progress" })), "no progress on the step");
  assert.equal(whyWords(tile("a", "idle", { why: "error" })), "");
});
