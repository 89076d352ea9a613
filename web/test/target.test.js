import { test } from "node:test";
import assert from "node:assert/strict";
import { advice, splitTarget, targetOf } from "../target.js";

const target = (host, port = "", tls = false) => targetOf({ host, port, tls }).target;

test("an empty port is 80, and 443 with TLS", () => {
  assert.equal(target("example.com"), "example.com:80");
  assert.equal(target("example.com", "", true), "tls://example.com:443");
  assert.equal(target(" 127.0.0.1 ", " 4000 "), "127.0.0.1:4000");
});

test("a service name may stand for the port", () => {
  assert.equal(target("example.com", "http"), "example.com:http");
});

test("what people paste into Host is understood", () => {
  assert.equal(target("example.com:8080"), "example.com:8080");
  assert.equal(target("example.com:8080", "81"), "example.com:81");
  assert.equal(target("tls://example.com:853"), "tls://example.com:853");
  assert.equal(target("https://example.com/a?b#c"), "tls://example.com:443");
  assert.equal(target("http://example.com/"), "example.com:80");
});

test("IPv6 gets its brackets", () => {
  assert.equal(target("::1", "80"), "[::1]:80");
  assert.equal(target("[::1]", "80"), "[::1]:80");
  assert.equal(target("[::1]:8080"), "[::1]:8080");
});

test("what can not be dialled is said before anything is", () => {
  assert.equal(targetOf({ host: " ", port: "80", tls: false }).field, "host");
  assert.equal(targetOf({ host: "a b", port: "80", tls: false }).field, "host");
  for (const port of ["0", "65536", "99999", "8 0"]) {
    assert.equal(targetOf({ host: "a", port, tls: false }).field, "port");
  }
});

test("the practice server's address fills the fields", () => {
  assert.deepEqual(splitTarget("127.0.0.1:4000"), { host: "127.0.0.1", port: "4000" });
  assert.deepEqual(splitTarget("[::1]:4000"), { host: "::1", port: "4000" });
});

test("a failure comes with something to try", () => {
  assert.match(advice("connection refused by 127.0.0.1:9: nothing listens there"), /running/);
  assert.match(advice("no such host: nosuch.invalid"), /spelling/);
  assert.match(advice("127.0.0.1:80 answered, but does not speak TLS: leave tls:// out"), /TLS off/);
  assert.match(advice("the certificate of x is self-signed"), /trusts/);
  assert.match(advice("something new"), /connect again/);
  assert.equal(advice("the workbench does not answer; is it still running?"), "");
});
