import { test } from "node:test";
import assert from "node:assert/strict";
import { formatRoute, parseRoute } from "../route.js";

test("an address says view, what it shows and how", () => {
  assert.deepEqual(parseRoute("#/transcripts/a%2Fb?at=12"), { view: "transcripts", id: "a/b", query: { at: "12" } });
  assert.deepEqual(parseRoute(""), { view: "", id: "", query: {} });
  assert.deepEqual(parseRoute("#/%zz"), { view: "%zz", id: "", query: {} });
});

test("what is written is read again", () => {
  const hash = formatRoute("transcripts", "x y", { at: 0, text: "a&b", mode: "" });
  assert.deepEqual(parseRoute(hash), { view: "transcripts", id: "x y", query: { at: "0", text: "a&b" } });
  assert.equal(formatRoute(""), "#/");
});
