import { test } from "node:test";
import assert from "node:assert/strict";
import { sendFile } from "../wire/sendfile.js";

const signal = new AbortController().signal;
const progress = () => {};

function session() {
  const sent = [];
  return { sent, waiting: 0, send: (message) => (sent.push(message), "") };
}

test("a file of lines is a message a line, however it is read", async () => {
  for (const [text, want] of [["a\r\nb\n\nc", ["a", "b", "", "c"]], ["a\n", ["a"]], ["", []], ["é", ["é"]], ["\ufeffa\n\ufeff", ["\ufeffa", "\ufeff"]]]) {
    const bytes = new TextEncoder().encode(text);
    const cut = { size: bytes.length, stream: () => new ReadableStream({ start(c) { for (const b of bytes) c.enqueue(Uint8Array.of(b)); c.close(); } }) };
    const to = session();
    assert.equal(await sendFile(cut, to, { asLines: true, signal, progress }), "");
    assert.deepEqual(to.sent, want);
  }
});

test("a file that is no UTF-8 is not sent as lines, and not a part of it", async () => {
  for (const bytes of [[0x61, 0x0a, 0x63, 0x61, 0x66, 0xe9, 0x0a], [0x61, 0x0a, 0xc3]]) {
    const to = session();
    assert.match(await sendFile(new Blob([Uint8Array.from(bytes)]), to, { asLines: true, signal, progress }), /not UTF-8.*Raw bytes/);
    assert.deepEqual(to.sent, []);
  }
});

test("a file of bytes goes as it is, in parts", async () => {
  const bytes = Uint8Array.from({ length: 150_000 }, (_, i) => i & 0xff);
  const to = session();
  let done = 0;
  assert.equal(await sendFile(new Blob([bytes]), to, { asLines: false, signal, progress: (n) => (done = n) }), "");
  assert.deepEqual(Buffer.concat(to.sent), Buffer.from(bytes));
  assert.ok(to.sent.every((part) => part.length <= 64 * 1024));
  assert.equal(done, 150_000);
});

test("it waits while the browser holds too much, and stops when told", async () => {
  const to = session();
  to.waiting = 1e6;
  const stop = new AbortController();
  const sending = sendFile(new Blob(["line\n"]), to, { asLines: true, signal: stop.signal, progress });
  stop.abort();
  assert.equal(await sending, "Cancelled.");
  assert.deepEqual(to.sent, []);
});

test("a session that is over stops it, in words", async () => {
  const over = { waiting: 0, send: () => "Not connected: press Connect first." };
  assert.match(await sendFile(new Blob(["a\nb"]), over, { asLines: true, signal, progress }), /Not connected/);
});
