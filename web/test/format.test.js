import { test } from "node:test";
import assert from "node:assert/strict";
import {
  cellAt, clock, controlNames, count, dumpLines, dumpText, endOf, hex, kindOfByte, overloadWords, parseEscapes, parseHex, picture, rowTime, seconds, shownBytes, shownText, spokenBytes,
  withoutPictures, wrapLines,
} from "../model/format.js";

const bytes = (text) => new TextEncoder().encode(text);

test("every control has a picture, and every picture a name", () => {
  assert.equal(picture(0x0d) + picture(0x0a) + picture(0) + picture(0x7f), "␍␊␀␡");
  assert.equal(controlNames.get("␍"), "CR");
  assert.equal(controlNames.get("␟"), "US");
  assert.equal(controlNames.get("␡"), "DEL");
  assert.equal(controlNames.size, 33);
});

test("text that could hide or reorder shows itself", () => {
  assert.equal(shownText("a\u202eb\u0000c\rd"), "a⟨U+202E⟩b␀c␍d");
  assert.equal(shownText("two\nlines\tand a tab"), "two\nlines\tand a tab");
  assert.equal(shownText("a\u200cb\u200dc\u{e0041}"), "a⟨U+200C⟩b⟨U+200D⟩c⟨U+E0041⟩");
  assert.equal(shownBytes(bytes("\u200d\u{e0041}")), "⟨U+200D⟩⟨U+E0041⟩");
  assert.equal(shownText("␍ typed as a picture"), "⟨U+240D⟩ typed as a picture");
});

test("bytes are read as UTF-8, a break after each line feed but the last", () => {
  assert.equal(shownBytes(bytes("a\r\nné ☕ 🎉\n")), "a␍␊\nné ☕ 🎉␊");
});

test("bytes that are no UTF-8 are dots, one each", () => {
  for (const bad of [
    [0xff],
    [0xc3], // cut off
    [0xc0, 0xaf], // overlong
    [0xe0, 0x80, 0x80], // overlong
    [0xed, 0xa0, 0x80], // a surrogate
    [0xf4, 0x90, 0x80, 0x80], // past U+10FFFF
  ]) {
    assert.equal(shownBytes(Uint8Array.from([0x61, ...bad, 0x62])), "a" + "·".repeat(bad.length) + "b");
  }
});

test("decoding agrees with the browser's on any valid character", () => {
  for (let code = 0xa1; code < 0x110000; code += 0x3d) {
    if (code >= 0xd800 && code < 0xe000) continue;
    assert.equal(shownBytes(bytes(String.fromCodePoint(code))), picture(code));
  }
});

// A whole dump, as the wire shows it.
function dump(bytes, width) {
  const starts = dumpLines(bytes, width);
  const lines = starts.map((from, i) => [from, starts[i + 1] ?? bytes.length]);
  return {
    hex: lines.map(([from, to]) => hex(bytes.subarray(from, to))).join("\n"),
    text: lines.map(([from, to]) => dumpText(bytes, from, to).text).join("\n"),
  };
}

test("a dump keeps a protocol's lines and splits no character", () => {
  assert.deepEqual(dump(bytes("GET\r\n\r\nabcdefghi"), 8), {
    hex: "47 45 54 0d 0a\n0d 0a\n61 62 63 64 65 66 67 68\n69",
    text: "GET␍␊\n␍␊\nabcdefgh\ni",
  });
  assert.deepEqual(dump(bytes("abcé"), 4), { hex: "61 62 63\nc3 a9", text: "abc\né" });
  assert.deepEqual(dump(new Uint8Array(), 8), { hex: "", text: "" });
});

test("a dump loses no byte, whatever the bytes and the width", () => {
  const all = Uint8Array.from({ length: 4096 }, (_, i) => (i * 167 + (i >> 8)) & 0xff);
  for (const width of [4, 8, 12, 16]) {
    const { hex: left, text } = dump(all, width);
    assert.equal(left.replaceAll("\n", " "), hex(all));
    assert.equal(left.split("\n").length, text.split("\n").length);
    for (const line of left.split("\n")) assert.ok(line.split(" ").length <= width);
  }
});

