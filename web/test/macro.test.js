import { test } from "node:test";
import assert from "node:assert/strict";
import { Answerer, MacroRun, dialogueSteps, messageOf, stepProblem } from "../model/macro.js";
import { placesIn } from "../model/search.js";
import * as sums from "../model/checksums.js";

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
const line = (/** @type {string} */ text) => ({ do: "line", text });
const step = (/** @type {string} */ what, text = "", seconds = undefined) => ({ do: what, text, ...(seconds && { seconds }) });

/** Answers its questions as a worker would. */
function match(/** @type {MacroRun} */ run, now = 0) {
  const question = run.question();
  return question ? run.answer(question.id, question.lines.some((one) => placesIn(one, question.pattern).length > 0), now) : [];
}

test("checksums are those of the standards", () => {
  const check = bytes("123456789"); // the check value of the catalogue of CRCs
  assert.equal(sums.crc8(check), 0xf4);
  assert.equal(sums.crc16(check), 0x4b37);
  assert.equal(sums.crc32(check), 0xcbf43926);
  assert.equal(sums.sum(check), 0xdd);
  assert.equal(sums.xor(check), 0x31);
});

test("placeholders are filled in", () => {
  const text = (/** @type {string} */ t, n = 1) => messageOf(line(t), n).message;
  assert.equal(text("123456789{crc16}"), "1234567894B37");
  assert.equal(text("123456789{crc32}"), "123456789CBF43926");
  assert.equal(text("123456789{crc16:le}"), "123456789374B");
  assert.equal(text("{{n} {n} {base64:\0me\0pw} {x}", 7), "{n} 7 AG1lAHB3 {x}");
  const hex = (/** @type {string} */ how, /** @type {string} */ t) => Buffer.from(messageOf(step(how, t), 1).message).toString("hex");
  assert.equal(hex("hex", "01 04 02 ff ff {crc16:le}"), "010402ffffb880", "as in the book of Modbus");
  assert.equal(hex("bytes", "\\x02A{xor}\\r\\n"), "0241430d0a");
  assert.match(messageOf(step("bytes", "\\q"), 1).error, /not an escape/);
  assert.match(messageOf(step("hex", " "), 1).error, /no bytes/);
});

test("a macro sends and waits for replies", () => {
  const run = new MacroRun([line("EHLO me"), step("reply", "^250 "), line("QUIT"), step("any")]);
  assert.deepEqual(run.start(0), ["EHLO me"]);
  assert.deepEqual([run.at, run.wake], [1, 10_000]);
  assert.deepEqual(match(run), []);
  run.received(bytes("250-a\r\n25"), 1);
  assert.deepEqual(match(run, 1), []);
  run.received(bytes("0 b\r\n"), 2);
  assert.deepEqual(match(run, 2), ["QUIT"]);
  assert.equal(run.step?.do, "any");
  run.received(bytes("2"), 3);
  assert.equal(run.over, false);
  run.received(bytes("21\n"), 4);
  assert.deepEqual([run.over, run.problem], [true, ""]);
});

test("an answer that comes late belongs to no other step", () => {
  const run = new MacroRun([line("a"), step("reply", "x"), line("b"), step("reply", "y")]);
  run.start(0);
  run.received(bytes("x\n"), 1);
  const old = run.question();
  assert.equal(run.question(), null, "each is asked once");
  assert.deepEqual(run.answer(old?.id ?? 0, true, 2), ["b"]);
  assert.deepEqual(run.answer(old?.id ?? 0, true, 3), []);
  assert.equal(run.at, 3);
});

test("a line counts once, and also when it came during a pause", () => {
  const run = new MacroRun([line("a"), step("pause", "100"), step("any"), step("any"), line("b")]);
  run.start(0);
  run.received(bytes("1\n"), 50);
  assert.deepEqual(run.tick(99), []);
  run.tick(100);
  assert.equal(run.at, 3);
  assert.deepEqual(run.received(bytes("2\n"), 110), ["b"]);
});

test("a wait ends in words", () => {
  const run = new MacroRun([line("a"), step("reply", "^never", 2)]);
  run.start(0);
  run.tick(1999);
  assert.equal(run.over, false);
  run.tick(2000);
  assert.deepEqual([run.over, run.problem], [true, "Step 2 waited 2 s in vain for ^never."]);
  const other = new MacroRun([step("any")]);
  other.start(0);
  other.stop("The session ended.");
  assert.deepEqual([other.over, other.problem, other.wake, other.received(bytes("x\n"), 1).length], [true, "The session ended.", 0, 0]);
});

