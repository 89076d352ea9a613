import { test } from "node:test";
import assert from "node:assert/strict";
import { Pace } from "../model/pace.js";

// A pace whose rests end when the test says so.
function pacing(t, answer = async () => {}) {
  const rests = [];
  t.mock.method(globalThis, "setTimeout", (over, ms) => rests.push({ over, ms }));
  const said = [];
  const pace = new Pace((value) => (said.push(value), answer(value)), 250);
  return { pace, said, rests, settled: () => new Promise((over) => setImmediate(over)) };
}

test("the first is said at once, those that come too soon are left out, and the last is said", async (t) => {
  const { pace, said, rests, settled } = pacing(t);
  for (const at of [1, 2, 3]) pace.say(at);
  assert.deepEqual(said, [1]);
  assert.equal(rests[0].ms, 250);
  await settled();
  assert.deepEqual(said, [1]);
  rests[0].over();
  await settled();
  assert.deepEqual(said, [1, 3]);
  rests[1].over();
  await settled();
  pace.say(4);
  assert.deepEqual(said, [1, 3, 4]);
});

test("it waits for what was promised", async (t) => {
  let done = () => {};
  const { pace, said, rests, settled } = pacing(t, () => new Promise((over) => (done = over)));
  pace.say(1);
  pace.say(2);
  rests[0].over();
  await settled();
  assert.deepEqual(said, [1]);
  done();
  await settled();
  assert.deepEqual(said, [1, 2]);
});

test("one that fails does not hold up the next", async (t) => {
  const { pace, said, rests, settled } = pacing(t, async (value) => {
    if (value === 1) throw new Error("gone");
  });
  pace.say(1);
  pace.say(2);
  rests[0].over();
  await settled();
  assert.deepEqual(said, [1, 2]);
});
