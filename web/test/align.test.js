import { test } from "node:test";
import assert from "node:assert/strict";
import { EntryReader } from "../model/entryrows.js";

// Feeds entries and returns the rows of both lanes.
function read(...entries) {
  const reader = new EntryReader();
  const rows = { console: [], wire: [] };
  for (const entry of entries) {
    const row = reader.read(entry);
    if (row.console) rows.console.push(row.console);
    if (row.wire) rows.wire.push(row.wire);
  }
  return rows;
}
const place = ({ stream, from, to }) => [stream, from, to];
const said = (n, text) => ({ n, dir: ">>", side: "client", kind: "text", text });
const sent = (n, text) => ({ n, dir: "<<", side: "server", kind: "bytes", text });
const came = (n, text) => ({ n, dir: ">>", side: "server", kind: "bytes", text });
const shown = (n, text) => ({ n, dir: "<<", side: "client", kind: "text", text });

test("a line that was typed is the start of what was sent for it", () => {
  const { console, wire } = read(said(1, "GET"), sent(1, "GET\r\n"), said(2, ""), sent(2, "\r\n"));
  assert.deepEqual(wire.map(place), [["up", 0, 5], ["up", 5, 7]]);
  assert.deepEqual(console.map(place), [["up", 0, 3], ["up", 5, 5]]);
});

test("lines that are shown are found in what came, over the reads' ends", () => {
  const { console } = read(came(1, "one\r\ntw"), shown(1, "one"), came(2, "o\r\n\r\nfour\n"), shown(2, "two"), shown(2, ""), shown(2, "four"));
  assert.deepEqual(console.map(place), [["down", 0, 3], ["down", 5, 8], ["down", 10, 10], ["down", 12, 16]]);
});

test("a byte that is no UTF-8 is found by what stands for it", () => {
  const { console } = read({ n: 1, dir: ">>", side: "server", kind: "bytes", b64: Buffer.from("a\xffb\r\nnext\r\n", "latin1").toString("base64") }, shown(1, "a\ufffdb"), shown(1, "next"));
  assert.deepEqual(console.map(place), [["down", 0, 3], ["down", 5, 9]]);
});

test("what is made of something else is not claimed, then or later", () => {
  const { console } = read(came(1, "one\r\ntwo\r\n"), shown(1, "ONE!"), shown(1, "two"), said(2, "x"), sent(2, "<x>"));
  assert.deepEqual(console.map(({ from }) => from), [-1, -1, -1]);
});

test("a side that passes through is the same bytes", () => {
  const { console, wire } = read({ n: 0, dir: "<<", kind: "pass-through", side: "server" }, came(1, "ab"), came(2, "cd"));
  assert.deepEqual(console.slice(1).map(place), [["down", 0, 2], ["down", 2, 4]]);
  assert.deepEqual(wire.map(place), [["down", 0, 2], ["down", 2, 4]]);
});
