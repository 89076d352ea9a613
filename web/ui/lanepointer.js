// What the pointer and the keys do in a lane.

import { byteAt } from "../model/rowlayout.js";

// Which of a row's bytes the pointer is on, in this lane or, by way of the wire, in
// the other; or those of a message.
/** @param {import("../types").Row} row @param {import("../types").Hover | null} hover */
export function pointed(row, hover) {
  const none = { from: -1, to: -1, related: false };
  if (!hover) return none;
  if (hover.lane === "messages" && hover.client) {
    if (row.begin === undefined || row.kind !== hover.client.kind) return none;
    return overlap(row.begin, row.begin + bytesOf(row), hover.client) ?? none;
  }
  if (hover.from < 0 || row.from < 0) return { ...none, related: row.n !== undefined && row.n === hover.n && row.stream === hover.stream };
  return (row.stream === hover.stream && overlap(row.from, row.to, hover)) || none;
}

// What of a row from..to is within a stretch of its stream.
/** @param {number} from @param {number} to @param {{ from: number, to: number }} stretch */
function overlap(from, to, stretch) {
  if (stretch.from >= to || stretch.to <= from) return undefined;
  return { from: Math.max(0, stretch.from - from), to: Math.min(to, stretch.to) - from, related: true };
}

/** How many bytes a row has. @param {import("../types").Row} row */
function bytesOf({ bytes, text = "" }) {
  return bytes?.length ?? new TextEncoder().encode(text).length;
}

/**
 * What the pointer is on: a row, its line, and the byte of the row, -1 for none
 * that is known; undefined where there is no row.
 * @param {PointerEvent} event @param {import("../model/rowlog.js").RowLog<import("../types").Row>} log
 * @param {import("../model/rowlayout.js").Layout} layout @param {number} char
 */
export function spotOf(event, log, layout, char) {
  const target = /** @type {HTMLElement} */ (event.target);
  const element = /** @type {HTMLElement | null} */ (target.closest(".line"));
  const number = Number(/** @type {HTMLElement | null} */ (target.closest(".row"))?.dataset.number ?? -1);
  const row = element && number >= log.first ? log.row(number) : undefined;
  if (!element || !row) return undefined;
  const k = Number(element.dataset.line);
  const line = layout.lines(row, k, k + 1)[0];
  const { from, to, text, places } = line;
  let byte = -1;
  const part = /** @type {HTMLElement | null} */ (target.closest(".hex, .payload"));
  if (part && from >= 0) {
    const at = Math.floor((event.clientX - part.getBoundingClientRect().left) / char);
    if (line.bytes) byte = byteAt(line, part.classList.contains("hex") ? "hex" : "text", at, layout.bytesInLine);
    else if (/^[\u0020-\u007e]*[^\u0000-\u007e]*$/.test(text) && at < (text.match(/^[\u0020-\u007e]*/)?.[0].length ?? 0)) byte = from + (places ? places.indexOf(at) : at);
  }
  return { number, row, line, byte: byte >= from && byte < to ? byte : -1 };
}

/**
 * Tells the feed which bytes the pointer is on.
 * @param {PointerEvent} event @param {import("../wire/feed.js").Feed} feed @param {string} lane
 * @param {import("../model/rowlog.js").RowLog<import("../types").Row>} log @param {import("../model/rowlayout.js").Layout} layout @param {number} char
 */
export function point(event, feed, lane, log, layout, char) {
  const spot = spotOf(event, log, layout, char);
  if (!spot?.row.stream) return void (feed.hover.value = null);
  const { row, line, byte } = spot;
  let [begin, end] = [line.from, line.to]; // within the row
  if (byte >= 0) [begin, end] = [byte, byte + 1];
  else if (line.from < 0) [begin, end] = [0, row.to - row.from];
  const known = row.from >= 0;
  const client = lane === "console" ? clientStretch(row, byte >= 0 || line.bytes ? [begin, end] : null) : undefined;
  const hover = { stream: row.stream, from: known ? row.from + begin : -1, to: known ? row.from + end : -1, n: row.n, lane, client };
  const now = feed.hover.value;
  if (now?.stream !== hover.stream || now?.from !== hover.from || now.to !== hover.to || now.n !== hover.n || now.client?.from !== client?.from) feed.hover.value = hover;
}

/**
 * Where bytes of a row of the console stand in what the client sent, or was shown; all of them, if part is null.
 * @param {import("../types").Row} row @param {[number, number] | null} part
 */
function clientStretch(row, part) {
  if (row.begin === undefined) return undefined;
  const [from, to] = part ?? [0, bytesOf(row)];
  return { kind: row.kind, from: row.begin + from, to: row.begin + to };
}

/**
 * What a key asks for: to (a row's number), step (a byte more or less), all, none; undefined when it is not for the lane.
 * @param {KeyboardEvent} event @param {import("../model/laneview.js").Selection | null} here
 * @param {import("../model/lineindex.js").LineIndex<import("../types").Row>} lines @param {import("../model/rowlog.js").RowLog<import("../types").Row>} log @param {number} page
 */
export function keyOf(event, here, lines, log, page) {
  const [first, last] = [log.first, log.end - 1];
  const from = here ? here.focus : event.key === "ArrowUp" || event.key === "PageUp" ? last + 1 : first - 1;
  const within = (/** @type {number} */ n) => Math.min(last, Math.max(first, n));
  const command = event.ctrlKey || event.metaKey;
  if (command) return event.key.toLowerCase() === "a" ? { all: true, to: -1 } : undefined;
  switch (event.key) {
    case "ArrowLeft":
    case "ArrowRight":
      return here && event.shiftKey ? { step: event.key === "ArrowRight" ? 1 : -1, to: -1 } : undefined;
    case "ArrowDown":
      return { to: lines.visible(within(from + 1), 1) };
    case "ArrowUp":
      return { to: lines.visible(within(from - 1), -1) };
    case "PageDown":
      return { to: lines.visible(within(from + page), 1) };
    case "PageUp":
      return { to: lines.visible(within(from - page), -1) };
    case "Home":
      return { to: lines.visible(first, 1) };
    case "End":
      return { to: lines.visible(last, -1) };
    case "Escape":
      return here ? { none: true, to: -1 } : undefined;
  }
  return undefined;
}
