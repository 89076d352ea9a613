import { test } from "node:test";
import assert from "node:assert/strict";
import { PlayLog, clientState, differenceWords, outcomeWords, portProblem } from "../model/play.js";

const told = (...events) => {
  const log = new PlayLog();
  for (const event of events) log.take(event);
  return log;
};
const mismatch = { event: "mismatch", from: "client", offset: 0, want: '"EHLO\\r\\n"', got: '"H"', n: 1, at: 3 };

test("clients of a played server, the newest first", () => {
  const log = told(
    { event: "listening", address: "127.0.0.1:4001", steps: 3 },
    { event: "connected", client: "a" }, { event: "step", client: "a", steps: 1 }, { event: "step", client: "a", steps: 2 },
    { event: "connected", client: "b" }, { ...mismatch, client: "b" }, { ...mismatch, client: "b", n: 7 },
    { event: "connected", client: "c" }, { event: "closed", client: "c" },
    { event: "turned-away", client: "d" },
  );
  assert.deepEqual(log.clients.map((one) => clientState(one, 3).words), ["left without a word", "different so far", "agrees so far, 2 of 3 steps"]);
  assert.equal(log.clients[1].differs?.n, 1, "the first counts");
  assert.deepEqual([log.came, log.turnedAway, log.address], [3, 1, "127.0.0.1:4001"]);
  log.take({ event: "closed", client: "a" });
  log.take({ event: "ended", client: "a", result: "same", steps: 3 });
  log.take({ event: "ended", client: "b", result: "failed", error: "the client is gone" });
  assert.deepEqual(log.clients.map((one) => clientState(one, 3)).slice(1), [
    { look: "bad", words: "broke off, 0 of 3 steps: the client is gone" },
    { look: "good", words: "the same, 3 of 3 steps" },
  ]);
  assert.equal(clientState(log.clients[2], 0).words, "the same", "several in any order");
});

test("an address that comes again is another client, and old rows go", () => {
  const log = told({ event: "connected", client: "a" }, { event: "closed", client: "a" }, { event: "connected", client: "a" });
  assert.deepEqual(log.clients.map((one) => one.closed), [false, true]);
  for (let i = 0; i < 300; i++) log.take({ event: "connected", client: "x" + i });
  assert.deepEqual([log.clients.length, log.came], [200, 302]);
});

test("a played client, step by step", () => {
  const log = told({ event: "dialling", address: "h:1", steps: 4 }, { event: "connected", address: "192.0.2.1:1", tls: "tls 1.3" }, { event: "step", steps: 1 }, { event: "step", steps: 2 });
  assert.deepEqual([log.address, log.tls, log.done.length, outcomeWords(log)], ["192.0.2.1:1", "tls 1.3", 2, ""]);
  log.take({ ...mismatch, from: "server" });
  log.take({ event: "ended", result: "different" });
  assert.equal(outcomeWords(log), "Different, first at event 1.");
  assert.equal(outcomeWords(told({ event: "ended", result: "same", answers: 1, bytes: 831 })), "The same: 1 answer, 831 bytes.");
  assert.equal(outcomeWords(told({ event: "ended", result: "failed", error: "no such host: h" })), "Not played to its end: no such host: h.");
});

test("an upgrade to TLS", () => {
  const log = told({ event: "dialling", address: "h:1", steps: 4, upgrades: true }, { event: "connected", address: "192.0.2.1:1" }, { event: "secured", tls: "tls 1.3", early: 6 });
  assert.deepEqual([log.upgrades, log.tls, log.early, log.address], [true, "tls 1.3", 6, "192.0.2.1:1"]);
  assert.equal(told({ event: "listening", address: "h:1", fingerprint: "ab" }).fingerprint, "ab");
});

test("words", () => {
  assert.equal(differenceWords(/** @type {any} */ (mismatch)), 'byte 0 of what the client says: expected "EHLO\\r\\n", got "H"');
  assert.match(differenceWords(/** @type {any} */ ({ ...mismatch, nearest: true })), /^fits no recording that is left/);
  for (const good of ["", " ", "1", "65535"]) assert.equal(portProblem(good), "");
  for (const bad of ["0", "65536", "x", "-1"]) assert.match(portProblem(bad), /\.$/);
});
