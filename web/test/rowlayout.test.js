import { test } from "node:test";
import assert from "node:assert/strict";
import { byteAt, consoleLayout, roomIn, wireLayout } from "../model/rowlayout.js";

const row = (more) => ({ id: 1, kind: "received", size: 1, from: -1, to: -1, ...more });
const bytes = (text) => new TextEncoder().encode(text);
const all = (layout, one) => layout.lines(one, 0, layout.measure(one));

test("text wraps, and knows its bytes where each character is one", () => {
  const layout = consoleLayout({ columns: 4, controls: true });
  const lines = all(layout, row({ text: "abcdef", from: 10, to: 16 }));
  assert.deepEqual(lines.map(({ text, from, to }) => [text, from, to]), [["abcd", 0, 4], ["ef", 4, 6]]);
  assert.deepEqual(all(layout, row({ text: "é", from: 0, to: 2 })).map(({ from }) => from), [-1]);
});

test("hex stands in lines of so many bytes, with offsets", () => {
  const layout = wireLayout({ columns: 80, controls: true, bytesInLine: 16 });
  assert.equal(layout.bytesInLine, 16);
  const lines = all(layout, row({ bytes: bytes("GET\r\n0123456789abcdefX") }));
  assert.deepEqual(lines.map(({ offset, bytes }) => [offset, bytes.length]), [[0, 5], [5, 16], [21, 1]]);
  assert.equal(wireLayout({ columns: 80, controls: true, bytesInLine: 0 }).bytesInLine, 0);
});

test("when room gets narrow, the time goes first, then hex gets fewer, then it goes", () => {
  const room = (columns, wanted = "fit") => {
    const { time, bytesInLine, offset } = roomIn(columns, 8, wanted);
    return `${time ? "time " : ""}${offset ? "offset " : ""}${bytesInLine}`;
  };
  assert.deepEqual([220, 199, 87, 86, 55, 54, 47, 46, 30, 29, 24, 23].map((columns) => room(columns)), [
    "time offset 32", "time offset 16", "time offset 16", "time offset 8", "time offset 8", "offset 8", "offset 8", "offset 4",
    "offset 4", "4", "4", "0",
  ]);
  assert.deepEqual([87, 86, 79, 78, 47].map((columns) => room(columns, "16")), ["time offset 16", "offset 16", "offset 16", "time offset 8", "offset 8"]);
  assert.equal(room(220, "8"), "time offset 8");
  assert.deepEqual(roomIn(50, 8, null), { columns: 47, time: false, bytesInLine: 0, offset: false });
  assert.deepEqual(roomIn(51, 8, null), { columns: 40, time: true, bytesInLine: 0, offset: false });
});

test("a column is a byte, in hex with its gaps and in text with its badges", () => {
  const layout = wireLayout({ columns: 80, controls: true, bytesInLine: 8 });
  const [line] = all(layout, row({ bytes: bytes("abcdef\r\n") }));
  const at = (part, columns) => columns.map((column) => byteAt(line, part, column, 8));
  assert.deepEqual(at("hex", [0, 2, 3, 11, 12, 13, 15, 16, 24, 26]), [0, 0, 1, 3, 3, 4, 4, 5, 7, -1]);
  assert.deepEqual(at("text", [0, 5, 6, 8, 9, 11, 12]), [0, 5, 6, 6, 7, 7, -1]);
});

test("only the lines that are asked for are made", () => {
  const layout = wireLayout({ columns: 80, controls: true, bytesInLine: 16 });
  const long = row({ bytes: new Uint8Array(16 * 100) });
  assert.equal(layout.measure(long), 100);
  assert.deepEqual(layout.lines(long, 40, 42).map(({ offset }) => offset), [640, 656]);
});

test("a place in a row is found in its lines, with and without controls", () => {
  const wire = wireLayout({ columns: 80, controls: true, bytesInLine: 16 });
  const long = row({ bytes: bytes("GET\r\n0123456789abcdefX") });
  assert.deepEqual([0, 4, 5, 21].map((at) => wire.lineAt(long, at)), [0, 0, 1, 2]);
  assert.deepEqual(all(wire, long).map(({ at }) => at), [0, 5, 21]);
  const text = row({ text: "a\rb\rcdef" });
  const plain = consoleLayout({ columns: 4, controls: false });
  assert.deepEqual(all(plain, text).map(({ text, at }) => [text, at]), [["abcd", 0], ["ef", 4]]);
  assert.deepEqual([0, 2, 6].map(plain.drawn(text)), [0, 1, 4]);
  assert.equal(plain.lineAt(text, 6), 1);
});
