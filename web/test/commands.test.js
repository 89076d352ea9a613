import { test } from "node:test";
import assert from "node:assert/strict";
import { aboutField, commandOf, commandsFor, completed, conditions, fieldAt, fitting, lacking, problemOf, usage, valuesOf } from "../model/commands.js";

const publish = { name: "PUBLISH", fields: [
  { name: "topic", type: "text" },
  { name: "qos", type: "int", min: 0, max: 2, default: "1" },
  { name: "payload", type: "text", rest: true, optional: true },
] };
const commands = [{ name: "PING", button: true }, publish, { name: "PUT" }];
const names = (/** @type {any[]} */ list) => list.map(({ name }) => name);

test("commands fit the first word as it is typed", () => {
  assert.deepEqual(names(fitting(commands, "p")), ["PING", "PUBLISH", "PUT"]);
  assert.deepEqual(names(fitting(commands, " pu")), ["PUBLISH", "PUT"]);
  assert.deepEqual(fitting(commands, ""), []);
  assert.deepEqual(fitting(commands, "put "), []);
  assert.equal(completed(publish), "PUBLISH ");
  assert.equal(completed(commands[0]), "PING");
});

test("a line is a command by its first word, whatever its case", () => {
  assert.equal(commandOf(commands, "  ping\t"), commands[0]);
  assert.equal(commandOf(commands, "publish a b"), publish);
  assert.equal(commandOf(commands, "pub"), undefined);
  assert.equal(commandOf(commands, ""), undefined);
});

test("a command is there with the options that it is for", () => {
  const list = [{ name: "A" }, { name: "B", when: { preset: ["irc", "nntp"] } }];
  assert.deepEqual(names(commandsFor(list, { preset: "nntp" })), ["A", "B"]);
  assert.deepEqual(names(commandsFor(list, { preset: "none" })), ["A"]);
  assert.deepEqual(list.map(conditions), ["", "preset=irc or nntp"]);
});

test("how a command is written", () => {
  assert.equal(usage(publish), "PUBLISH topic [qos=1] [payload …]");
  assert.equal(usage(commands[0]), "PING");
});

test("what a field takes", () => {
  assert.equal(aboutField(publish.fields[1]), "a whole number from 0 to 2 · without it 1");
  assert.equal(aboutField({ name: "x", type: "choice", choices: ["a", "b"], help: "How." }), "How. · a, b");
  assert.equal(aboutField(publish.fields[2]), "text · may be left out");
});

test("which field is typed", () => {
  for (const [text, at] of /** @type {[string, number][]} */ ([
    ["PUBLISH", -1], ["PUBLISH ", 0], ["PUBLISH a", 0], ["PUBLISH \"a b", 0], ["PUBLISH \"a b ", 0], ["PUBLISH \"a b\" ", 1], ["PUBLISH a 1 ", 2], ["PUBLISH a 1 x y z", 2], ["PUBLISH \"a\\\" ", 0],
  ])) assert.equal(fieldAt(publish, text), at, text);
  assert.equal(fieldAt(commands[0], "PING x"), -1);
});

test("which field is typed of a line that goes as text", () => {
  for (const [text, at] of /** @type {[string, number][]} */ ([
    ["PUBLISH 'a b", 0], ["PUBLISH 'a b' ", 1], ["PUBLISH 'a\\' ", 0], ["PUBLISH it's ", 1], ["PUBLISH \"it's ", 0],
  ])) assert.equal(fieldAt(publish, text, true), at, text);
});

test("which arguments are missing", () => {
  const set = { name: "SET", fields: [{ name: "key", type: "text" }, { name: "value", type: "text" }] };
  const del = { name: "DEL", fields: [{ name: "key", type: "text", rest: true }] };
  for (const [command, text, why] of /** @type {[any, string, string][]} */ ([
    [set, "SET", "SET expects 2 arguments, key and value: key and value are missing."],
    [set, "set 'a b' ", "SET expects 2 arguments, key and value: value is missing."],
    [set, "SET \"a b\" ''", ""], [set, " SET a b c", ""],
    [del, "DEL", "DEL expects at least 1 argument, key: key is missing."], [del, "DEL a b", ""],
    [publish, "PUBLISH ", "PUBLISH expects at least 1 argument, topic: topic is missing."],
    [commands[0], "PING", ""],
  ])) assert.equal(lacking(command, text), why, text);
});

test("what is wrong with a value", () => {
  const [topic, qos, payload] = publish.fields;
  assert.equal(problemOf(topic, ""), "");
  assert.equal(problemOf(payload, ""), "");
  assert.equal(problemOf(qos, ""), "");
  assert.equal(problemOf(qos, "2"), "");
  assert.equal(problemOf(qos, "3"), "It is 0 to 2.");
  assert.equal(problemOf(qos, "1.5"), "Write a whole number.");
  assert.equal(problemOf({ name: "n", type: "int", min: 1 }, "0"), "It is at least 1.");
  assert.equal(problemOf({ name: "n", type: "int" }, "-9223372036854775808"), "");
  assert.equal(problemOf({ name: "c", type: "choice", choices: ["a"] }, ""), "Choose one.");
  assert.equal(problemOf({ name: "s", type: "secret" }, ""), "Fill it in.");
  const bytes = { name: "b", type: "bytes" };
  for (const good of ["0x", "0x0dFF", "\\x00a\\r\\n", "a\"b", "é"]) assert.equal(problemOf(bytes, good), "", good);
  assert.match(problemOf(bytes, "0x0"), /pairs/);
  assert.match(problemOf(bytes, "\\q"), /backslash/);
});

test("values that are left out are not sent", () => {
  assert.deepEqual(valuesOf(publish, { topic: "", qos: "", payload: "hi" }), { topic: "", payload: "hi" });
  assert.deepEqual(valuesOf(commands[0], {}), {});
});
