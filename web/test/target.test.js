import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { URL } from "node:url";
import { endHint, nextWaits, withNext } from "../model/ends.js";
import { Targets, changedTLS, isWebSocket, withTLS, withoutHeaders, tlsDefaults, tlsProblem, tlsWord, isSecure, withoutPassword, wrongTLS, fieldsOf, normalFields, plainSchemes, secureSchemes, splitTarget, takesTLS, targetOf, targetTitle } from "../model/target.js";
import { advice } from "../model/advice.js";

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
  assert.equal(target("example.com/a"), "example.com:80");
  assert.equal(target("tls://example.com:853"), "tls://example.com:853");
  assert.equal(target("https://example.com/a?b#c"), "tls://example.com:443");
  assert.equal(target("http://example.com/"), "example.com:80");
});

test("what is written in Host rules over the other fields", () => {
  for (const [host, port, tls, want] of [
    ["127.0.0.1:23100", "4000", false, ["127.0.0.1", "23100", false]],
    ["127.0.0.1:", "4000", true, ["127.0.0.1", "4000", true]],
    ["https://127.0.0.1:23100/x", "4000", false, ["127.0.0.1", "23100", true]],
    ["https://me:secret@example.com/a@b", "4000", false, ["example.com", "", true]],
    ["HTTP://example.com?q", "4000", true, ["example.com", "", false]],
    ["tls://example.com", "4000", false, ["example.com", "", true]],
    ["smtp://example.com", "4000", true, ["example.com", "25", false]],
    ["imaps://example.com", "4000", false, ["example.com", "993", true]],
    [" example.com ", " 25 ", true, ["example.com", "25", true]],
    ["[::1]:8080", "4000", false, ["[::1]", "8080", false]],
    ["::1", "4000", false, ["[::1]", "4000", false]],
    ["https://", "4000", false, ["", "", true]],
  ]) {
    const fields = normalFields({ host, port, tls });
    assert.deepEqual([fields.host, fields.port, fields.tls], want, host);
    delete fields.notice;
    assert.deepEqual(normalFields(fields), fields, host + ", twice");
  }
  for (const one of ["example.com:80", "tls://example.com:http", "[::1]:1", "tls://[fe80::1%eth0]:443"]) {
    assert.equal(targetOf(fieldsOf(one)).target, one);
  }
});

test("IPv6 gets its brackets", () => {
  assert.equal(target("::1", "80"), "[::1]:80");
  assert.equal(target("[::1]", "80"), "[::1]:80");
  assert.equal(target("[::1]:8080"), "[::1]:8080");
});

// What core/target reads, too.
const { schemes, cases } = JSON.parse(readFileSync(new URL("../../core/target/testdata/targets.json", import.meta.url), "utf8"));

test("the schemes are the workbench's", () => {
  assert.deepEqual(secureSchemes, schemes.tls);
  assert.deepEqual(plainSchemes, schemes.plain);
});

