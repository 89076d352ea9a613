import { test } from "node:test";
import assert from "node:assert/strict";
import { Player, beforeSent, stepped, timesOf } from "../model/player.js";

const entries = [
  { t: 0, dir: "--", kind: "remark" },
  { n: 1, t: 1, dir: ">>", kind: "text" },
  { n: 1, t: 1, dir: "<<", kind: "bytes" },
  { n: 2, t: 100, dir: ">>", kind: "bytes" },
];

test("long pauses are cut, and times that fall do not go back", () => {
  assert.deepEqual(timesOf(entries), [0, 1, 1, 4]);
  assert.deepEqual(timesOf([{ t: 2 }, { t: 1 }, {}, { t: 2.5 }]), [2, 2, 2, 2.5]);
});

test("what is due is played, at the speed that is set", () => {
  const player = new Player(entries);
  player.play(1000);
  assert.equal(player.tick(1000), 1000);
  assert.equal(player.position, 1);
  player.tick(2000);
  assert.equal(player.position, 3);
  player.setSpeed(2, 2000);
  assert.equal(player.tick(2500), 1000);
  assert.equal(player.tick(3500), -1);
  assert.ok(player.ended && !player.playing);
});

test("paused it stays, and goes on from where it was", () => {
  const player = new Player(entries);
  player.play(0);
  player.tick(1500);
  player.pause();
  assert.equal(player.tick(9000), -1);
  assert.equal(player.position, 3);
  player.play(10_000);
  player.tick(10_001);
  assert.equal(player.position, 3);
  player.tick(13_000);
  assert.equal(player.position, 4);
  player.play(20_000); // at the end: from the start
  assert.equal(player.position, 0);
});

test("a step is an event with its actions", () => {
  assert.deepEqual([0, 1, 3, 4].map((at) => stepped(entries, at, 1)), [1, 3, 4, 4]);
  assert.deepEqual([4, 3, 1, 0].map((at) => stepped(entries, at, -1)), [3, 1, 0, 0]);
});

test("a position out of bounds is brought in", () => {
  const player = new Player(entries);
  player.seek(99, 0);
  assert.equal(player.position, 4);
  player.seek(-1, 0);
  assert.equal(player.position, 0);
  player.seek(2.7, 0);
  assert.equal(player.position, 2);
  new Player([]).play(0);
});

test("a player goes on with what is added", () => {
  const player = new Player([{ t: 0 }, { t: 10 }]);
  player.extend([{ t: 11 }, { t: 100 }]);
  assert.equal(player.length, 4);
  assert.deepEqual(timesOf([{ t: 0 }, { t: 10 }, { t: 11 }, { t: 100 }]), [0, 3, 4, 7]);
  player.seek(2, 0);
  player.play(0);
  player.tick(1001);
  assert.equal(player.position, 3);
  player.tick(4001);
  assert.equal(player.ended, true);
});

test("what is to be guessed is what a peer sent, and nothing else", () => {
  const all = [
    { dir: "--", kind: "remark", text: "dialled 127.0.0.1:4000" },
    { dir: "<<", kind: "note", text: "speaks HTTP" },
    { n: 1, dir: ">>", side: "client", kind: "text", text: "GET /" },
    { n: 1, dir: "<<", side: "server", kind: "bytes", text: "GET /\r\n" },
    { dir: "--", kind: "remark", text: "the recording goes on in part 2" },
    { n: 2, dir: ">>", kind: "timer", name: "late" },
    { n: 3, dir: ">>", side: "server", kind: "bytes", b64: "/w==" },
    { n: 4, dir: ">>", side: "server", kind: "failed", text: "connection reset" },
    { n: 5, dir: ">>", side: "server", kind: "eof" },
  ];
  assert.equal(beforeSent(all, 0), 2);
  assert.equal(beforeSent(all, 2), 2);
  assert.equal(beforeSent(all, stepped(all, 2, 1)), 6);
  assert.equal(beforeSent(all, 7), 9);
  assert.equal(beforeSent(all, 9), 9);
});
