import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copied, typed, cString, goBothWays, goString, ofDirection, printf } from "../model/copy.js";

const bytes = (text) => new TextEncoder().encode(text);
const target = { host: "127.0.0.1", port: "4000" };
const rows = [
  { kind: "sent", bytes: bytes("GET /\r\n") },
  { kind: "note", text: "a note" },
  { kind: "received", bytes: Uint8Array.from([0x22, 0xff, 0x31, 0x0a]) },
];

test("the forms of some rows", () => {
  assert.equal(copied("text", rows.slice(0, 2)), "GET /\r\na note\n");
  assert.equal(copied("hex", rows), "47 45 54 20 2f 0d 0a 22 ff 31 0a");
  assert.equal(copied("c", rows), String.raw`"GET /\r\n\"\3771\n"`);
  assert.equal(copied("go", rows), String.raw`"GET /\r\n\"\xff1\n"`);
  assert.equal(copied("python", rows), String.raw`b"GET /\r\n\"\xff1\n"`);
  assert.equal(copied("printf", rows, target), String.raw`printf 'GET /\r\n' | nc 127.0.0.1 4000`);
});

test("what goes both ways can be taken one way", () => {
  assert.equal(copied("hex", ofDirection(rows, "sent")), "47 45 54 20 2f 0d 0a");
  assert.equal(copied("base64", ofDirection(rows, "received")), "Iv8xCg==");
  assert.equal(ofDirection(rows, ""), rows);
  assert.deepEqual([rows, rows.slice(0, 2), rows.slice(1), []].map(goBothWays), [true, false, false, false]);
});

test("C has no trigraphs, and Go no hex that swallows digits", () => {
  assert.equal(cString(bytes("??= ???")), String.raw`"?\?= ?\?\?"`);
  assert.equal(goString(Uint8Array.from([0, 0x39])), String.raw`"\x009"`);
});

test("a shell's printf sends exactly the bytes, whatever they are", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const sent of [all, bytes("-n 100% 'quoted' \\ \"too\"\r\n"), bytes("$(id) `id` \\x41")]) {
    const line = printf(sent, target).replace(/ \| nc .*$/, "");
    assert.deepEqual([...execFileSync("/bin/sh", ["-c", line])], [...sent]);
  }
});

test("a host cannot become a command, and TLS needs another tool", () => {
  assert.match(printf(bytes("x"), { host: "a;id", port: "1" }), /nc 'a;id' 1$/);
  assert.match(printf(bytes("x"), { host: "unix:///a b", port: "" }), / \| nc -U '\/a b'$/);
  assert.match(printf(bytes("x"), { host: 'exec:/bin/x "a b"', port: "" }), / \| '\/bin\/x' 'a b'$/);
  assert.match(printf(bytes("x"), { host: "serial:///dev/ttyS0?baud=9600&data=8&parity=none&stop=1", port: "" }), / > '\/dev\/ttyS0'$/);
  assert.match(printf(bytes("x"), { host: "listen://[::1]:25?next=wait", port: "" }), / \| nc -l ::1 25$/);
  assert.match(printf(bytes("x"), { host: "unix:///a", port: "", tls: true }), /openssl s_client -quiet -unix '\/a'$/);
  assert.match(printf(bytes("x"), { host: "::1", port: "1", tls: true }), /openssl s_client .*::1:1$/);
});

test("what was sent can be typed again", () => {
  const bytes = (/** @type {string} */ text) => Uint8Array.from([...text].map((char) => char.charCodeAt(0)));
  const rows = [{ kind: "sent", text: "GET /" }, { kind: "received", text: "no" }, { kind: "sent", bytes: bytes("Host: x\r\n") }];
  assert.equal(typed(rows, "line", false), "GET /\nHost: x");
  assert.equal(typed([{ kind: "sent", bytes: bytes('a"\\\r\n\x01\xff') }], "bytes", false), 'a"\\\\\\r\\n\\x01\\xff');
  assert.equal(typed([{ kind: "sent", bytes: bytes("a\n") }], "bytes", true), "61 0a");
  assert.equal(typed([{ kind: "sent", bytes: bytes("a\x01") }], "line", false), null);
  assert.equal(typed([{ kind: "received", text: "no" }], "line", false), null);
});
