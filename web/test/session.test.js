import { test } from "node:test";
import assert from "node:assert/strict";
import { Session } from "../wire/session.js";

globalThis.document ??= { hidden: true };
globalThis.requestAnimationFrame ??= (f) => f();
globalThis.location = { protocol: "http:", host: "127.0.0.1:8000" };

// A WebSocket that the test plays.
class FakeWebSocket {
  static last;
  sent = [];
  constructor(url) {
    this.url = new URL(url);
    FakeWebSocket.last = this;
  }
  send(data) {
    this.sent.push(data);
  }
  close() {
    this.closed = true;
  }
}
globalThis.WebSocket = FakeWebSocket;

function watching(of) {
  const choice = { mode: { name: "raw", options: [] }, options: {}, target: "127.0.0.1:7", record: true, stays: false, tlsChoices: {} };
  const session = new Session(choice, { attach: "a1", was: "", transcript: "t1", of });
  const ws = FakeWebSocket.last;
  ws.onopen();
  ws.onmessage({ data: "SUCC" });
  ws.onmessage({ data: JSON.stringify([{ kind: "hello", session: "1", mode: "raw", options: {}, target: "127.0.0.1:7", attach: "a1", readonly: true, watch: { window: 0, watchers: 1, keyboard: 0, taken: 0 } }]) });
  return { session, ws };
}

test("somebody else's session is watched, and nothing is said in it", () => {
  const { session, ws } = watching({ student: "anna" });
  assert.equal(ws.url.searchParams.get("attach"), "a1");
  assert.equal(ws.url.searchParams.get("student"), "anna");
  ws.onmessage({ data: '[{"i":1,"n":1,"dir":">>","side":"client","kind":"text","text":"GET /"}]' });
  session.entries.publish();
  assert.equal(session.entries.end, 1);
  assert.equal(session.hasKeyboard, false, "though nobody has it, as window 0");
  assert.equal(session.send("x"), "You can only watch this session.");
  session.finish();
  assert.deepEqual(ws.sent, []);
  session.close(); // which would end one's own
  assert.deepEqual(ws.sent, []);
  assert.equal(ws.closed, true);
});

test("its rows that have left memory are read as its own", async (t) => {
  const { session } = watching({ show: "1" });
  let asked = "";
  t.mock.method(globalThis, "fetch", async (url) => ((asked = url), { ok: true, json: async () => [] }));
  await session.again(5, 9);
  assert.equal(asked, "/api/sessions/a1/entries?from=5&count=4&show=1");
  session.leave();
});

test("one's own session has no owner in its address, and the keyboard of its window", () => {
  const { session, ws } = watching(undefined);
  assert.equal(ws.url.searchParams.get("student"), null);
  assert.equal(session.hasKeyboard, true);
  assert.equal(session.send("x"), "");
  assert.deepEqual(ws.sent, ['{"text":"x","m":1}']);
  session.leave();
});
