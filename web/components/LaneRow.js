// One row of a lane: its time, which way it went, and its lines that are in
// sight. Plain text nodes: whatever a server sends stays text.

import { Component } from "../vendor/preact.js";
import { html } from "../html.js";
import { controlNames } from "../format.js";
import { hits } from "../search.js";

const ways = { sent: "▶", received: "◀", note: "┊", remark: "•" };
const spoken = { sent: "sent", received: "received", note: "note", remark: "workbench" };

/**
 * Text in which control characters stand out. They are the pictures of
 * format.js, ␍ and ␊ and so on; few fonts draw those well and some not at all,
 * so the style draws a badge with the character's name over each. Copying, and
 * whoever reads textContent, gets the picture.
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
/** @param {string} text @param {[number, number, string][]} marks */
function marked(text, marks) {
  if (marks.length === 0) return shown(text);
  const cuts = [...new Set([0, text.length, ...marks.flatMap(([from, to]) => [from, to])])].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, i) => {
    const part = shown(text.slice(from, cuts[i + 1]));
    const mark = marks.findLast(([begin, end]) => begin <= from && from < end);
    return mark ? html`<mark class=${mark[2]}>${part}</mark>` : part;
  });
}

/**
 * Props: row, layout, begin, end (its lines in sight), time, laneId, number;
 * picked, related; from, to (bytes under the pointer, else -1); pattern (what is
 * looked for) and found (this row is the hit that is shown).
 *
 * @typedef {{ row: import("../types").Row, layout: import("../layout.js").Layout, begin: number, end: number, time: string,
 *   laneId: string, number: number, picked: boolean, related: boolean, from: number, to: number,
 *   pattern: RegExp | null, found: boolean }} Props
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
  render({ row, layout, begin, end, time, laneId, number, picked, related, from, to, pattern, found }) {
    const lines = layout.lines(row, begin, end);
    const classes = ["row", row.kind, picked && "picked", related && "related", found && "found"].filter(Boolean).join(" ");
    return html`
      <div class=${classes} role="option" id=${laneId + "-row-" + number} data-number=${number}
        aria-selected=${picked ? "true" : "false"} aria-label=${label(row, time)}>
        ${lines.map((line, i) => html`
          <div class=${line.more ? "line more" : "line"} key=${i} data-line=${begin + i}>
            <time>${begin + i === 0 ? time : ""}</time>
            <span class="way">${begin + i === 0 || row.kind === "note" ? ways[row.kind] : ""}</span>
            ${line.offset !== undefined && html`<span class="offset">${line.offset.toString(16).padStart(4, "0")}</span>`}
            ${line.hex !== undefined && html`<span class=${"hex hex" + layout.bytesInLine}>${marked(line.hex, hexMarks(line, from, to))}</span>`}
            <span class=${crowded(line) ? "payload crowded" : "payload"}>${marked(line.text, textMarks(line, from, to, pattern))}</span>
          </div>
        `)}
      </div>
    `;
  }
}

/** @param {import("../types").Row} row @param {string} time */
function label(row, time) {
  const text = row.text ?? new TextDecoder().decode(row.bytes?.subarray(0, 300));
  return `${spoken[row.kind]}${time && ", " + time}: ${text.slice(0, 300).trimEnd() || "an empty line"}`;
}

// Beside hex there is one column a byte; names of many controls have no room.
/** @param {import("../layout.js").Line} line */
function crowded({ hex, text }) {
  return hex !== undefined && (text.match(/[\u2400-\u2421]/g)?.length ?? 0) > 4;
}

/** @param {import("../layout.js").Line} line @param {number} from @param {number} to @returns {[number, number, string][]} */
function hexMarks(line, from, to) {
  const [begin, end] = [Math.max(from, line.from), Math.min(to, line.to)];
  return from >= 0 && begin < end ? [[3 * (begin - line.from), 3 * (end - line.from) - 1, "pointed"]] : [];
}

/**
 * @param {import("../layout.js").Line} line @param {number} from @param {number} to @param {RegExp | null} pattern
 * @returns {[number, number, string][]}
 */
function textMarks(line, from, to, pattern) {
  /** @type {[number, number, string][]} */
  const marks = pattern && !line.more ? hits(line.text, pattern).map(([a, b]) => [a, b, "hit"]) : [];
  const [begin, end] = [Math.max(from, line.from), Math.min(to, line.to)];
  if (from >= 0 && line.from >= 0 && begin < end) {
    const place = (/** @type {number} */ byte) => line.places?.[byte - line.from] ?? byte - line.from;
    marks.push([place(begin), place(end), "pointed"]);
  }
  return marks;
}
