import { test } from "node:test";
import assert from "node:assert/strict";
import { EntryReader } from "../model/entryrows.js";

const text = (bytes) => new TextDecoder().decode(bytes);

test("a line mode: the client's side in the console, the server's on the wire", () => {
  const reader = new EntryReader();
  let rows = reader.read({ n: 1, t: 0.5, dir: ">>", side: "client", kind: "text", text: "" });
  assert.equal(rows.console.kind, "sent");
  assert.equal(rows.console.text, "");
  assert.equal(rows.wire, undefined);

  rows = reader.read({ n: 1, t: 0.5, dir: "<<", side: "server", kind: "bytes", text: "\r\n" });
  assert.equal(rows.console, undefined);
  assert.equal(rows.wire.kind, "sent");
  assert.equal(text(rows.wire.bytes), "\r\n");

  rows = reader.read({ n: 2, t: 0.6, dir: ">>", side: "server", kind: "bytes", text: "HTTP/1.0 302 Found\r\n" });
  assert.equal(rows.console, undefined);
  assert.equal(rows.wire.kind, "received");

  rows = reader.read({ n: 2, t: 0.6, dir: "<<", side: "client", kind: "text", text: "HTTP/1.0 302 Found" });
  assert.equal(rows.console.kind, "received");
  assert.equal(rows.console.text, "HTTP/1.0 302 Found");
  assert.equal(rows.wire, undefined);
});

test("a side that passes through stands in both lanes, from the next event on", () => {
  const reader = new EntryReader();
  const sent = { n: 1, dir: ">>", side: "client", kind: "binary", b64: "AP8=" };
  const got = { n: 2, dir: ">>", side: "server", kind: "bytes", text: "x" };
  assert.equal(reader.read(sent).wire, undefined);
  reader.read({ n: 2, dir: "<<", kind: "pass-through", side: "client" });
  assert.deepEqual([...reader.read(sent).wire.bytes], [0, 255]);
  assert.equal(reader.read(got).console, undefined);
  reader.read({ n: 3, dir: "<<", kind: "pass-through", side: "server" });
  assert.equal(reader.read(got).console.kind, "received");
});

test("notes, remarks, ends and timers are words", () => {
  const reader = new EntryReader();
  const words = (entry) => {
    const { console } = reader.read(entry);
    return [console.kind, console.text];
  };
  assert.deepEqual(words({ dir: "<<", kind: "note", text: "n" }), ["note", "n"]);
  assert.deepEqual(words({ dir: "--", kind: "remark", text: "dialled" }), ["remark", "dialled"]);
  assert.deepEqual(words({ dir: "<<", kind: "timer", name: "quiet", after: "100ms" }), ["remark", "Timer quiet is set: 100ms."]);
  assert.deepEqual(words({ dir: "<<", kind: "timer", name: "quiet", after: "off" }), ["remark", "Timer quiet is off."]);
  assert.match(words({ dir: ">>", side: "server", kind: "failed", text: "reset" })[1], /broke: reset/);
  assert.match(words({ dir: "<<", kind: "close", text: "bye" })[1], /bye/);
  assert.match(reader.read({ dir: ">>", side: "server", kind: "eof" }).wire.text, /FIN/);
  assert.match(reader.read({ dir: "<<", side: "server", kind: "eof" }).wire.text, /FIN/);
});

test("the end of the stream to the server shows once, whoever ends it", () => {
  const reader = new EntryReader();
  const rows = reader.read({ dir: ">>", side: "client", kind: "eof" });
  assert.match(rows.console.text, /ended your input/);
  assert.match(rows.wire.text, /to the server \(FIN\)/);
  assert.equal(reader.read({ dir: "<<", side: "server", kind: "eof" }).wire, undefined);
});

test("an entry of a later version is passed over", () => {
  const reader = new EntryReader();
  assert.deepEqual(reader.read({ kind: "hello" }), {});
  assert.deepEqual(reader.read({ dir: ">>", kind: "teleported" }), {});
  assert.deepEqual(reader.read({ dir: "<<", kind: "teleported" }), {});
});

test("a long payload is there to its last byte", () => {
  const reader = new EntryReader();
  const long = "x".repeat(1_000_000);
  const b64 = Buffer.alloc(1_000_000, 0xff).toString("base64");
  const wire = (entry) => reader.read({ dir: ">>", side: "server", kind: "bytes", ...entry }).wire;
  for (const row of [wire({ text: long }), wire({ b64 })]) {
    assert.equal(row.bytes.length, 1_000_000);
    assert.equal(row.size, 1_000_064);
  }
  assert.equal(reader.read({ dir: "<<", side: "client", kind: "text", text: long }).console.text, long);
});

test("messages and bytes of each direction are counted", () => {
  const reader = new EntryReader();
  for (const entry of [
    { dir: ">>", side: "client", kind: "text", text: "hi" },
    { dir: "<<", side: "server", kind: "bytes", text: "hi\r\n" },
    { dir: ">>", side: "server", kind: "bytes", text: "one\r\ntw" },
    { dir: "<<", side: "client", kind: "text", text: "one" },
    { dir: "<<", side: "client", kind: "part", text: "tw" },
    { dir: "<<", kind: "note", text: "not counted" },
  ]) reader.read(entry);
  assert.deepEqual(reader.counts, { sent: { messages: 1, bytes: 4 }, received: { messages: 1, bytes: 7 } });
});

test("base64 of every length keeps its last bytes", () => {
  const reader = new EntryReader();
  for (let n = 0; n < 10; n++) {
    const data = Buffer.alloc(n, 0xfe);
    const { wire } = reader.read({ dir: ">>", side: "server", kind: "bytes", b64: data.toString("base64") });
    assert.deepEqual([...wire.bytes], [...data]);
  }
});

test("rows of both lanes are numbered in the order of what happened", () => {
  const reader = new EntryReader();
  const first = reader.read({ n: 1, dir: ">>", side: "client", kind: "text", text: "a" }).console;
  const second = reader.read({ n: 1, dir: "<<", side: "server", kind: "bytes", text: "a\r\n" }).wire;
  assert.ok(first.id < second.id);
});

test("a message that is not whole yet gives its place to the next", () => {
  const reader = new EntryReader();
  const read = (/** @type {any} */ entry) => reader.read({ n: 1, side: "client", ...entry });
  const prompt = read({ dir: "<<", kind: "part", text: "log" });
  const longer = read({ dir: "<<", kind: "part", text: "login: " });
  const typed = read({ dir: ">>", kind: "text", text: "me" });
  const whole = read({ dir: "<<", kind: "text", text: "login: me" });
  const next = read({ dir: "<<", kind: "text", text: "hello" });
  assert.deepEqual([prompt, longer, whole, next].map(({ console }) => !!console.part), [true, true, false, false]);
  assert.deepEqual([prompt, longer, typed, whole, next].map(({ instead }) => instead), [undefined, prompt.console.id, undefined, longer.console.id, undefined]);
});

test("bytes past the line mode stand in both lanes", () => {
  const { console, wire } = new EntryReader().read({ n: 1, dir: ">>", side: "client", kind: "raw", b64: "//Q=" });
  assert.deepEqual([...console.bytes], [0xff, 0xf4]);
  assert.deepEqual([wire.kind, [...wire.bytes], wire.stream, wire.from], ["sent", [0xff, 0xf4], "up", 0]);
});