test("an address means here what it means to the workbench", () => {
  for (const { in: host, target, refused, only } of cases) {
    if (only === "handshake") continue;
    // Where no scheme says it, the switch does, as beside a Unix socket.
    for (const tls of /^[^/?#]*:\/\//.test(host) && !/^\s*(tls\+)?unix:/i.test(host) ? [false, true] : [false]) {
      const got = targetOf({ host, port: "", tls });
      assert.equal(got.target, target, JSON.stringify(host));
      if (refused) assert.ok(got.problem.toLowerCase().includes(refused.toLowerCase()), JSON.stringify(host) + ": " + got.problem);
      if (target) assert.equal(targetOf(fieldsOf(target)).target, target);
    }
    const { notice, problem, ...fields } = normalFields({ host, port: "", tls: false });
    assert.doesNotMatch(`${notice} ${problem}` + (problem ? "" : JSON.stringify(fields)), /secret|s@ec/, host);
  }
});

test("the scheme rules over the TLS switch, and says so", () => {
  assert.match(normalFields({ host: "imaps://mail.example", port: "", tls: false }).notice, /^imaps:\/\/ .*switched on/);
  assert.match(normalFields({ host: "imap://mail.example", port: "", tls: true }).notice, /^imap:\/\/ .*switched off/);
  assert.equal(normalFields({ host: "imaps://mail.example", port: "", tls: true }).notice, undefined);
  assert.match(normalFields({ host: "imaps://me:secret@mail.example", port: "", tls: true }).notice, /left out/);
});

test("what cannot be meant leaves the fields as they are", () => {
  const fields = { host: "foo://example.com", port: "4000", tls: true };
  assert.deepEqual(normalFields(fields), { ...fields, problem: normalFields(fields).problem, field: "host" });
  for (const host of ["imaps: //example.com:993", "imaps //example.com:993", "example.com//a"]) {
    assert.match(normalFields({ host, port: "", tls: false }).problem ?? "", /Before \/\/ comes a scheme/, host);
  }
  assert.equal(targetOf({ host: "tcp://example.com", port: "", tls: false }).field, "port");
  assert.equal(targetOf({ host: "tcp://example.com", port: "4000", tls: true }).target, "example.com:4000");
});

test("a Unix socket stands in Host, and the switch says TLS", () => {
  for (const [host, tls, want, title] of [
    ["unix:/run/x.sock", false, ["unix:///run/x.sock", "", false], "unix:///run/x.sock"],
    ["unix:///run/x.sock", true, ["unix:///run/x.sock", "", true], "tls+unix:///run/x.sock"],
    ["tls+unix:///run/x.sock", false, ["unix:///run/x.sock", "", true], "tls+unix:///run/x.sock"],
  ]) {
    const fields = normalFields({ host, port: "4000", tls });
    assert.deepEqual([fields.host, fields.port, fields.tls], want);
    assert.equal(targetOf(fields).target, title);
    assert.equal(targetTitle(fieldsOf(title)), title);
    assert.equal(isSecure(title), want[2]);
  }
});

test("UDP stands in Host with its port, and has no TLS", () => {
  for (const [host, port, tls, want] of [
    ["udp://127.0.0.1:53", "4000", false, "udp://127.0.0.1:53"],
    ["udp://127.0.0.1", "53", false, "udp://127.0.0.1:53"],
    ["UDP://::1", "53", true, "udp://[::1]:53"],
  ]) {
    const fields = normalFields({ host, port, tls });
    assert.deepEqual([fields.host, fields.port, fields.tls], [want, "", false]);
    assert.equal(fields.notice, tls ? "udp:// is without TLS, which is switched off." : undefined);
    assert.equal(targetOf(fields).target, want);
    assert.equal(targetTitle(fieldsOf(want)), want);
    assert.equal(isSecure(want), false);
  }
  assert.equal(targetOf({ host: "udp://127.0.0.1", port: "", tls: false }).field, "port");
});

test("a WebSocket's address stands in Host, and says TLS as the switch does", () => {
  for (const [host, tls, want, target, notice] of [
    ["ws://h", false, ["ws://h/", "", false], "ws://h:80/", undefined],
    ["ws://h:80/chat?a=b", false, ["ws://h/chat?a=b", "", false], "ws://h:80/chat?a=b", undefined],
    ["WSS://h:443/chat", false, ["wss://h/chat", "", true], "wss://h:443/chat", "wss:// means TLS, which is switched on."],
    ["ws://h:443/chat", true, ["ws://h:443/chat", "", false], "ws://h:443/chat", "ws:// is without TLS, which is switched off."],
    ["wss://[::1]/x:y", true, ["wss://[::1]/x:y", "", true], "wss://[::1]:443/x:y", undefined],
    ["ws://[::1]:81/x", false, ["ws://[::1]:81/x", "", false], "ws://[::1]:81/x", undefined],
  ]) {
    const fields = normalFields({ host, port: "4000", tls });
    assert.deepEqual([fields.host, fields.port, fields.tls], want);
    assert.equal(fields.notice, notice);
    assert.equal(targetOf(fields).target, target);
    assert.equal(targetTitle(fieldsOf(target)), want[0]);
    assert.equal(isSecure(target), want[2]);
    assert.ok(isWebSocket(target));
  }
  assert.equal(withTLS("ws://h/ws://", true), "wss://h/ws://");
  assert.equal(withTLS("wss://h/", false), "ws://h/");
  assert.equal(withTLS("h", true), "h");
  assert.ok(!isWebSocket("ws:80"));
});

test("of what a WebSocket's handshake has, headers are not kept", () => {
  assert.deepEqual(withoutHeaders({ subprotocol: "a,b", header: "Cookie: secret", send: "text", x: "y" }), { subprotocol: "a,b", send: "text" });
  assert.deepEqual(withoutHeaders({ header: "Cookie: secret", send: "pigeon" }), {});
});

test("a proxy's password is not kept", () => {
  for (const [via, kept] of [
    ["socks5://me:secret@h:1", "socks5://me@h:1"],
    ["http://me:a:b@c@h:1", "http://me@h:1"],
    ["socks5://me@[::1]:1080", "socks5://me@[::1]:1080"],
    ["socks5://[::1]:1080", "socks5://[::1]:1080"],
    ["http://h:1", "http://h:1"],
    ["", ""],
  ]) assert.equal(withoutPassword(via), kept);
});

test("what cannot be dialled is said before anything is", () => {
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
  assert.match(advice("refused"), /running/);
  assert.match(advice("no-such-host"), /spelling/);
  assert.match(advice("something-new"), /connect again/);
  assert.equal(advice("stopping"), "");
});

const memory = () => {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
};

test("targets are remembered with their mode, newest first, each once", () => {
  const storage = memory();
  const targets = new Targets(storage);
  targets.remember({ host: "a", port: "1", tls: false, mode: "raw", options: {} });
  targets.remember({ host: "b", port: "2", tls: true, mode: "http-line", options: { eol: "lf" }, name: "lab" });
  targets.remember({ host: "a", port: "1", tls: false, mode: "http-line", options: {} });
  const again = new Targets(storage);
  assert.deepEqual(again.list.map(({ host, mode, name }) => [host, mode, name]), [["a", "http-line", ""], ["b", "http-line", "lab"]]);
  again.remember({ host: "b", port: "2", tls: true, mode: "raw", options: {} });
  assert.equal(again.list[0].name, "lab");
});

test("recent targets are few, named ones stay", () => {
  const targets = new Targets(memory());
  targets.remember({ host: "kept", port: "1", tls: false, mode: "raw", options: {}, name: "kept" });
  for (let i = 0; i < 40; i++) targets.remember({ host: "h" + i, port: "1", tls: false, mode: "raw", options: {} });
  assert.equal(targets.list.length, 13);
  assert.equal(targets.list.at(-1).name, "kept");
  targets.forget(targets.list.at(-1));
  assert.equal(targets.list.length, 12);
});

test("two windows share their targets", () => {
  const storage = memory();
  const [a, b] = [new Targets(storage), new Targets(storage)];
  const at = (host) => ({ host, port: "1", tls: false, mode: "raw", options: {} });
  assert.equal(a.list.length + b.list.length, 0);
  a.remember({ ...at("a"), name: "lab" });
  b.remember(at("b"));
  const seen = a.list[1];
  b.remember({ ...at("a"), name: "another" });
  a.forget(seen); // another window has written since it was shown
  assert.deepEqual(b.list.map(({ host }) => host), ["b"]);
});

test("where nothing can be kept, targets live as long as the page", () => {
  const full = { getItem: () => "[]", setItem: () => { throw new Error("full"); } };
  for (const storage of [null, full]) {
    const targets = new Targets(storage);
    for (const host of ["a", "b"]) targets.remember({ host, port: "1", tls: false, mode: "raw", options: {} });
    assert.deepEqual(targets.list.map(({ host }) => host), ["b", "a"]);
  }
});

test("what was kept comes back in normal form, one a place, no typos", () => {
  const kept = [["127.0.0.1:2", "1"], ["x", "0"], ["example.com", ""], ["example.com", "80"]].map(([host, port]) => ({ host, port }));
  const { list } = new Targets({ getItem: () => JSON.stringify(kept), setItem() {} });
  assert.deepEqual(list.map(({ host, port }) => [host, port]), [["127.0.0.1", "2"], ["example.com", "80"]]);
});

test("choices for TLS are as the workbench takes them", () => {
  const id = "0123456789abcdef".repeat(2);
  for (const [name, values] of Object.entries({
    verify: ["system", "none", "ca:" + id, "sha256:" + id + id],
    name: ["example.com", "bücher.example", "127.0.0.1", "::1"],
    alpn: ["h2", "h2,http/1.1", "x".repeat(255)],
    min: ["1.0", "1.1", "1.2", "1.3"],
    cert: [id],
  })) for (const value of values) assert.equal(tlsProblem(name, value), "", `${name} ${value}`);
  for (const [name, values] of Object.entries({
    verify: ["", "ca:", "ca:" + id + "0", "ca:" + id.toUpperCase(), "sha256:" + id, "System", "none "],
    name: ["", "a b", "*.example.com", "a..b", "exa\u200bmple.com", "https://x"],
    alpn: ["", "h2,", "\u00e4", "x".repeat(256), Array(17).fill("a").join(",")],
    min: ["", "1.4", "1", "1.20"],
    cert: ["", id + id, "-----BEGIN PRIVATE KEY-----"],
    key: [id], constructor: [""],
  })) for (const value of values) assert.notEqual(tlsProblem(name, value), "", `${name} ${value}`);
  assert.deepEqual(wrongTLS({ min: "1.0", verify: "ca:" }), { problem: "Choose the CA file to verify against.", field: "ca" });
  assert.deepEqual([{ verify: "sha256:" }, { alpn: "," }].map((choices) => wrongTLS(choices).field), ["fingerprint", "alpn"]);
  assert.equal(wrongTLS({ min: "1.0" }), null);
});

test("only choices that are not the default are kept", () => {
  assert.deepEqual(changedTLS({ min: "1.0", alpn: "h2" }, { min: "1.2", name: "x", cert: "" }), { alpn: "h2", name: "x" });
  assert.deepEqual(changedTLS({ min: "1.0", verify: "none" }, tlsDefaults), {});
  assert.deepEqual([{}, { alpn: "h2" }, { min: "1.0", verify: "none" }, { verify: "ca:" }, { verify: "sha256:00" }].map(tlsWord), ["", "Changed", "Not verified", "Own CA", "Pinned"]);
});

test("a target's choices for TLS are remembered, as far as they can be made", () => {
  const storage = memory();
  const at = { host: "a", port: "1", tls: true };
  new Targets(storage).remember({ ...at, mode: "raw", options: {}, tlsChoices: { verify: "none", min: "9", key: "x" } });
  assert.deepEqual(new Targets(storage).find(at).tlsChoices, { verify: "none" });
});

test("someone else's data in the storage is no target", () => {
  assert.deepEqual(new Targets({ getItem: () => '[1,{"host":2}]', setItem() {} }).list, []);
  assert.deepEqual(new Targets(null).list, []);
});

test("a target's name", () => {
  assert.equal(targetTitle({ host: "h", port: "1", tls: true }), "tls://h:1");
  assert.equal(targetTitle({ name: "lab", host: "h", port: "1" }), "lab");
});

test("what is neither host nor socket has no port, and no TLS", () => {
  for (const [host, want] of [
    ["listen://localhost:0", "listen://127.0.0.1:0"],
    ["serial:/dev/ttyS0", "serial:///dev/ttyS0?baud=9600&data=8&parity=none&stop=1"],
    ["exec:/bin/cat -u", "exec:/bin/cat -u"],
  ]) {
    const fields = normalFields({ host, port: "25", tls: true });
    assert.deepEqual([fields.host, fields.port, fields.tls], [want, "", false]);
    assert.match(fields.notice, /switched off/);
    assert.equal(target(host, "25", true), want);
    assert.deepEqual(fieldsOf(want), { host: want, port: "", tls: false });
    assert.equal(takesTLS(want), false);
    assert.notEqual(endHint(want), "");
  }
  assert.equal(takesTLS("unix:///run/x"), true);
  assert.equal(takesTLS("listen"), true);
  assert.equal(endHint("example.com"), "");
});

test("whether the next client waits stands in the address", () => {
  const waits = withNext("listen://127.0.0.1:25", true);
  assert.equal(waits, "listen://127.0.0.1:25?next=wait");
  assert.equal(nextWaits(waits), true);
  assert.equal(nextWaits(withNext(waits, false)), false);
  assert.equal(target(waits), waits);
});
