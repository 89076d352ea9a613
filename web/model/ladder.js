// A session as a sequence diagram: you – line mode – server, time downwards.
// Pure: from entries to places, and from places to SVG as a file.

import { shownBytes, shownText, seconds, dataSize } from "./format.js";
import { flows, kindOf, kinds, payload, wordsFor } from "./kinds.js";

/** @typedef {import("../types").Entry} Entry */
/** @typedef {{ x: number, y: number, anchor: "start" | "middle" | "end" }} Spot where a text stands */
/**
 * @typedef {{ kind: "arrow", from: number, to: number, y: number, label: string, spot: Spot, detail: string, time: string, way: "sent" | "received", n?: number }
 *   | { kind: "words", at: number, y: number, label: string, spot: Spot, time: string, way: "note" | "remark", n?: number }} Item
 * from, to and at are lifelines: 0 you, 1 line mode, 2 server
 */
/** @typedef {{ width: number, height: number, columns: number[], items: Item[], titles: { text: string, spot: Spot }[], dropped: number }} Ladder */

/** The width of a ladder on a screen that has no more. */
export const narrow = 360;

const top = 64;
const step = 34;
const pause = 22; // put between rows that are more than a second apart
const maxLabel = 44; // characters
const maxNarrow = 36; // of a narrow ladder

/**
 * @param {Iterable<Entry>} entries
 * @param {{ mode: string, target: string, max?: number, width?: number }} about max: the newest so many arrows and words
 * @returns {Ladder}
 */
export function ladder(entries, { mode, target, max = 400, width = 960 }) {
  /** @type {(Item & { t: number })[]} */
  const all = [];
  const passed = { client: false, server: false };
  for (const entry of entries) {
    if (kindOf(entry) === kinds.PassThrough && entry.side) passed[entry.side] = true;
    const t = entry.t ?? 0;
    for (const item of itemsOf(entry, passed)) all.push({ ...item, t, time: entry.t === undefined ? "" : seconds(t) });
  }
  const items = all.slice(-max);
  let y = top;
  items.forEach((item, i) => {
    y += step + (i > 0 && item.t - items[i - 1].t > 1 ? pause : 0);
    item.y = y;
  });
  const isNarrow = width <= narrow;
  const [first, last] = isNarrow ? [64, width - 16] : [112, width - 40];
  const columns = [first, isNarrow ? (first + last) / 2 : (92 + width) / 2, last];
  for (const item of items) {
    item.spot = spotOf(item, columns, isNarrow);
    if (isNarrow) item.label = shortened(item.label, maxNarrow);
  }
  const titles = [
    { text: "You", spot: spot(columns[0], 34, "start") },
    { text: mode, spot: spot(columns[1], isNarrow ? 14 : 34, "middle") },
    { text: isNarrow ? shortened(target, 26) : target, spot: spot(columns[2], 34, "end") },
  ];
  return { width, height: y + 48, columns, items, titles, dropped: all.length - items.length };
}

/** @type {(x: number, y: number, anchor: Spot["anchor"]) => Spot} */
const spot = (x, y, anchor) => ({ x, y, anchor });

// Where an item's label stands: an arrow's over its middle, or, where there is
// little room, from the edge that it touches inwards.
/** @param {Item} item @param {number[]} columns @param {boolean} isNarrow @returns {Spot} */
function spotOf(item, columns, isNarrow) {
  const { y } = item;
  if (item.kind === "words") {
    if (item.at === 2) return spot(columns[2] - 10, y + 4, "end");
    return isNarrow ? spot(columns[1], y + 4, "middle") : spot(columns[item.at] + 10, y + 4, "start");
  }
  if (!isNarrow) return spot((columns[item.from] + columns[item.to]) / 2, y - 6, "middle");
  return Math.min(item.from, item.to) === 0 ? spot(columns[0], y - 6, "start") : spot(columns[2], y - 6, "end");
}

