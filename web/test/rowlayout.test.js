import { test } from "node:test";
import assert from "node:assert/strict";
import { consoleLayout, wireLayout } from "../model/rowlayout.js";

const row = (more) => ({ id: 1, kind: "received", more: "", size: 1, from: -1, to: -1, ...more });
const bytes = (text) => new TextEncoder().encode(text);
const all = (layout, one) => layout.lines(one, 0, layout.measure(one));

test("text wraps, and knows its bytes where each character is one", () => {
  const layout = consoleLayout({ columns: 4, controls: true });
  const lines = all(layout, row({ text: "abcdef", from: 10, to: 16 }));
  assert.deepEqual(lines.map(({ text, from, to }) => [text, from, to]), [["abcd", 0, 4], ["ef", 4, 6]]);
  assert.deepEqual(all(layout, row({ text: "é", from: 0, to: 2 })).map(({ from }) => from), [-1]);
});

test("hex stands in as many columns as fit, with offsets", () => {
  const layout = wireLayout({ columns: 80, controls: true, hex: true });
  assert.equal(layout.bytesInLine, 16);
  assert.equal(layout.textRoom, 80 - 6 - 16 * 3);
  const lines = all(layout, row({ bytes: bytes("GET\r\n0123456789abcdefX") }));
  assert.deepEqual(lines.map(({ offset, hex }) => [offset, hex.split(" ").length]), [[0, 5], [5, 16], [21, 1]]);
  assert.equal(lines[0].text, "GET␍␊");
  assert.equal(wireLayout({ columns: 30, controls: true, hex: true }).bytesInLine, 4);
});

test("a row that is cut says so on a line of its own", () => {
  const layout = wireLayout({ columns: 80, controls: true, hex: true });
  const lines = all(layout, row({ bytes: bytes("a"), more: "… 9 more bytes" }));
  assert.deepEqual(lines.map(({ text, more }) => [text, !!more]), [["a", false], ["… 9 more bytes", true]]);
});

test("only the lines that are asked for are made", () => {
  const layout = wireLayout({ columns: 80, controls: true, hex: true });
  const long = row({ bytes: new Uint8Array(16 * 100) });
  assert.equal(layout.measure(long), 100);
  assert.deepEqual(layout.lines(long, 40, 42).map(({ offset }) => offset), [640, 656]);
});

test("a place in a row is found in its lines, with and without controls", () => {
  const wire = wireLayout({ columns: 80, controls: true, hex: true });
  const long = row({ bytes: bytes("GET\r\n0123456789abcdefX") });
  assert.deepEqual([0, 4, 5, 21].map((at) => wire.lineAt(long, at)), [0, 0, 1, 2]);
  assert.deepEqual(all(wire, long).map(({ at }) => at), [0, 5, 21]);
  const text = row({ text: "a\rb\rcdef" });
  const plain = consoleLayout({ columns: 4, controls: false });
  assert.deepEqual(all(plain, text).map(({ text, at }) => [text, at]), [["abcd", 0], ["ef", 4]]);
  assert.deepEqual([0, 2, 6].map(plain.drawn(text)), [0, 1, 4]);
  assert.equal(plain.lineAt(text, 6), 1);
});
