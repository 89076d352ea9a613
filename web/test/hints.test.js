import { test } from "node:test";
import assert from "node:assert/strict";
import { HintReader } from "../model/hints.js";

const b64 = (/** @type {string} */ bytes) => Buffer.from(bytes, "latin1").toString("base64");
const heard = (/** @type {string} */ bytes) => ({ dir: ">>", side: "server", kind: "bytes", b64: b64(bytes) });
const sent = (/** @type {string} */ text) => ({ dir: "<<", side: "server", kind: "bytes", text });
const closed = { dir: ">>", side: "server", kind: "eof" };
const line = { input: "line", mode: "http-line", target: "127.0.0.1:80" };
const raw = { ...line, input: "bytes", mode: "raw" };

/** The hint's id some seconds after entries came, "" for none. */
function after(/** @type {number} */ seconds, /** @type {any} */ about, /** @type {any[]} */ ...entries) {
  const reader = new HintReader(about, 1000);
  for (const entry of entries) reader.read(entry, 2000);
  const hint = reader.hint((entries.length ? 2000 : 1000) + seconds * 1000);
  if (hint) assert.match(hint.text, /\b(may|looks like)\b.*\.$/s, hint.id);
  return hint?.id ?? "";
}

test("the server may wait for an empty line", () => {
  const head = [sent("GET / HTTP/1.1\r\n"), sent("Host: x\r\n")];
  assert.equal(after(3, line, ...head), "empty-line");
  assert.equal(after(2.9, line, ...head), "");
  assert.equal(after(3, line, sent("OPTIONS rtsp://x RTSP/1.0\r\n")), "empty-line");
  assert.equal(after(3, line, ...head, sent("\r\n")), "");
  assert.equal(after(3, line, ...head, heard("HTTP/1.1 408\r\n")), "");
  assert.equal(after(3, line, ...head, closed), "");
  assert.equal(after(3, line, sent("HELO x\r\n")), "");
});

test("bytes came without a line end", () => {
  assert.equal(after(3, line, heard("220 mai")), "unfinished");
  assert.equal(after(3, line, heard("220 mail\r\n22")), "unfinished");
  const reader = new HintReader(/** @type {any} */ (line), 0);
  for (const part of ["a\n", "1234", "567"]) reader.read(heard(part), 0);
  assert.match(reader.hint(3000)?.text ?? "", /^7 bytes came/);
  assert.equal(after(2, line, heard("220 mai")), "");
  assert.equal(after(3, raw, heard("220 mai")), "");
  assert.equal(after(3, line, heard("220 mail\r\n")), "");
  for (const prompt of ["login: ", "> ", "sh-5.2$ "]) assert.equal(after(3, line, heard(prompt)), "");
});

test("a message needs no line end", () => {
  const message = (/** @type {string} */ flow) => ({ dir: "<<", kind: "message", message: { flow, from: 0, to: 7, summary: "x" } });
  assert.equal(after(3, line, heard("\x00\x05hello"), message("from-server")), "");
  assert.equal(after(3, line, heard("\x00\x05hello"), message("from-server"), heard("\x00\x05he")), "unfinished");
  assert.equal(after(3, line, sent("{}"), message("to-server")), "");
  assert.equal(after(3, line, sent("{}"), message("to-server"), sent("{}")), "no-line-end");
});

test("it closed at once: TLS", () => {
  const https = { ...line, target: "127.0.0.1:443" };
  assert.equal(after(0, https, closed), "tls-port");
  assert.equal(after(0, https, sent("GET / HTTP/1.0\r\n"), closed), "tls-port");
  assert.equal(after(5, { ...line, target: "h:993" }), "tls-port");
  assert.equal(after(0, https, sent("a\r\n"), heard("b\r\n"), closed), "");
  assert.equal(after(0, https, sent("a\r\n"), sent("b\r\n"), closed), "");
  assert.equal(after(0, { ...line, target: "tls://h:443" }, closed), "");
  assert.equal(after(0, line, closed), "");
  assert.equal(after(0, raw, heard("\x15\x03\x01\x00\x02\x02\x46"), closed), "tls-alert");
  assert.equal(after(0, raw, heard("\x16\x03\x03\x00\x40\x02")), "tls-record");
  assert.equal(after(0, { ...raw, target: "tls://h:1" }, heard("\x15\x03\x01\x00\x02\x02\x46")), "");
});

