import { test } from "node:test";
import assert from "node:assert/strict";
import { Pen, Pens, classOf, colour256, coloursOf, contrast, linesOf, penAt } from "../model/ansi.js";
import { consoleLayout } from "../model/rowlayout.js";
import { RowLog } from "../model/rowlog.js";
import { shownText } from "../model/format.js";

/** @param {string} text as the server sent it */
const read = (text) => new Pen().read(shownText(text));
/** The spans in words: the kind's first letter, the text, the look. @param {string} text */
const words = (text) => {
  const shown = shownText(text);
  return read(text).spans.map(({ from, to, kind, look }) => {
    const set = Object.entries(look).filter(([, value]) => value).map(([key, value]) => (value === true ? key : `${key} ${value}`));
    return [kind, shown.slice(from, to), ...(kind === "text" ? set : [])].join("|");
  });
};

test("SGR sets colours and how letters look", () => {
  assert.deepEqual(words("a\x1b[1;31mb\x1b[0mc"), ["text|a", "sgr|␛[1;31m", `text|b|fg ${colour256(1)}|bold`, "sgr|␛[0m", "text|c"]);
  for (const [codes, want] of /** @type {[string, string][]} */ ([
    ["3;4;7;9", "|italic|underline|inverse|struck"], ["4;24;1;22;3;23;7;27;9;29", ""], ["4:3", "|underline"], ["4:0", ""],
    ["38;5;196", "|fg 255,0,0"], ["48;5;232", "|bg 8,8,8"], ["38;2;1;2;3", "|fg 1,2,3"], ["38:2::1:2:3", "|fg 1,2,3"], ["38:2:1:2:3", "|fg 1,2,3"], ["48:5:231", "|bg 255,255,255"],
    ["97;107", "|fg 255,255,255|bg 255,255,255"], ["31;39", ""], ["41;49", ""], ["", ""], ["38;5;256", ""], ["38;2;1;2", ""], ["38;5", ""], ["999;5;2;8", ""], ["38;5;1;4", `|fg ${colour256(1)}|underline`],
  ])) assert.equal(words(`\x1b[${codes}mx`).at(-1), "text|x" + want, codes);
});

