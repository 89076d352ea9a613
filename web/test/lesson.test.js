import test from "node:test";
import assert from "node:assert/strict";
import { afterVerdict, fits, isTried, mostTranscripts, nextStep, pointsWords, stepOf, sumOf, verdictWords, withTranscript } from "../model/lesson.js";

const step = (/** @type {number} */ n, /** @type {boolean} */ passed, reached = passed ? 3 : 0) => ({ n, passed, reached, points: 3, title: "" });

test("it goes on at the first step that is not passed, unless the address names one", () => {
  const steps = [step(1, true), step(2, false), step(3, true)];
  assert.equal(nextStep(steps), 2);
  assert.equal(nextStep(steps.map((one) => ({ ...one, passed: true }))), 3);
  assert.equal(nextStep([]), 1);
  assert.equal(stepOf(steps, "3"), 3);
  for (const wrong of [undefined, "", "0", "4", "2x"]) assert.equal(stepOf(steps, wrong), 2);
});

test("what was reached adds up", () => {
  assert.deepEqual(sumOf([step(1, true), step(2, false, 1)]), { points: 6, reached: 4, passed: 1, done: false });
  assert.equal(sumOf([step(1, true)]).done, true);
  assert.equal(pointsWords(1, 1), "1 of 1 point");
  assert.equal(pointsWords(0, 2), "0 of 2 points");
});

test("the last transcripts of a step are checked, each once", () => {
  assert.deepEqual(withTranscript(["a"], "b"), ["a", "b"]);
  assert.deepEqual(withTranscript(["a", "b"], "a"), ["a", "b"]);
  const many = Array.from({ length: mostTranscripts }, (_, i) => "t" + i);
  assert.deepEqual(withTranscript(many, "new"), [...many.slice(1), "new"]);
});

test("a later verdict takes nothing away", () => {
  /** @type {any} */
  const verdict = { step: 1, points: 1, passed: false };
  assert.deepEqual(afterVerdict(/** @type {any} */ ([step(1, false), step(2, false)]), verdict), [step(1, false, 1), step(2, false)]);
  assert.deepEqual(afterVerdict(/** @type {any} */ ([step(1, true)]), verdict), [step(1, true)]);
  assert.deepEqual(afterVerdict(/** @type {any} */ ([step(1, false)]), { ...verdict, points: 3, passed: true }), [step(1, true)]);
});

test("a session fits a step by target, mode and options, defaults included", () => {
  const mode = { name: "http-line", options: [{ name: "eol", type: "choice", default: "crlf" }] };
  const session = /** @type {any} */ ({ target: "127.0.0.1:4080", mode, options: {} });
  assert.equal(fits({ target: "127.0.0.1:4080", mode: "http-line", options: { eol: "crlf" } }, session), true);
  assert.equal(fits({ target: "127.0.0.1:4080" }, session), true);
  assert.equal(fits({ target: "127.0.0.1:4080", options: { eol: "lf" } }, session), false);
  assert.equal(fits({ target: "127.0.0.1:4080", mode: "raw" }, session), false);
  assert.equal(fits({ target: "127.0.0.1:4025" }, session), false);
});

test("a verdict in words names the mistake, and nothing else", () => {
  /** @type {any} */
  const verdict = { passed: false, points: 1, of: 3, hint: { words: "LF alone.", mistake: true } };
  assert.equal(verdictWords(verdict), "Not yet: 1 of 3 points. LF alone.");
  assert.equal(verdictWords({ ...verdict, hint: { words: "Type it.", mistake: false } }), "Not yet: 1 of 3 points.");
  assert.equal(verdictWords({ ...verdict, passed: true, points: 3 }), "Done: 3 of 3 points.");
});

test("a check without a try has no cross", () => {
  assert.equal(isTried(undefined), false);
  assert.equal(isTried(/** @type {any} */ ({ holds: false, code: "no-connection" })), false);
  assert.equal(isTried(/** @type {any} */ ({ holds: false, code: "missing" })), true);
  assert.equal(isTried(/** @type {any} */ ({ holds: false, code: "no-connection", hint: { mistake: true } })), true, "a second connection is missing, and the first shows a mistake");
  assert.equal(isTried(/** @type {any} */ ({ holds: true })), true);
});
