import { test } from "node:test";
import assert from "node:assert/strict";
import { Feed } from "../wire/feed.js";
import { LaneView } from "../model/laneview.js";
import { LineIndex } from "../model/lineindex.js";

globalThis.document ??= { hidden: true };
globalThis.requestAnimationFrame ??= (f) => f();

// A session of lines, four to a message of the server's, cut where they like; every
// 100th event is the client's, and one prompt stays open for a while.
function session(events) {
  const entries = [];
  const add = (entry) => entries.push({ i: entries.length + 1, t: entries.length / 1000, ...entry });
  let rest = "";
  for (let n = 1; n <= events; n++) {
    if (n % 100 === 0) {
      add({ n, dir: ">>", side: "client", kind: "text", text: `say ${n}` });
      add({ n, dir: "<<", side: "server", kind: "bytes", text: `say ${n}\r\n` });
      continue;
    }
    const text = [0, 1, 2, 3].map((k) => `line ${n}.${k} é\r\n`).join("");
    const cut = n % 7;
    add({ n, dir: ">>", side: "server", kind: "bytes", text: rest + text.slice(0, text.length - cut) });
    const whole = (rest + text.slice(0, text.length - cut)).split("\r\n");
    const left = whole.pop();
    for (const line of whole) add({ n, dir: "<<", side: "client", kind: "text", text: line });
    if (n % 50 === 1 && left) add({ n, dir: "<<", side: "client", kind: "part", text: left.trimEnd() });
    rest = text.slice(text.length - cut);
    if (rest) {
      add({ n: n + 0.5, dir: ">>", side: "server", kind: "bytes", text: rest });
      if (left + rest === left) continue;
      add({ n: n + 0.5, dir: "<<", side: "client", kind: "text", text: (left + rest).trimEnd() });
      rest = "";
    }
  }
  return entries;
}

class Kept extends Feed {
  constructor(entries, bound) {
    super(bound);
    this.all = entries;
    this.pages.again = true;
  }
  again = async (from, to) => this.all.filter(({ i }) => i >= from && i < Math.min(to, from + 7)); // an answer has its bound
  async settle() {
    for (let k = 0; k < 50; k++) await new Promise((done) => setImmediate(done));
    this.console.publish();
    this.wire.publish();
  }
}

const publish = (feed) => [feed.console, feed.wire].forEach((log) => log.publish());
const rowsOf = (log) => Array.from({ length: log.end - log.first }, (_, k) => log.row(log.first + k));

function fed(entries, bound) {
  const feed = new Kept(entries, bound);
  for (let at = 0; at < entries.length; at += 997) feed.take(entries.slice(at, at + 997));
  publish(feed);
  return feed;
}

const small = { rows: 500, size: 1e6 };

test("rows that left memory come again as they were", async () => {
  const entries = session(600);
  const [whole, feed] = [fed(entries), fed(entries, small)];
  assert.ok(feed.console.loaded < 800 && feed.console.end === whole.console.end);
  assert.equal(feed.console.dropped, 0);
  for (let from = 0; from < feed.console.end; from += 250) {
    feed.need("console", from, from + 30);
    await feed.settle();
    const page = feed.pages.list[feed.pages.at("console", from)];
    const end = feed.pages.endOf(page);
    for (const lane of ["console", "wire"]) {
      const part = (log) => rowsOf(log).slice(page[lane], end[lane]);
      assert.deepEqual(part(feed[lane]), part(whole[lane]));
    }
  }
  assert.ok(feed.console.loaded < 800);
});

test("lines are counted once, and stay when their rows leave and come", async () => {
  const feed = fed(session(300), small);
  assert.equal(feed.console.row(100), undefined);
  const lines = new LineIndex(feed.console, (row) => (row ? 3 : 1));
  lines.update();
  const { at } = lines.of(900); // is in memory
  const load = async (from) => {
    feed.need("console", from, from + 3);
    await feed.settle();
  };
  await load(100);
  const left = lines.update(at);
  assert.ok(left < 0 && lines.of(900).at === at - left); // what stood there is further down
  const { total } = lines;
  for (const from of [500, 900, 0, 700, 300]) await load(from);
  assert.equal(feed.console.row(100) && 1, 1);
  for (let from = 0; from < 1200; from += 20) await load(from); // row 100 has left again
  assert.equal(feed.console.row(100), undefined);
  lines.update();
  assert.ok(lines.total > total);
  assert.equal(lines.of(101).at - lines.of(100).at, 3);
});

test("find goes on through rows that are not in memory, to the first and around", async () => {
  const entries = session(600);
  const feed = fed(entries, small);
  const laneView = new LaneView();
  const look = () => laneView.search(feed, ["console"]);
  const go = async (step) => {
    laneView.goTo(step);
    await feed.settle();
    const hit = laneView.hits.value[laneView.hit.value];
    return hit && feed.console.row(hit.number)?.text;
  };
  laneView.wanted.value = "line 17.2 ";
  look();
  assert.deepEqual([laneView.hits.value.length, laneView.more.value], [0, true]);
  assert.equal(await go(-1), "line 17.2 é");
  assert.equal(await go(-1), "line 17.2 é"); // there is no other
  assert.equal(laneView.more.value, false);

  laneView.wanted.value = "say";
  look();
  const seen = [];
  for (let k = 0; k < 7; k++) seen.push(await go(-1));
  assert.deepEqual(seen, ["say 600", "say 500", "say 400", "say 300", "say 200", "say 100", "say 600"]);

  laneView.wanted.value = "0.0 é";
  look();
  assert.ok(laneView.hits.value.length > 0);
  laneView.hit.value = laneView.hits.value.length - 1;
  assert.equal(await go(1), "line 10.0 é"); // around: the first of the session
  assert.equal(await go(1), "line 20.0 é");
  assert.equal(laneView.seeking.value, -1);
});

test("what cannot be read is said, and passed over", async () => {
  const feed = fed(session(600), small);
  const laneView = new LaneView();
  laneView.wanted.value = "line 17.2 ";
  feed.again = async () => {
    throw new Error("gone");
  };
  laneView.search(feed, ["console"]);
  laneView.goTo(-1);
  await feed.settle();
  assert.match(laneView.unsought.value, /gone/);
  assert.equal(laneView.seeking.value, -1);
  feed.need("console", 0, 30);
  await feed.settle();
  assert.equal(feed.pages.list[0].problem, "gone");
});

test("without a place to read them from, the oldest rows leave for good", () => {
  const feed = new Feed(small);
  feed.take(session(300));
  publish(feed);
  assert.ok(feed.console.dropped > 0 && feed.console.first === feed.pages.list[0].console);
  assert.equal(feed.console.loaded, feed.console.end - feed.console.first);
});
