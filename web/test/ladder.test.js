import { test } from "node:test";
import assert from "node:assert/strict";
import { ladder, ladderSVG } from "../model/ladder.js";

const about = { mode: "HTTP lines", target: "example.com:80" };
const entries = [
  { t: 0, dir: "--", kind: "remark", text: "dialled" },
  { n: 1, t: 0.1, dir: ">>", side: "client", kind: "text", text: "GET" },
  { n: 1, t: 0.1, dir: "<<", side: "server", kind: "bytes", text: "GET\r\n" },
  { n: 2, t: 5, dir: ">>", side: "server", kind: "bytes", text: "<b>&\"\r\n" },
  { n: 2, t: 5, dir: "<<", side: "client", kind: "text", text: "<b>&\"" },
  { n: 2, t: 5, dir: "<<", kind: "note", text: "n" },
];

test("each message is an arrow between two of the three", () => {
  const { items } = ladder(entries, about);
  const arrows = items.filter((item) => item.kind === "arrow");
  assert.deepEqual(arrows.map(({ from, to, label }) => [from, to, label]), [
    [0, 1, "GET"], [1, 2, "GET\\r\\n"], [2, 1, "<b>&\"\\r\\n"], [1, 0, "<b>&\""],
  ]);
});

test("time goes down, and a pause shows", () => {
  const ys = ladder(entries, about).items.map((item) => item.y);
  assert.deepEqual([...ys].sort((a, b) => a - b), ys);
  assert.ok(ys[3] - ys[2] > ys[2] - ys[1]);
});

test("bytes that pass through go all the way", () => {
  const { items } = ladder([{ n: 0, dir: "<<", kind: "pass-through", side: "server" }, { n: 1, dir: ">>", side: "server", kind: "bytes", text: "x" }], about);
  assert.deepEqual(items.slice(1).map(({ from, to }) => [from, to]), [[2, 1], [1, 0]]);
});

test("the newest stay, the rest are counted", () => {
  const many = Array.from({ length: 50 }, (_, n) => ({ n, t: n, dir: ">>", side: "client", kind: "text", text: "line " + n }));
  const { items, dropped } = ladder(many, { ...about, max: 10 });
  assert.equal(items.length, 10);
  assert.equal(dropped, 40);
  assert.equal(items.at(-1).label, "line 49");
});

test("what a server says is text in the file too", () => {
  const svg = ladderSVG(ladder([...entries, { n: 3, dir: "<<", side: "client", kind: "text", text: "</text><script>x\u0001\ud800</script>" }], about));
  assert.ok(!/<script|<b>/.test(svg));
  assert.ok(svg.includes("&#60;b&#62;"));
  assert.ok(!/[\u0000-\u0008]/.test(svg));
});
