import { test } from "node:test";
import assert from "node:assert/strict";
import { Offsets } from "../model/offsets.js";
import { EntryReader } from "../model/entryrows.js";

const came = (text) => ({ n: 1, dir: ">>", side: "server", kind: "bytes", text });

// Reads entries as a feed does, and says which row has a byte of a flow.
function offsetsOf(...entries) {
  const [reader, offsets] = [new EntryReader(), new Offsets()];
  const numbers = { console: 0, wire: 0 };
  for (const entry of entries) {
    const rows = reader.read(entry);
    for (const lane of ["console", "wire"]) if (rows[lane]) offsets.add(lane, rows[lane], numbers[lane]++);
  }
  return offsets;
}

test("a byte of a flow is found in the row that has it, for all four flows", () => {
  const offsets = offsetsOf(
    { n: 1, dir: ">>", side: "client", kind: "text", text: "é!" }, // 3 bytes
    { n: 1, dir: "<<", side: "server", kind: "bytes", text: "<é!>" },
    { n: 1, dir: "<<", kind: "note", text: "counts nowhere" },
    came("one"), came(""), came("two!"),
    { n: 2, dir: "<<", side: "client", kind: "part", text: "1" },
    { n: 2, dir: "<<", side: "client", kind: "text", text: "12" },
    { n: 3, dir: ">>", side: "client", kind: "binary", b64: "AAEC" },
  );
  assert.deepEqual([0, 2, 3, 5].map((at) => offsets.row("from-client", at)), [0, 0, 4, 4]);
  assert.deepEqual([0, 4].map((at) => offsets.row("to-server", at)), [0, 0]);
  assert.deepEqual([0, 2, 3, 6].map((at) => offsets.row("from-server", at)), [1, 1, 3, 3]);
  assert.deepEqual([0, 1, 2].map((at) => offsets.row("to-client", at)), [2, 3, 3]);
  assert.equal(new Offsets().row("to-client", 0), -1);
});

test("what passes through counts on both sides, and what was unseen too", () => {
  const passes = (side) => ({ n: 0, dir: "<<", kind: "pass-through", side });
  const offsets = offsetsOf(
    passes("client"), passes("server"), // rows 0 and 1 of the console
    came("ab"), { n: 2, dir: ">>", side: "server", kind: "unseen", length: 100 }, came("cd"),
    { n: 4, dir: ">>", side: "client", kind: "unseen", length: 7 }, { n: 5, dir: ">>", side: "client", kind: "bytes", text: "x" },
  );
  for (const [flow, rows] of [["from-server", [0, 2]], ["to-client", [2, 3]]]) {
    assert.deepEqual([1, 102].map((at) => offsets.row(flow, at)), rows, flow);
  }
  assert.deepEqual(["from-client", "to-server"].map((flow) => [offsets.row(flow, 6), offsets.row(flow, 7)]), [[-1, 5], [-1, 3]]);
});

test("where bytes of a reader go on that was cut, they count on", () => {
  const reader = new EntryReader();
  reader.read({ n: 1, dir: ">>", side: "client", kind: "text", text: "abc" });
  reader.read({ n: 1, dir: "<<", side: "client", kind: "text", text: "12345" });
  const next = new EntryReader(reader.cut());
  assert.equal(next.read({ n: 2, dir: ">>", side: "client", kind: "text", text: "d" }).console.begin, 3);
  assert.equal(next.read({ n: 2, dir: "<<", side: "client", kind: "text", text: "6" }).console.begin, 5);
});

test("after missing entries nobody knows where bytes stand", () => {
  const offsets = new Offsets();
  offsets.add("wire", { kind: "received", from: 0 }, 0);
  offsets.lose();
  offsets.add("wire", { kind: "received", from: 3 }, 2);
  assert.equal(offsets.row("from-server", 3), 0);
});

test("a hundred thousand rows are found at once", () => {
  const offsets = new Offsets();
  for (let i = 0; i < 100_000; i++) offsets.add("wire", { kind: "received", from: 10 * i }, i);
  for (const at of [0, 9, 10, 500_005, 999_999]) assert.equal(offsets.row("from-server", at), Math.floor(at / 10));
});