test("escapes become bytes", () => {
  const parsed = (text) => [...parseEscapes(text).bytes];
  assert.deepEqual(parsed(String.raw`A\r\n\t\0\e\\`), [0x41, 13, 10, 9, 0, 27, 0x5c]);
  assert.deepEqual(parsed(String.raw`\x00\xfF\x419`), [0, 255, 0x41, 0x39]);
  assert.deepEqual(parsed("é"), [0xc3, 0xa9]);
  assert.deepEqual(parsed(""), []);
});

test("a wrong escape says what and where", () => {
  assert.match(parseEscapes(String.raw`ab\q`).error, /\\q at character 3 .*\\xff/);
  assert.match(parseEscapes(String.raw`\x4`).error, /\\x at character 1 needs two hex digits/);
  assert.match(parseEscapes(String.raw`\x4g`).error, /two hex digits/);
  assert.match(parseEscapes("end\\").error, /backslash at the end/);
  assert.match(parseEscapes("\\🎉").error, /\\🎉/);
  assert.match(parseEscapes("\\constructor").error, /\\c /);
});

test("numbers read well", () => {
  assert.equal(count(1, "byte"), "1 byte");
  assert.equal(count(1460, "byte"), "1,460 bytes");
  assert.equal(seconds(0.5), "0.500");
  assert.equal(seconds(undefined), "0.000");
});

test("each byte of a dump knows its place in the text", () => {
  assert.deepEqual(dumpText(bytes("aé\r\n"), 0, 5).places, [0, 1, 1, 2, 3, 4]);
  assert.deepEqual(dumpText(bytes("a\r\n\0b"), 0, 5, false), { text: "a·b", places: [0, 1, 1, 1, 2, 3] });
});

test("an overload is told in words", () => {
  assert.equal(overloadWords({ waiting: 37, longest: 4.2 }), "37 sessions wait for their turn, the first for 4 s");
  assert.equal(overloadWords({ waiting: 1, longest: 1.04 }), "1 session waits for its turn, the first for 1 s");
});

test("a dump that is drawn as text counts the names of controls", () => {
  assert.deepEqual(dumpLines(Uint8Array.from([0, 0, 0, 0]), 6, true), [0, 2]);
  assert.deepEqual(dumpLines(bytes("abcdef"), 6, true), [0]);
});

test("text wraps at its line ends and where there is no room", () => {
  const wrapped = (text, columns) => wrapLines(text, columns).map((from, i, all) => text.slice(from, all[i + 1]));
  assert.deepEqual(wrapped("abcdef", 4), ["abcd", "ef"]);
  assert.deepEqual(wrapped("ab\ncd", 40), ["ab\n", "cd"]);
  assert.deepEqual(wrapped("日本語", 4), ["日本", "語"]);
  assert.deepEqual(wrapped("🎉🎉", 2), ["🎉", "🎉"]);
  assert.deepEqual(wrapped("a\tb", 8), ["a\t", "b"]);
  assert.deepEqual(wrapped("", 8), [""]);
});

test("words wrap before the word for which there is no room", () => {
  const wrapped = (text, columns) => wrapLines(text, columns, true).map((from, i, all) => text.slice(from, all[i + 1]));
  assert.deepEqual(wrapped("one two three", 8), ["one two ", "three"]);
  assert.deepEqual(wrapped("one two", 3), ["one ", "two"]);
  assert.deepEqual(wrapped("a word-without-end", 8), ["a word-w", "ithout-e", "nd"]);
  assert.deepEqual(wrapped("one\ntwo three four", 9), ["one\n", "two three ", "four"]);
});

