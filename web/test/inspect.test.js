import { test } from "node:test";
import assert from "node:assert/strict";
import { base64, gathered, latin1, numbers, utf8, varint } from "../model/inspect.js";

const of = (...bytes) => Uint8Array.from(bytes);
const values = (...bytes) => numbers(of(...bytes)).map(({ big, little }) => [big, little]);

test("one to eight bytes are integers, both ways", () => {
  assert.deepEqual(values(0xff), [["255", "255"], ["-1", "-1"]]);
  assert.deepEqual(values(0x01, 0x02), [["258", "513"], ["258", "513"]]);
  assert.deepEqual(values(0xff, 0xfe, 0x00), [["16776704", "65279"], ["-512", "65279"]]);
  assert.deepEqual(values(0x80, 0, 0, 0, 0, 0, 0, 1).slice(0, 2), [
    ["9223372036854775809", "72057594037928064"],
    ["-9223372036854775807", "72057594037928064"],
  ]);
  assert.equal(numbers(of(1, 2, 3))[0].name, "Unsigned, 24 bits");
  assert.deepEqual([values(), values(...Array(9).fill(1))], [[], []]);
});

test("four and eight bytes are floats, both ways", () => {
  assert.deepEqual(values(0x3d, 0xcc, 0xcc, 0xcd)[2], ["0.1", "-429492130"]);
  assert.deepEqual(values(0, 0, 0, 0, 0, 0, 0xf8, 0x3f)[2], ["3.13984e-319", "1.5"]);
  assert.deepEqual(values(0x7f, 0x80, 0, 0)[2][0], "Infinity");
  // Bytes of a row need not begin where a float might.
  assert.equal(numbers(of(9, 0x3f, 0x80, 0, 0).subarray(1))[2].big, "1");
});

test("a varint ends where it says so", () => {
  assert.deepEqual(varint(of(0xac, 0x02, 0x55)), { value: "300", zigzag: "150", length: 2 });
  assert.deepEqual(varint(of(0x01)), { value: "1", zigzag: "-1", length: 1 });
  assert.equal(varint(of(...Array(9).fill(0xff), 0x01)).value, "18446744073709551615");
  assert.deepEqual([varint(of(0x80)), varint(of()), varint(of(...Array(11).fill(0x80)))], [null, null, null]);
});

test("any bytes are text and base64", () => {
  assert.equal(utf8(of(0xc3, 0xa9, 0x0d, 0x0a)), "é␍␊");
  assert.equal(utf8(of(0xff)), null);
  assert.deepEqual([utf8(of(0x61, 0xe2, 0x98), true), utf8(of(0x61, 0xe2, 0x98))], ["a", null]);
  assert.equal(latin1(of(0xe9, 0x41, 0x00)), "éA␀");
  assert.equal(base64(of(0xff, 0xfe)), "//4=");
});

test("rows are gathered: their bytes, and the time from the first to the last", () => {
  const row = (t, ...bytes) => ({ t, bytes: of(...bytes) });
  const all = gathered([row(1, 1, 2), { t: 2, text: "a remark" }, row(3.5, 3, 4, 5)], 4);
  assert.deepEqual({ ...all, bytes: [...all.bytes] }, { length: 5, rows: 2, bytes: [1, 2, 3, 4], from: 1, to: 3.5 });
  assert.equal(gathered([]).length, 0);
});
