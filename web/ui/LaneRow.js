// One row of a lane: its time, which way it went, and its lines that are in
// sight. Plain text nodes: whatever a server sends stays text.

import { Component } from "../vendor/preact.js";
import { html } from "./html.js";
import { controlNames, spokenBytes } from "../model/format.js";

const ways = { sent: "▶", received: "◀", note: "┊", remark: "•" };
const spoken = { sent: "sent", received: "received", note: "note", remark: "workbench" };

/**
 * Text in which control characters stand out. They are the pictures of
 * format.js, ␍ and ␊ and so on; few fonts draw those well and some not at all,
 * so the style draws a badge with the character's name over each. Copying and
 * textContent yield the picture.
 * @param {string} text
 */
export function shown(text) {
  if (!/[\u2400-\u2421]/.test(text)) return text;
  return text.split(/([\u2400-\u2421])/).map((part, i) =>
    i % 2 === 0 ? part : html`<span class="control" data-name=${controlNames.get(part)}>${part}</span>`,
  );
}

// Text with some of its places marked. Marks: [from, to, class], may overlap;
// the later wins.
/** @typedef {[number, number, string]} Mark */
/** @param {string} text @param {Mark[]} marks */
function marked(text, marks) {
  if (marks.length === 0) return shown(text);
  const cuts = [...new Set([0, text.length, ...marks.flatMap(([from, to]) => [from, to])])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, i) => {
    const part = shown(text.slice(from, cuts[i + 1]));
    const mark = marks.filter(([begin, end]) => begin <= from && from < end).at(-1);
    return mark ? html`<mark class=${mark[2]}>${part}</mark>` : part;
  });
}

/**
 * Props: row, layout, begin, end (its lines in sight), time, laneId, number;
 * picked, related; from, to (bytes under the pointer, else -1); places of what is
 * looked for, and the beginning of the one that was gone to, or -1.
 *
 * @typedef {{ row: import("../types").Row, layout: import("../model/rowlayout.js").Layout, begin: number, end: number, time: string,
 *   laneId: string, number: number, picked: boolean, related: boolean, from: number, to: number,
 *   places: import("../model/search.js").Place[] | null, found: number }} Props
 *
 * A row draws again only when one of these changes.
 * @extends {Component<Props>}
 */
export class LaneRow extends Component {
  /** @param {any} next */
  shouldComponentUpdate(next) {
    const now = /** @type {any} */ (this.props);
    for (const name in next) if (next[name] !== now[name]) return true;
    return false;
  }

  /** @param {Props} props */
  render({ row, layout, begin, end, time, laneId, number, picked, related, from, to, places, found }) {
    const lines = layout.lines(row, begin, end);
    const sought = places ? soughtIn(lines, places, layout.drawn(row), found) : [];
    const classes = ["row", row.kind, row.part && "part", picked && "picked", related && "related", found >= 0 && "found"].filter(Boolean).join(" ");
    return html`
      <div class=${classes} role="option" id=${laneId + "-row-" + number} data-number=${number}
        aria-selected=${picked ? "true" : "false"} aria-label=${label(row, time, laneId)}>
        ${lines.map((line, i) => html`
          <div class=${line.more ? "line more" : "line"} key=${i} data-line=${begin + i}>
            <time>${begin + i === 0 ? time : ""}</time>
            <span class="way">${begin + i === 0 || row.kind === "note" ? ways[row.kind] : ""}</span>
            ${line.offset !== undefined && html`<span class="offset">${line.offset.toString(16).padStart(4, "0")}</span>`}
            ${line.hex !== undefined && html`<span class=${"hex hex" + layout.bytesInLine}>${marked(line.hex, hexMarks(line, from, to, sought))}</span>`}
            <span class=${crowded(line, layout.textRoom) ? "payload crowded" : "payload"}>${marked(line.text, textMarks(line, from, to, sought))}</span>
          </div>
        `)}
      </div>
    `;
  }
}

/** @param {import("../types").Row} row @param {string} time @param {string} laneId */
function label(row, time, laneId) {
  const text = row.text ?? (laneId === "wire" ? spokenBytes(row.bytes?.subarray(0, 150) ?? new Uint8Array(0)) : new TextDecoder().decode(row.bytes?.subarray(0, 300)));
  return `${spoken[row.kind]}${row.part ? ", not whole yet" : ""}${time && ", " + time}: ${text.slice(0, 300).trimEnd() || "an empty line"}`;
}

// Beside hex there may be no room for the names of the controls, of three columns each.
/** @param {import("../model/rowlayout.js").Line} line @param {number} room */
function crowded({ hex, text }, room) {
  return hex !== undefined && text.length + 2 * (text.match(/[\u2400-\u2421]/g)?.length ?? 0) > room;
}

// Of the places in a row, those in its lines.
/** @param {import("../model/rowlayout.js").Line[]} lines @param {import("../model/search.js").Place[]} places @param {(at: number) => number} drawn @param {number} found @returns {Mark[]} */
function soughtIn(lines, places, drawn, found) {
  /** @type {Mark[]} */
  const marks = [];
  const begin = lines[0]?.at ?? 0;
  const last = lines.filter((line) => !line.more).at(-1);
  const end = last ? last.at + Math.max(last.text.length, last.to - last.from) : 0;
  for (const [from, to] of places) {
    const [a, b] = [drawn(from), drawn(to)];
    if (b > begin && a < end) marks.push([a, b, from === found ? "hit here" : "hit"]);
  }
  return marks;
}

// The marks of a line: of what is looked for, and of the bytes under the pointer.
/** @param {import("../model/rowlayout.js").Line} line @param {number} from @param {number} to @param {Mark[]} sought @param {number} length of the line, in what sought counts @returns {Mark[]} */
function marksIn(line, from, to, sought, length) {
  const marks = line.more ? [] : [...sought];
  if (from >= 0 && line.from >= 0) marks.push([from, to, "pointed"]);
  /** @type {Mark[]} */
  const local = marks.map(([a, b, name]) => [Math.max(a - line.at, 0), Math.min(b - line.at, length), name]);
  return local.filter(([a, b]) => a < b);
}

/** @param {import("../model/rowlayout.js").Line} line @param {number} from @param {number} to @param {Mark[]} sought @returns {Mark[]} */
function hexMarks(line, from, to, sought) {
  return marksIn(line, from, to, sought, line.to - line.from).map(([a, b, name]) => [3 * a, 3 * b - 1, name]);
}

/** @param {import("../model/rowlayout.js").Line} line @param {number} from @param {number} to @param {Mark[]} sought @returns {Mark[]} */
function textMarks(line, from, to, sought) {
  const { places } = line;
  if (!places) return marksIn(line, from, to, sought, line.text.length);
  return marksIn(line, from, to, sought, line.to - line.from).map(([a, b, name]) => [places[a], places[b], name]);
}
