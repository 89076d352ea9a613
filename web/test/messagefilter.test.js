import { test } from "node:test";
import assert from "node:assert/strict";
import { MessageFilter, termsOf } from "../model/messagefilter.js";
import { placesIn } from "../model/search.js";

const row = {
  number: 0, wrong: true, size: 1,
  message: {
    flow: "from-server", from: 0, to: 9, summary: "Error of two words",
    fields: [
      { name: "resp.type", from: 0, to: 1, value: "error" },
      { name: "http.status", from: 1, to: 2, value: "404", wrong: "x", fields: [{ name: "inner", from: 1, to: 2, value: "a \"b\" \\" }] },
      { name: "item", from: 2, to: 3, value: "1" }, { name: "item", from: 3, to: 4, value: "2" }, { name: "none", from: 4, to: 4, value: "" },
      { name: "raw", from: 5, to: 6, valueB64: "/w==" },
    ],
  },
};
const passes = async (text, more = {}, asked = async (rows, pattern) => rows.map((one) => placesIn(one, pattern))) => {
  const filter = new MessageFilter({ text, flow: "", wrong: false, ...more });
  if (filter.reads) {
    assert.equal(filter.passes(row), undefined);
    await filter.read([row], asked);
  }
  assert.equal(filter.problem, "");
  return filter.passes(row);
};

for (const [text, want] of [
  ["", true], ["error", true], ["ERROR", false], ["Error", true], ["rror tw", true], ["rror xx", false], ['"of two"', true], ["two of", true], ["resp.type", true], ['"resp.type"', false], ["resp.typ", false],
  ["resp.type = error", true], ["resp.type=error", true], ["resp.type = Error", false], ["resp.type = err", false], ["resp.type != error", false], ["resp.type != ok", true],
  ["missing = x", false], ["missing != x", false], ["item = 2", true], ["item != 2", false], ["item != 3", true], ['none = ""', true], ['none != ""', false],
  ["http.status ~ 4..", true], ["http.status ~ ^4", true], ["http.status ~ ^0", false], ["http.status ~ x*", true], ["none ~ ^$", true], ["none ~ x", false], ["missing ~ .*", false], ["resp.type ~ ERR", false], ["resp.type ~ err|x", true],
  ["resp.type = error http.status = 404 words", true], ["resp.type = error http.status = 405", false], ["item ~ 1 item ~ 2", true],
  ['inner = "a \\"b\\" \\\\"', true], ["404", false], ["raw = ·", true],
]) {
  test(`filter ${text || "of nothing"}`, async () => assert.equal(await passes(text), want));
}

test("a flow, and only what is wrong", async () => {
  assert.equal(await passes("", { flow: "to-server" }), false);
  assert.equal(await passes("error", { flow: "from-server", wrong: true }), true);
  assert.equal(new MessageFilter({ text: "", flow: "", wrong: true }).passes({ ...row, wrong: false }), false);
  assert.ok(new MessageFilter({ text: " ", flow: "", wrong: false }).isOpen);
});

for (const [text, words] of [
  ["resp.type =", 'After resp.type = comes a value, as in resp.type = error. The empty value is "".'],
  ["a ~", /^After a ~ comes a value, as in a ~ \^4/],
  ["= 3", /^Before = comes the name of a field/], ["5 != 3", /^Before != comes the name of a field/],
  ['"open', 'A quote is missing after "open.'], ['a = "open', 'A quote is missing after "open.'], ['"a"b', 'After the quoted "a" comes a blank.'],
  ["a ~ (", /^a ~ \(: That is not a regular expression: /],
]) {
  test(`what is wrong with ${text}`, () => {
    const { problem } = termsOf(text);
    if (typeof words === "string") assert.equal(problem, words);
    else assert.match(problem, words);
  });
}

test("a regular expression that takes too long is said, and leaves nothing out", async () => {
  const filter = new MessageFilter({ text: "a ~ (x+)+y", flow: "", wrong: false });
  await filter.read([{ ...row, message: { ...row.message, fields: [{ name: "a", from: 0, to: 1, value: "x" }] } }], async () => { throw new Error("This takes too long."); });
  assert.equal(filter.problem, "This takes too long.");
});