test("that looks like HTTP/2", () => {
  assert.equal(after(0, line, heard("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03")), "http2");
  assert.equal(after(0, line, heard("\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00")), "http2");
  assert.equal(after(0, line, heard("\x00\x00\x13\x04\x00\x00\x00\x00\x00")), "");
  assert.equal(after(0, { ...raw, mode: "h2" }, heard("\x00\x00\x12\x04\x00\x00\x00\x00\x00")), "");
  assert.equal(after(3, line, sent("PRI * HTTP/2.0\r\n"), sent("\r\n")), "http2");
});

test("that looks like another protocol", () => {
  assert.equal(after(0, line, heard("SSH-2.0-OpenSSH_9.2\r\n")), "looks-like");
  assert.equal(after(0, line, heard("RFB 003.008\n")), "looks-like");
  assert.equal(after(0, line, heard("\x4a\x00\x00\x00\x0a8.0.36\x00xxxx")), "looks-like");
  assert.equal(after(0, { ...line, mode: "ssh" }, heard("SSH-2.0-OpenSSH_9.2\r\n")), "");
  assert.equal(after(0, line, heard("220 SSH-2.0\r\n")), "");
  assert.equal(after(0, line, heard("SSH-2.0-x\r\n"), sent("a\r\n"), heard("b\r\n")), "");
});

test("another mode that fits better, by the server's first bytes and its port", () => {
  const modes = /** @type {any} */ ([
    { name: "http-line", ports: [{ port: 110, name: "POP3" }], greetings: [{ begins: "+OK", name: "POP3" }] },
    { name: "resp", ports: [{ port: 6379, name: "Redis" }], greetings: [{ begins: "+OK\r\n", name: "Redis" }] },
    { name: "telnet", greetings: [{ begins: "\u0090\u00fb", name: "Telnet" }] },
    { name: "pop3", ports: [{ port: 995, name: "POP3" }], greetings: [{ begins: "+OK", name: "POP3" }] },
  ]);
  const says = (/** @type {string} */ mode, /** @type {string} */ target, /** @type {string} */ bytes) => {
    const reader = new HintReader({ input: "bytes", mode, target, modes }, 0);
    reader.read(heard(bytes), 0);
    const hint = reader.hint(0);
    return hint?.id === "other-mode" ? hint.text : "";
  };
  assert.match(says("resp", "h:110", "+OK ready\r\n"), /“\+OK”, as POP3 does, and on its port: the line mode http-line may fit better than resp\./);
  assert.match(says("http-line", "h:6379", "+OK\r\n"), /as Redis does, and on its port: the line mode resp /);
  assert.match(says("raw", "h:4000", "+OK\r\n"), /as Redis does: the line mode resp /);
  assert.match(says("raw", "h:4000", "\x90\xfb"), /as Telnet does: /);
  assert.equal(says("http-line", "h:110", "+OK ready\r\n"), "");
  assert.equal(says("pop3", "h:110", "+OK ready\r\n"), "", "it is for such servers too");
  assert.equal(says("raw", "h:6379", "hello\r\n"), "", "the port alone says nothing of what came");
});

test("LF alone, or no line end", () => {
  const passes = { dir: "<<", side: "client", kind: "pass-through" };
  const typed = (/** @type {string} */ text) => ({ dir: ">>", side: "client", kind: "binary", text });
  assert.equal(after(3, raw, passes, typed("HELO x\n")), "line-feed");
  assert.equal(after(3, raw, passes, typed("HELO x")), "no-line-end");
  assert.equal(after(3, raw, passes, typed("HELO x\r\n")), "");
  assert.equal(after(3, raw, passes, typed("\x01\x02")), "");
  assert.equal(after(3, raw, typed("HELO x\n")), "", "the mode has not sent it");
  assert.equal(after(3, line, { dir: ">>", side: "client", kind: "raw", text: "x\n" }), "line-feed");
  assert.equal(after(3, raw, passes, typed("x".repeat(100_000) + "\n")), "line-feed");
});

test("servers of this kind speak first", () => {
  for (const port of [21, 25, 110, 143]) assert.equal(after(5, { ...line, target: "h:" + port }), "greeting");
  assert.equal(after(5, { ...line, target: "tls://h:465" }), "greeting");
  assert.equal(after(4.9, { ...line, target: "h:25" }), "");
  assert.equal(after(5, { ...line, target: "h:25" }, heard("220 x\r\n")), "");
  assert.equal(after(5, line), "");
});

test("says when to ask again", () => {
  const reader = new HintReader(/** @type {any} */ (line), 0);
  assert.deepEqual([0, 3000, 5000].map((now) => reader.next(now)), [3000, 2000, 0]);
  reader.read(sent("x"), 6000);
  assert.equal(reader.next(7000), 2000);
  reader.read({ dir: "--", kind: "remark", text: "busy" }, 8000);
  assert.equal(reader.next(7000), 2000, "a remark is no answer");
});