test("wrapping loses nothing and keeps to the room", () => {
  const text = "x␍␊ é日\t".repeat(50);
  for (const columns of [12, 40, 81]) {
    const starts = wrapLines(text, columns);
    assert.equal(starts.map((from, i) => text.slice(from, starts[i + 1])).join(""), text);
    assert.ok(starts.every((from, i) => (starts[i + 1] ?? text.length) - from <= columns));
  }
});

test("without pictures, text is plain", () => {
  assert.equal(withoutPictures("a␍␊b␀c␉d"), "ab·c d");
});

test("hex pairs become bytes", () => {
  assert.deepEqual([...parseHex("47 45\n0x0d,0A").bytes], [0x47, 0x45, 13, 10]);
  assert.deepEqual([...parseHex("").bytes], []);
  assert.match(parseHex("4g").error, /“g” is not a hex digit/);
  assert.match(parseHex("474").error, /last byte has one digit/);
});

test("a row's time, as the user likes it", () => {
  assert.equal(rowTime("relative", 0.5123, undefined, 0), "0.512");
  assert.equal(rowTime("delta", 1.5, 1.25, 0), "+0.250");
  assert.equal(rowTime("delta", 1.5, undefined, 0), "");
  assert.equal(rowTime("none", 1.5, 1, 0), "");
  assert.equal(rowTime("relative", undefined, 1, 0), "");
  assert.match(rowTime("absolute", 1.5, 1, Date.parse("2030-01-02T03:04:05Z")), /^\d\d:\d\d:06\.500$/);
  assert.equal(clock(42), "0:42");
  assert.equal(clock(3727), "1:02:07");
});

test("a character that shows as its number has room for that in a dump", () => {
  const marks = bytes("\u202e".repeat(5));
  assert.deepEqual(dumpLines(marks, 24, true), [0, 9]);
  assert.deepEqual(dumpLines(marks, 8, true), [0, 3, 6, 9, 12]);
});

test("beside hex a character has as many cells as bytes", () => {
  const marks = bytes("\u202e".repeat(5));
  assert.deepEqual(dumpLines(marks, 16), [0]);
  assert.deepEqual(dumpLines(marks, 4), [0, 3, 6, 9, 12]);
  const cells = (text) => {
    const all = [];
    for (let i = 0, b = bytes(text); i < b.length; i += all.at(-1)[1]) all.push(Object.values(cellAt(b, i)));
    return all;
  };
  assert.deepEqual(cells("aé☕🎉\r"), [["a", 1], ["é", 2], ["☕", 3], ["🎉", 4], ["␍", 1]]);
  assert.deepEqual(cellAt(Uint8Array.from([0xc3, 0x28]), 0), { text: "·", length: 1 });
});

test("bytes have kinds", () => {
  const kinds = [..."A~ \t\r\n\0\x1b\x7f"].map((char) => kindOfByte(char.charCodeAt(0)));
  assert.deepEqual(kinds, ["", "", "space", "space", "space", "space", "zero", "other", "other"]);
  assert.deepEqual([0x80, 0xff].map(kindOfByte), ["high", "high"]);
});

test("what was imported is not cut off", () => {
  assert.equal(endOf({ ended: "cut off", session: "" }), "imported");
  assert.equal(endOf({ ended: "cut off", session: "s1" }), "cut off");
  assert.equal(endOf({ ended: "done", session: "" }), "done");
});

test("bytes are read out as text, names and numbers", () => {
  const spoken = (/** @type {string} */ text) => spokenBytes(Buffer.from(text, "latin1"));
  assert.equal(spoken("GET / HTTP/1.0\r\n\r\n"), "GET / HTTP/1.0 CR LF CR LF");
  assert.equal(spoken("\tcaf\u00e9!"), "TAB caf 0xe9 !");
  assert.equal(spoken("\x01A\x02\xff"), "0x01 0x41 0x02 0xff");
  assert.equal(spoken(""), "");
});