test("any other sequence is told apart and does nothing", () => {
  for (const sequence of ["\x1b[2J", "\x1b[10;20H", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\x1bPq#0\x1b\\", "\x1bc", "\x1b(B", "\x1b[?25l", "\x1b[>0;1m", "\x1b[1 m", "\x1bM", "\x1b=", "\x1b_x\x1b\\"]) {
    assert.deepEqual(words("a" + sequence + "b"), ["text|a", "escape|" + shownText(sequence), "text|b"], JSON.stringify(sequence));
  }
  assert.deepEqual(words("\x1b[3\x01mx"), ["escape|␛[3", "text|␁mx"], "a control breaks it off");
  assert.deepEqual(words("\u241b[31mx"), ["text|⟨U+241B⟩[31mx"], "a picture is no escape");
});

test("what has no end is given up", () => {
  const endless = read("\x1b]0;" + "x".repeat(1000));
  assert.equal(endless.next.begun, "");
  let pen = new Pen();
  for (let i = 0; i < 1000; i++) pen = pen.read("␛]" + "x".repeat(40)).next;
  assert.ok(pen.begun.length < 256);
});

/** Numbers from 0 to 1, the same each time. @param {number} seed */
function random(seed) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

test("however it was cut, it looks the same; each character is in one span", () => {
  const next = random(7);
  const pieces = ["a", "bc", " ", "\x1b", "[", "]", "3", "1", "m", ";", ":", "38;5;", "0", "\x1b[0m", "\x1b[1;32m", "\x1b[48;2;9;9;9m", "\x07", "\x1b\\", "\x01", "\x18", "\x1b[", "H", "(", "é", "\u{1f600}", "P", "\r"];
  for (let round = 0; round < 3000; round++) {
    const text = shownText(Array.from({ length: 1 + Math.floor(next() * 14) }, () => pieces[Math.floor(next() * pieces.length)]).join(""));
    /** @param {number[]} cuts */
    const looks = (cuts) => {
      let pen = new Pen();
      /** @type {string[]} */
      const all = [];
      [0, ...cuts].forEach((from, i) => {
        const part = text.slice(from, cuts[i] ?? text.length);
        const { spans, next: after } = pen.read(part);
        let at = 0;
        for (const span of spans) {
          assert.equal(span.from, at);
          at = span.to;
          if (span.kind === "text") for (let k = span.from; k < span.to; k++) all.push(part[k] + JSON.stringify(span.look));
        }
        assert.equal(at, part.length);
        pen = after;
      });
      return [all, pen];
    };
    const cuts = Array.from({ length: 3 }, () => Math.floor(next() * (text.length + 1))).sort((a, b) => a - b);
    assert.deepEqual(looks(cuts), looks([]), JSON.stringify([text, cuts]));
  }
});

test("colours can be read in both themes", () => {
  const numbers = (/** @type {string} */ css) => Array.from(css.matchAll(/rgb\(([\d ]+)\)/g), ([, list]) => /** @type {[number, number, number]} */ (list.split(" ").map(Number)));
  const rows = [[[255, 255, 255], [227, 236, 250]], [[13, 16, 15], [36, 52, 79]]];
  const next = random(3);
  const codes = [...Array.from({ length: 256 }, (_, n) => `38;5;${n}`), ...Array.from({ length: 256 }, (_, n) => `48;5;${n}`), "7", "7;31", "7;41", "31;41", "30;40", "97;107"];
  for (let i = 0; i < 300; i++) codes.push(`38;5;${Math.floor(next() * 256)};48;2;${Array.from({ length: 3 }, () => Math.floor(next() * 256)).join(";")}`);
  for (const code of codes) {
    const { color, backgroundColor } = coloursOf(read(`\x1b[${code}mx`).spans[1].look);
    const [fgs, bgs] = [numbers(color), numbers(backgroundColor)];
    assert.equal(fgs.length, 2, code);
    fgs.forEach((fg, theme) => {
      for (const under of bgs.length ? [bgs[theme]] : /** @type {[number, number, number][]} */ (rows[theme])) assert.ok(contrast(fg, under) >= 4.5, `${code}: ${fg} on ${under}`);
    });
  }
  assert.deepEqual(coloursOf(read("x").spans[0].look), { color: "", backgroundColor: "" });
  assert.equal(classOf(read("\x1b[1;4mx").spans[1].look), "ansi bold underlined");
});

/** @param {string} text @param {import("../types").Way} [kind] @returns {import("../types").Row} */
const row = (text, kind = "received") => ({ id: 0, kind, text, size: text.length, from: -1, to: -1 });
/** @param {string} text @returns {import("../types").Row} */
const bytes = (text) => ({ ...row(""), text: undefined, bytes: new TextEncoder().encode(text) });

test("what the server says is one stream over all rows", () => {
  const log = new RowLog({ maxRows: 6 });
  const pens = new Pens(log);
  const add = (/** @type {import("../types").Row[]} */ ...rows) => (rows.forEach((one) => log.append(one)), log.publish(), pens.update());
  add(row("a\x1b[4mb"), row("c"), row("\x1b[0m", "sent"), row("d\x1b[0"), row("me"), row("f"));
  assert.deepEqual([1, 2, 3, 4, 5].map((n) => [pens.of(n).look.underline, pens.of(n).begun]), [[true, ""], [true, ""], [true, ""], [true, "␛[0"], [false, ""]]);
  assert.ok(pens.of(5).isPlain);
  log.replace(3, row("d"));
  log.publish();
  pens.update();
  assert.ok(pens.of(5).look.underline, "a row that was replaced is read again");
  add(row("\x1b[31m"), row("1"), row("2"), row("3"), row("4"), row("5"));
  assert.deepEqual([6, 7, 8, 11].map((n) => pens.of(n).look.fg !== null), [false, true, true, true], "rows that left are forgotten, and what they set is not");
  log.clear();
  add(row("a"));
  assert.ok(pens.of(log.first).isPlain, "what begins anew begins plain");
});

test("SGR takes no room in a line, and a line begins as the one before ended", () => {
  for (const one of [row("\x1b[31mabcdef\x1b[0mghi\x1b[2Jk"), bytes("\x1b[31mabcdef\x1b[0mghi\x1b[2Jk")]) {
    const layout = consoleLayout({ columns: 4, controls: true, linesOf });
    const lines = layout.lines(one, 0, 9).map(({ text }) => text);
    assert.deepEqual(lines.map((text) => text.replace(/␛\[\d+m/g, "")), ["abcd", "efgh", one.bytes ? "i␛" : "i␛", "[2Jk"]);
    assert.equal(layout.measure(one), 4);
    assert.deepEqual([0, 1, 2].map((k) => penAt(new Pen(), one, layout, k).look.fg !== null), [false, true, false]);
    assert.equal(lines.join(""), "␛[31mabcdef␛[0mghi␛[2Jk");
  }
});
