import { test } from "node:test";
import assert from "node:assert/strict";
import { eventAt, positionAfter, rowsOf, tagsOf, withRow } from "../model/notes.js";

test("tags are what commas separate, each once", () => {
  assert.deepEqual(tagsOf(" smtp, lesson  3,,smtp ,"), ["smtp", "lesson 3"]);
  assert.deepEqual(tagsOf(""), []);
});

test("a note on an event comes, changes and goes", () => {
  let notes = withRow({ title: "x" }, 10, " late ");
  notes = withRow(notes, 2, "early");
  assert.deepEqual(rowsOf(notes), [{ event: 2, text: "early" }, { event: 10, text: "late" }]);
  notes = withRow(withRow(notes, 2, "changed"), 10, " ");
  assert.deepEqual(notes, { title: "x", rows: { 2: "changed" } });
  assert.deepEqual(rowsOf({}), []);
});

test("an event's place is after all that it led to", () => {
  const entries = [{ kind: "remark" }, { n: 1, kind: "text" }, { n: 1, kind: "bytes" }, { n: 2, kind: "text" }];
  assert.equal(positionAfter(entries, 1), 3);
  assert.equal(positionAfter(entries, 9), 4);
  assert.deepEqual([0, 1, 2, 3, 4].map((at) => eventAt(entries, at)), [1, 1, 1, 1, 2]);
  assert.equal(eventAt([...entries, { kind: "remark" }], 5), 2);
});
