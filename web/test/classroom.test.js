import { test } from "node:test";
import assert from "node:assert/strict";
import { follow } from "../wire/classroom.js";

const location = { protocol: "http:", host: "127.0.0.1:8000" };

// Follows over WebSockets that the test plays.
function following(t) {
  const timers = fakeTimers(t);
  const sockets = [];
  class FakeWebSocket {
    constructor(url) {
      this.url = url;
      sockets.push(this);
    }
    close() {
      this.closed = true;
      this.onclose({});
    }
  }
  const took = [];
  const one = follow("/api/class/live", (object) => took.push(object), { WebSocket: FakeWebSocket, location, now: timers.now });
  return { one, sockets, took, ...timers };
}

// Timers that go when the test says so. Those of Node 18's test runner forget one when
// another, which is over, is cleared.
function fakeTimers(t) {
  let [now, last] = [0, 0];
  const due = new Map();
  const set = (does, ms, every = 0) => (due.set(++last, { does, at: now + ms, every }), last);
  const clear = (id) => due.delete(id);
  const fakes = { setTimeout: (does, ms) => set(does, ms), setInterval: (does, ms) => set(does, ms, ms), clearTimeout: clear, clearInterval: clear };
  for (const [name, fake] of Object.entries(fakes)) t.mock.method(globalThis, name, fake);
  const tick = (ms) => {
    const until = now + ms;
    for (;;) {
      const [next] = [...due].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      const [id, timer] = next;
      now = Math.max(now, timer.at);
      if (timer.every) timer.at = now + timer.every;
      else due.delete(id);
      timer.does();
    }
    now = until;
  };
  return { now: () => now, tick, sleep: (ms) => (now += ms) };
}

test("what comes is taken, and a connection that is lost comes back", (t) => {
  const { one, sockets, took, tick } = following(t);
  assert.equal(sockets[0].url, "ws://127.0.0.1:8000/api/class/live");
  sockets[0].onopen();
  sockets[0].onmessage({ data: '{"n":1}' });
  assert.equal(one.away.value, false);
  sockets[0].onclose({});
  assert.equal(one.away.value, true);
  tick(249);
  assert.equal(sockets.length, 1);
  tick(1);
  assert.equal(sockets.length, 2);
  sockets[1].onopen();
  assert.equal(one.away.value, true, "until it is heard");
  sockets[1].onmessage({ data: '{"n":2}' });
  assert.equal(one.away.value, false);
  assert.deepEqual(took, [{ n: 1 }, { n: 2 }]);
  one.close();
});

test("it tries less and less often, at least every 5 seconds, and soon again once it was heard", (t) => {
  const { one, sockets, tick } = following(t);
  for (const wait of [250, 500, 1000, 2000, 4000, 5000, 5000]) {
    const before = sockets.length;
    sockets.at(-1).onclose({});
    tick(wait - 1);
    assert.equal(sockets.length, before, `before ${wait} ms`);
    tick(1);
    assert.equal(sockets.length, before + 1, `after ${wait} ms`);
  }
  sockets.at(-1).onopen();
  sockets.at(-1).onmessage({ data: "{}" });
  const before = sockets.length;
  sockets.at(-1).onclose({});
  tick(250);
  assert.equal(sockets.length, before + 1);
  one.close();
});

test("a connection that is never made is given up", (t) => {
  const { one, sockets, tick } = following(t);
  tick(10_000);
  assert.equal(sockets.length, 2);
  assert.equal(sockets[0].closed, true);
  one.close();
});

test("after a sleep it comes back, whatever the old connection seems to be", (t) => {
  const { one, sockets, took, sleep, tick } = following(t);
  sockets[0].onopen();
  sockets[0].onmessage({ data: "{}" });
  for (let i = 0; i < 10; i++) tick(5000);
  assert.equal(sockets.length, 1, "awake");
  sleep(60_000);
  tick(0);
  assert.equal(sockets.length, 2);
  sockets[0].onmessage({ data: '{"late":true}' });
  assert.deepEqual(took, [{}]);
  one.close();
});

test("after close nothing is asked and nothing taken", (t) => {
  const { one, sockets, took, tick } = following(t);
  sockets[0].onopen();
  one.close();
  sockets[0].onmessage({ data: "{}" });
  tick(60_000);
  assert.equal(sockets.length, 1);
  assert.deepEqual(took, []);
});

test("a page that is looked at again tries at once", (t) => {
  const document = Object.assign(new globalThis.EventTarget(), { hidden: true });
  globalThis.document = document;
  t.after(() => delete globalThis.document);
  const { one, sockets } = following(t);
  sockets[0].onclose({});
  document.dispatchEvent(new globalThis.Event("visibilitychange"));
  assert.equal(sockets.length, 1, "out of sight");
  document.hidden = false;
  document.dispatchEvent(new globalThis.Event("visibilitychange"));
  assert.equal(sockets.length, 2);
  one.close();
  document.dispatchEvent(new globalThis.Event("visibilitychange"));
  assert.equal(sockets.length, 2, "after close");
});
