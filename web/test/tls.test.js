import { test } from "node:test";
import assert from "node:assert/strict";
import { credentialOf, credentials, forgetFile, giveFiles, pemProblem } from "../wire/credentials.js";
import { dateProblem, fingerprintOf, grouped, shownDate, waysOn } from "../model/tls.js";
import { tlsProblem } from "../model/target.js";
import { shownLine } from "../model/format.js";

const fingerprint = "0123456789abcdef".repeat(4);
const certificate = { subject: "CN=x", names: ["*.x.example", "x.example", "127.0.0.1"], notBefore: "2026-01-01T00:00:00Z", notAfter: "2026-02-01T00:00:00Z", fingerprint };
const id = "0".repeat(32);
const pem = (label) => `-----BEGIN ${label}-----\nAA==\n-----END ${label}-----\n`;
const file = (text, size = text.length) => ({ size, text: async () => text });

const codes = [
  "tls-expired", "tls-wrong-name", "tls-self-signed", "tls-unknown-ca", "tls-pin-mismatch", "tls-version", "tls-client-cert-wanted",
  "tls-client-cert-refused", "tls-alpn", "tls-name-wanted", "tls-not-tls", "tls-failed", "tls-credential-unknown", "tls-parameter", "tls-of-tomorrow",
];

test("every failure has a way on that can be gone", () => {
  for (const code of codes) {
    for (const refusal of [{ code }, { code, certificate }, { code, certificate: { ...certificate, names: null, fingerprint: "<b>" } }]) {
      const ways = waysOn(refusal, {});
      assert.ok(ways.length > 0, code);
      for (const way of ways) {
        assert.equal([way.set, way.file, way.field, way.clear].filter(Boolean).length, 1, `${code}: ${way.label}`);
        for (const [name, value] of Object.entries(way.set ?? {})) assert.equal(value && tlsProblem(name, value), "", `${code}: ${way.label}`);
      }
    }
  }
});

test("what gives up a protection says so, and is not the first where there is another way", () => {
  for (const code of codes) {
    const ways = waysOn({ code, certificate }, {});
    for (const way of ways) if (way.set?.verify === "none" || way.clear) assert.ok(way.unsafe, `${code}: ${way.label}`);
    if (ways.some((way) => !way.unsafe) && code !== "tls-version") assert.ok(!ways[0].unsafe, code);
  }
});

const labels = (code, choices = {}) => waysOn({ code, certificate }, choices).map((way) => way.label);

test("the ways on fit the failure", () => {
  assert.deepEqual(labels("tls-self-signed"), ["Trust this certificate (pin its fingerprint) and connect", "Choose a CA file…", "Do not verify and connect"]);
  assert.deepEqual(waysOn({ code: "tls-self-signed", certificate }, {})[0].set, { verify: "sha256:" + fingerprint });
  assert.deepEqual(labels("tls-wrong-name").slice(0, 2), ["Use the name x.example and connect", "Use the name 127.0.0.1 and connect"]);
  assert.deepEqual(labels("tls-version"), ["Allow TLS 1.0 and connect", "TLS options…"]);
  assert.deepEqual(labels("tls-version", { min: "1.3" }), ["Allow TLS 1.2 and connect", "Allow TLS 1.0 and connect", "TLS options…"]);
  assert.deepEqual(labels("tls-version", { min: "1.0" }), ["TLS options…"]);
  assert.deepEqual(labels("tls-credential-unknown", { verify: "ca:" + id, cert: id }), ["Choose the CA file again…", "Choose the client certificate again…", "TLS options…"]);
  assert.deepEqual(labels("tls-failed"), ["TLS options…", "Allow TLS 1.0 and old cipher suites and connect"]);
  assert.deepEqual(waysOn({ code: "tls-pin-mismatch", certificate }, {})[0].set, { verify: "" });
});

test("a fingerprint is read as programs write it", () => {
  const colons = fingerprint.toUpperCase().replace(/..(?=.)/g, "$&:");
  for (const text of [fingerprint, colons, "sha256 Fingerprint=" + colons, "SHA256:" + fingerprint, grouped(fingerprint), " " + colons + "\n"]) {
    assert.equal(fingerprintOf(text), fingerprint, text);
  }
  assert.equal(grouped("abcdefgh"), "abcd efgh");
});

test("dates are in UTC, and say when they are over", () => {
  assert.equal(shownDate("2026-11-28T10:25:01+01:00"), "2026-11-28 09:25");
  assert.equal(shownDate("<never>"), "<never>");
  for (const [now, problem] of [["2025-12-31", "not valid yet"], ["2026-01-15", ""], ["2026-02-02", "expired"]]) assert.equal(dateProblem(certificate, Date.parse(now)), problem);
});

test("a peer's words stay on their line", () => assert.equal(shownLine("a\r\n\tb\u202e"), "a␍␊␉b⟨U+202E⟩"));

test("only what is asked for leaves the page", () => {
  assert.equal(pemProblem("ca", pem("CERTIFICATE")), "");
  assert.match(pemProblem("ca", pem("CERTIFICATE") + pem("RSA PRIVATE KEY")), /private key/);
  for (const label of ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]) assert.equal(pemProblem("client", pem("CERTIFICATE") + pem(label)), "", label);
  assert.match(pemProblem("client", pem("CERTIFICATE")), /no private key/);
  assert.match(pemProblem("ca", "\u0030\u0082"), /not PEM/);
});

test("a file goes to the workbench, and what it is called stays", async (t) => {
  const asked = [];
  const kept = new Map();
  globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  t.after(() => delete globalThis.localStorage);
  t.mock.method(globalThis, "fetch", async (url, { method = "GET", body = "" } = {}) => {
    asked.push([method, url, body]);
    const one = { id, kind: "client", subject: "CN=me", names: [], fingerprint };
    return { ok: true, json: async () => (method === "POST" ? one : [one]) };
  });
  const [cert, key] = [pem("CERTIFICATE"), pem("PRIVATE KEY")];
  assert.deepEqual(await giveFiles("client", [file(cert), file(key)]), { id });
  assert.deepEqual(asked, [["POST", "/api/tls", cert + "\n" + key], ["GET", "/api/tls", ""]]);
  assert.ok(![...kept.values()].join().includes("BEGIN"));
  credentials.value = []; // the workbench was started again
  assert.equal(credentialOf(id).subject, "CN=me");
  assert.equal(credentialOf("1".repeat(32)), undefined);

  assert.equal(await forgetFile(id), "");
  assert.deepEqual(asked.slice(2).map(([method, url]) => method + " " + url), ["DELETE /api/tls/" + id, "GET /api/tls"]);
  assert.equal(kept.get("workbench.credentials"), "[]");

  asked.length = 0;
  assert.match((await giveFiles("client", [file(cert)])).problem, /no private key/);
  assert.match((await giveFiles("ca", [file(cert, 300_000)])).problem, /256 KiB/);
  assert.deepEqual(asked, []);
});

test("what the workbench says of a file is said", async (t) => {
  t.mock.method(globalThis, "fetch", async () => ({ ok: false, status: 400, text: async () => "the key is encrypted\n" }));
  assert.deepEqual(await giveFiles("ca", [file(pem("CERTIFICATE"))]), { problem: "the key is encrypted" });
  t.mock.method(globalThis, "fetch", async () => { throw new TypeError("failed"); });
  assert.match((await giveFiles("ca", [file(pem("CERTIFICATE"))])).problem, /still running/);
});
