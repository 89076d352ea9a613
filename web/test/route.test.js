import { test } from "node:test";
import assert from "node:assert/strict";
import { formOf, formatRoute, parseRoute } from "../ui/route.js";

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

const modes = [
  { manifest: { name: "http-line", options: [{ name: "eol", type: "choice", default: "crlf", choices: ["crlf", "lf"] }, { name: "wait", type: "int", default: "1" }] } },
  { manifest: { name: "raw", options: [] } },
];

test("the address fills the form", () => {
  assert.deepEqual(formOf("", modes, "raw"), { mode: "raw", options: {}, target: "", record: true, stays: false, tls: {}, problems: [] });
  assert.deepEqual(formOf("?mode=http-line&option.eol=lf&option.wait=-3&target=imaps%3A%2F%2Fh&record=off", modes, "raw"),
    { mode: "http-line", options: { eol: "lf", wait: "-3" }, target: "imaps://h", record: false, stays: false, tls: {}, problems: [] });
  assert.deepEqual(formOf("?option.eol=lf", modes, "http-line").options, { eol: "lf" });
  assert.deepEqual(formOf("?tls.verify=none&tls.name=b%C3%BCcher.example&tls.alpn=h2,http/1.1&tls.min=1.0", modes, "raw").tls,
    { verify: "none", name: "bücher.example", alpn: "h2,http/1.1", min: "1.0" });
});

test("what there is not is said, and the rest is done", () => {
  for (const [search, problem, rest] of [
    ["?mode=nosuch&option.eol=lf&target=h", /no line mode "nosuch"; there are http-line, raw/, { mode: "raw", options: {}, target: "h" }],
    ["?mode=http-line&option.eol=x&option.wait=2", /Option eol is "x" in the address; it is one of crlf, lf/, { options: { wait: "2" } }],
    ["?mode=http-line&option.wait=two&target=h", /whole number/, { options: {}, target: "h" }],
    ["?mode=http-line&option.toString=x", /no option "toString"; it has eol, wait/, { options: {} }],
    ["?mode=raw&option.eol=lf", /raw has no option "eol"; it has none/, { mode: "raw" }],
    ["?mode=raw&mode=http-line", /"mode" is in the address more than once/, { mode: "raw" }],
    ["?tls.verify=maybe&tls.min=1.3", /"tls.verify" is "maybe" in the address. Verify is system, none/, { tls: { min: "1.3" } }],
    ["?tls.key=x&tls.min=1.3", /"tls.key" is .* choices verify, name, alpn, min, cert/, { tls: { min: "1.3" } }],
    ["?mode=raw&record=no", /record is "no"/, { mode: "raw", record: true }],
    ["?mode=raw&connect=1", /"connect"; there are mode, option.NAME, target, record, server-eof and tls\.NAME/, { mode: "raw" }],
  ]) {
    const form = formOf(search, modes, "raw");
    assert.match(form.problems.join(" "), problem);
    assert.equal(form.problems.length, 1, search);
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(form[name], value, search);
  }
});