test("quiet begins anew with what comes", () => {
  const run = new MacroRun([step("quiet", "300"), line("a")]);
  run.start(0);
  run.received(bytes("x"), 200);
  assert.deepEqual(run.tick(300), []);
  assert.deepEqual(run.tick(500), ["a"]);
});

test("rounds are counted, and many take a rest", () => {
  const run = new MacroRun([line("{n}"), step("repeat", "3"), line("end")]);
  assert.deepEqual(run.start(0), ["1", "2", "3", "end"]);
  assert.equal(run.over, true);
  const long = new MacroRun([line("{n}"), step("repeat", "100")]);
  assert.equal(long.start(0).length, 64);
  assert.equal(long.over, false);
  assert.equal(long.tick(20).at(-1), "100");
  assert.equal(long.over, true);
});

test("says what is wrong with a step", () => {
  for (const good of [line("a"), line(""), step("reply", "^2"), step("any"), step("quiet", "300"), step("repeat", "10000")]) assert.equal(stepProblem(good), "");
  for (const bad of [line("a\nb"), step("reply", ""), step("reply", "("), step("quiet", "x"), step("pause", "0"), step("repeat", "10001"), step("hex", "0"), step("any", "", 9999)]) assert.match(stepProblem(bad), /\.$/);
});

test("answers by itself, each line once, and not for ever", () => {
  const answerer = new Answerer("^ping", [line("pong {n}")]);
  const give = (/** @type {string} */ text, now = 0) => {
    answerer.received(bytes(text));
    const question = answerer.question();
    return question ? answerer.answer(question, question.lines.map((one) => placesIn(one, question.pattern).length > 0), now) : [];
  };
  assert.deepEqual(give("ping\r\nother\r\n"), ["pong 1"]);
  assert.deepEqual(give("pi"), []);
  assert.deepEqual(give("ng"), ["pong 2"], "without an end of line too");
  assert.deepEqual(give("\r\n"), [], "but not twice");
  for (let i = 0; i < 18; i++) give("ping\n", 500);
  assert.equal(answerer.over, false);
  assert.deepEqual(give("ping\n", 900), []);
  assert.match(answerer.problem, /20 times within a second/);
  const late = new Answerer("^ping", [line("pong")]);
  late.received(bytes("ping"));
  const question = /** @type {any} */ (late.question());
  late.received(bytes("\r\n"));
  assert.deepEqual(late.answer(question, [true], 0), ["pong"]);
  assert.ok(late.question()?.lines.every((one) => one.bytes.length === 0), "a line that ended meanwhile");
  const slow = new Answerer("x", [line("y")]);
  for (let i = 0; i < 50; i++) {
    slow.received(bytes("x\n"));
    slow.answer(/** @type {any} */ (slow.question()), [true], i * 100);
  }
  assert.deepEqual([slow.over, slow.answers], [false, 50]);
});

test("answers so many in a row, unless somebody types in between", () => {
  const slow = new Answerer("x", [line("{n}")], 3);
  let now = 0;
  const give = () => {
    slow.received(bytes("x\n"));
    const question = slow.question();
    return question ? slow.answer(question, [true], (now += 5000)) : [];
  };
  assert.deepEqual([give(), give(), give()], [["1"], ["2"], ["3"]]);
  slow.typed();
  assert.deepEqual([give(), give(), give(), slow.over], [["4"], ["5"], ["6"], false]);
  assert.deepEqual([give(), slow.over], [[], true]);
  assert.match(slow.problem, /^It answered 3 times with nothing typed in between/);
});

test("a pasted dialogue waits for replies, but not within a mail", () => {
  const steps = dialogueSteps(["HELO {n}", "DATA", "Subject: x", "", ".", "QUIT"], true);
  assert.deepEqual(steps.map((one) => (one.do === "line" ? one.text : "?")), ["?", "HELO {{n}", "?", "DATA", "?", "Subject: x", "", ".", "?", "QUIT", "?"]);
  const run = new MacroRun(steps.slice(1));
  assert.deepEqual(run.start(0), ["HELO {n}"]);
  run.received(bytes("250-x\r\n250 y\r\n"), 1);
  assert.deepEqual(match(run), ["DATA"]);
  run.received(bytes("354 go\r\n"), 1);
  assert.deepEqual(match(run), ["Subject: x", "", "."]);
});