/** @param {Entry} entry @param {{ client: boolean, server: boolean }} passed @returns {Item[]} */
function itemsOf(entry, passed) {
  const common = { y: 0, time: "", n: entry.n, spot: spot(0, 0, "start") };
  /** @type {(from: number, to: number, what: { label: string, detail: string }) => Item} */
  const arrow = (from, to, what) => ({ kind: "arrow", from, to, way: to > from ? "sent" : "received", ...what, ...common });
  /** @type {(at: number, label: string, way?: "note" | "remark") => Item} */
  const words = (at, label, way = "remark") => ({ kind: "words", at, label: cut(shownText(label)), way, ...common });

  if (entry.dir === "--") return [words(1, entry.text ?? "")];
  const kind = kindOf(entry);
  if (kind?.flow) {
    const flow = flows[kind.flow];
    const path = "passed" in flow && entry.side && passed[entry.side] ? [...flow.path, flow.passed] : flow.path;
    const what = labels(entry, kind.text);
    return path.slice(1).map((to, i) => arrow(path[i], to, what));
  }
  if (kind?.arrow) return [arrow(kind.arrow[0], kind.arrow[1], { label: kind.arrow[2], detail: "" })];
  if (kind?.at) return [words(kind.at[0], wordsFor(kind.at[1], entry), kind.at[2])];
  return [];
}

/** @param {Entry} entry @param {boolean} [isText] */
function labels(entry, isText) {
  if (isText && entry.text !== undefined) return { label: cut(shownText(entry.text)) || "an empty line", detail: "" };
  const bytes = payload(entry);
  return { label: cut(shownBytes(bytes.subarray(0, 4 * maxLabel))), detail: dataSize(bytes.length) };
}

/** @type {Record<string, string>} */
const escapes = { "␍": "\\r", "␊": "\\n", "␉": "\\t", "␀": "\\0", "␛": "\\e" };

// A drawing has no badges, and few fonts draw the pictures: escapes stand for them.
/** @param {string} text */
function cut(text) {
  const line = text.replaceAll("\n", "").replace(/[\u2400-\u2421]/g, (picture) => escapes[picture] ?? "·");
  return shortened(line, maxLabel);
}

/** @param {string} text @param {number} most characters */
function shortened(text, most) {
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}

/** The tip of an arrow that ends at x, coming from `from`. @param {number} x @param {number} from @param {number} y */
export function tip(x, from, y) {
  const back = x > from ? -9 : 9;
  return `M${x} ${y}l${back} -5v10z`;
}

/** The colours of a file, which has no style sheet. */
const ink = { text: "#1d211e", muted: "#5a625c", line: "#b9beb8", sent: "#1553b5", received: "#0d6b52", note: "#7a5300", remark: "#5a625c", page: "#ffffff" };

/** The ladder as an SVG file. @param {Ladder} ladder */
export function ladderSVG({ width, height, columns, items, titles }) {
  const mono = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12.5"';
  const sans = 'font-family="system-ui, sans-serif"';
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="${ink.page}"/>`,
  ];
  columns.forEach((x, i) => {
    parts.push(`<text ${placed(titles[i].spot)} ${sans} font-size="14" font-weight="600" fill="${ink.text}">${escapeXML(titles[i].text)}</text>`);
    parts.push(`<path d="M${x} 48V${height - 20}" stroke="${ink.line}" stroke-dasharray="3 4"/>`);
  });
  for (const item of items) {
    parts.push(`<text x="8" y="${item.y + 4}" ${mono} fill="${ink.muted}">${item.time}</text>`);
    if (item.kind === "words") {
      parts.push(`<text ${placed(item.spot)} ${sans} font-size="12.5" font-style="italic" fill="${ink[item.way]}">${escapeXML(item.label)}</text>`);
      continue;
    }
    const [from, to] = [columns[item.from], columns[item.to]];
    const colour = ink[item.way];
    parts.push(`<path d="M${from} ${item.y}H${to}" stroke="${colour}" stroke-width="1.5"/>`);
    parts.push(`<path d="${tip(to, from, item.y)}" fill="${colour}"/>`);
    parts.push(`<text ${placed(item.spot)} ${mono} fill="${colour}">${escapeXML(item.label)}</text>`);
  }
  parts.push("</svg>");
  return parts.join("\n");
}

/** @param {Spot} spot */
const placed = ({ x, y, anchor }) => `x="${x}" y="${y}" text-anchor="${anchor}"`;

/** @param {string} text */
function escapeXML(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`).replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}
