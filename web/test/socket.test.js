import { test } from "node:test";
import assert from "node:assert/strict";
import { Socket, socketURL } from "../wire/socket.js";

// A WebSocket that the test plays.
class FakeWebSocket {
  static last;
  sent = [];
  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    FakeWebSocket.last = this;
  }
  send(data) {
    this.sent.push(data);
  }
  close(code) {
    this.closedWith = code;
  }
}

function open() {
  const told = [];
  const on = Object.fromEntries(
    ["waiting", "connected", "entries", "refused", "ended"].map((name) => [name, (...args) => told.push([name, ...args])]),
  );
  const socket = new Socket("ws://x/", "127.0.0.1:4000", on, FakeWebSocket);
  return { socket, ws: FakeWebSocket.last, told };
}

test("the address carries mode and options", () => {
  const location = { protocol: "http:", host: "127.0.0.1:8000" };
  assert.equal(
    socketURL(location, "http-line", { eol: "crlf", text: "a&b c" }),
    "ws://127.0.0.1:8000/websocket/ws?mode=http-line&option.eol=crlf&option.text=a%26b+c",
  );
  assert.match(socketURL(location, "ftp", {}, true, false, {}, "", {}, "", false, {}, true), /\?mode=ftp&elsewhere=on$/);
  assert.match(socketURL({ protocol: "https:", host: "h" }, "raw", {}), /^wss:\/\/h\//);
  assert.match(socketURL(location, "raw", {}, true, false, {}, "", { fragment: "on", closing: "cut" }), /\?mode=raw&with\.fragment=on&with\.closing=cut$/);
  assert.match(socketURL(location, "raw", {}, true, false, { verify: "none", alpn: "h2,http/1.1" }), /\?mode=raw&tls\.verify=none&tls\.alpn=h2%2Chttp%2F1\.1$/);
  assert.match(socketURL(location, "raw", {}, true, false, { verify: "none" }, "", {}, "", true), /\?mode=raw&tls\.verify=none&starttls=on$/);
  assert.match(socketURL(location, "raw", {}, true, false, {}, "", {}, "", true), /\?mode=raw$/);
  assert.match(socketURL(location, "raw", {}, true, false, {}, "", {}, "", false, { subprotocol: "a,b", header: "X: 1\n \r\nCookie: a=b", send: "text" }),
    /\?mode=raw&ws\.subprotocol=a%2Cb&ws\.header=X%3A\+1&ws\.header=Cookie%3A\+a%3Db&ws\.send=text$/);
});

test("a session: target up, SUCC, entries, messages, the end", () => {
  const { socket, ws, told } = open();
  assert.equal(ws.protocol, "workbench.v1");
  ws.onopen();
  assert.deepEqual(ws.sent, ["127.0.0.1:4000"]);
  ws.onmessage({ data: "SUCC" });
  ws.onmessage({ data: '[{"kind":"hello"}]' });
  socket.send({ text: "" });
  socket.sendBytes(Uint8Array.of(0));
  socket.send({ eof: true });
  assert.deepEqual(ws.sent.slice(1), ['{"text":""}', Uint8Array.of(0), '{"eof":true}']);
  ws.onclose({ code: 1000, reason: "the server closed" });
  assert.deepEqual(told, [["connected"], ["entries", [{ kind: "hello" }]], ["ended", { code: 1000, words: "the server closed", cause: "" }]]);
});

test("a client that is waited for: where, before SUCC", () => {
  const { ws, told } = open();
  ws.onopen();
  ws.onmessage({ data: "WAIT:127.0.0.1:2525" });
  ws.onmessage({ data: "SUCC" });
  assert.deepEqual(told, [["waiting", "127.0.0.1:2525"], ["connected"]]);
});

test("the last entry has the end in full, with its cause", () => {
  const { ws, told } = open();
  ws.onopen();
  ws.onmessage({ data: "SUCC" });
  ws.onmessage({ data: '[{"kind":"ended","code":"mode-lost","text":"event 3 ends its process, and more"}]' });
  ws.onclose({ code: 1011, reason: "event 3" });
  assert.deepEqual(told, [["connected"], ["ended", { code: 1011, words: "event 3 ends its process, and more", cause: "mode-lost" }]]);
});

test("a refusal is told once, without FAIL:", () => {
  const { ws, told } = open();
  ws.onopen();
  ws.onmessage({ data: "FAIL:connection refused" });
  ws.onclose({ code: 1000, reason: "" });
  assert.deepEqual(told, [["refused", "connection refused", null]]);
});

test("a refusal for machines follows the words", () => {
  const { ws, told } = open();
  ws.onopen();
  ws.onmessage({ data: "FAIL:the certificate has expired" });
  assert.deepEqual(told, []);
  const refusal = { kind: "refused", code: "tls-expired", certificate: { subject: "CN=x" } };
  ws.onmessage({ data: JSON.stringify([{ kind: "later" }, refusal]) });
  ws.onclose({ code: 1000, reason: "" });
  assert.deepEqual(told, [["refused", "the certificate has expired", refusal]]);
});

test("a workbench that is not there is a refusal in words", () => {
  const { ws, told } = open();
  ws.onclose({ code: 1006, reason: "" });
  assert.match(told[0][1], /still running/);
  assert.equal(told.length, 1);
});

test("a session that breaks ends in words", () => {
  const { ws, told } = open();
  ws.onopen();
  ws.onmessage({ data: "SUCC" });
  ws.onclose({ code: 1006, reason: "" });
  assert.match(told[1][1].words, /broke/);
});

test("after close nothing more is told", () => {
  const { socket, ws, told } = open();
  ws.onopen();
  ws.onmessage({ data: "SUCC" });
  socket.close();
  ws.onmessage({ data: "[]" });
  ws.onclose({ code: 1000, reason: "" });
  assert.deepEqual(told, [["connected"]]);
  assert.equal(ws.closedWith, 1000);
});
