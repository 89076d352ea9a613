// A line of the tree of messages: a message, or a field of one. Text nodes alone.

import { Component } from "../vendor/preact.js";
import { Icon, html } from "./html.js";
import { count, shownLine, shownText } from "../model/format.js";
import { isWrong, saidOf } from "../model/messages.js";

/** What a flow is called, and the arrow that rows of it have in the lanes. */
export const flowNames = /** @type {const} */ ({
  "from-server": { words: "from server", arrow: "◀", way: "received" },
  "to-server": { words: "to server", arrow: "▶", way: "sent" },
  "from-client": { words: "from client", arrow: "▶", way: "sent" },
  "to-client": { words: "to client", arrow: "◀", way: "received" },
});

/** A length of time: "0.4 ms", "12 ms", "1.250 s". @param {number} t seconds */
export function lapse(t) {
  if (t >= 1) return t.toFixed(3) + " s";
  return (1000 * t).toFixed(t < 0.01 ? 2 : t < 0.1 ? 1 : 0) + " ms";
}

/**
 * @typedef {{ line: import("../model/messages.js").TreeLine, row: import("../types").MessageRow, answered?: import("../types").MessageRow, time: string,
 *   isOpen: boolean, isMarked: boolean, isUnder: boolean, first: number }} Props
 *   isUnder: its bytes are pointed at in a lane; first: the number of the first message
 *
 * A line draws again only when one of these changes.
 * @extends {Component<Props>}
 */
export class MessageLine extends Component {
  /** @param {any} next */
  shouldComponentUpdate(next) {
    const { line, ...now } = /** @type {any} */ (this.props);
    for (const name in now) if (next[name] !== now[name]) return true;
    return line.of !== next.line.of || line.field !== next.line.field;
  }

  /** @param {Props} props */
  render({ line, row, answered, time, isOpen, isMarked, isUnder, first }) {
    const { number, field, depth, of, hasFields, position, siblings } = line;
    const isMessage = field === 0;
    const { way } = flowNames[row.message.flow];
    const wrong = isMessage ? row.wrong : isWrong(of);
    const classes = ["line", isMessage ? "message " + way : "field", wrong && "wrong", isMarked && "picked", isUnder && "under"].filter(Boolean).join(" ");
    return html`
      <div class=${classes} role="treeitem" id=${`message-${number}-${field}`} data-number=${number} data-field=${field}
        aria-level=${depth} aria-posinset=${isMessage ? number - first + 1 : position} aria-setsize=${isMessage ? -1 : siblings}
        aria-expanded=${hasFields ? String(isOpen) : undefined} aria-selected=${isMarked ? "true" : "false"}
        aria-label=${isMessage ? labelOf(row, answered, time) : labelOfField(of)}>
        ${Array.from({ length: Math.min(depth - 1, deepest) }, (_, i) => html`<span class="indent" key=${i}></span>`)}
        <span class="twist">${hasFields ? (isOpen ? "▾" : "▸") : ""}</span>
        ${isMessage ? ofMessage(row, answered, time) : ofField(of)}
      </div>
    `;
  }
}

const long = 30; // characters that may be more than there is room for
const deepest = 12; // levels that are indented; deeper ones stand where this does

/** @param {import("../types").MessageRow} row @param {import("../types").MessageRow | undefined} answered @param {string} time */
function ofMessage({ message, t, wrong }, answered, time) {
  const { words, arrow } = flowNames[message.flow];
  const summary = shownLine(saidOf(message.summary, message.summaryB64));
  const answers = answersWords(message, t, answered);
  return html`
    <time>${time}</time>
    <span class="way">${arrow}</span>
    <span class="flow">${words}</span>
    ${wrong && html`<span class="wrong-mark" title="A field of it is wrong"><${Icon} name="triangle-alert" /> wrong</span>`}
    <span class="summary" title=${summary.length > long ? summary : undefined}>${summary}</span>
    ${answers && html`<span class="answers" title=${answers.title}>↩ ${answers.short}</span>`}
  `;
}

/** @param {any} field */
function ofField(field) {
  const value = shownLine(saidOf(field.value, field.valueB64));
  const why = shownLine(saidOf(field.wrong, field.wrongB64));
  return html`
    <span class="field-name">${field.name}</span>
    <span class="field-value" title=${value.length > long ? value : undefined}>${value}</span>
    ${isWrong(field) && html`<span class="wrong-mark" title=${why}><${Icon} name="triangle-alert" /> wrong: ${why}</span>`}
    <span class="span" title="Its bytes in the flow, from the first to the one after the last">${field.from}–${field.to}</span>
  `;
}

/**
 * All that is said of what is marked, however long.
 * @param {{ of: import("../types").Message | import("../types").Field, row: import("../types").MessageRow, answered?: import("../types").MessageRow }} props
 */
export function MarkedMessage({ of, row, answered }) {
  const isField = "name" in of;
  const value = isField ? saidOf(of.value, of.valueB64) : saidOf(of.summary, of.summaryB64);
  const answers = isField ? null : answersWords(row.message, row.t, answered);
  const length = of.to - of.from;
  return html`
    <aside class="inspector marked-message" aria-label="What is marked">
      <p><b>${isField ? of.name : flowNames[row.message.flow].words}</b> <span class="muted">${count(length, "byte")}, ${of.from}–${of.to}${isField && " " + flowNames[row.message.flow].words}</span></p>
      ${isWrong(of) && html`<p class="problem"><${Icon} name="triangle-alert" /> wrong: ${shownText(saidOf(of.wrong, of.wrongB64))}</p>`}
      ${value && html`<p class="marked-value">${shownText(value)}</p>`}
      ${answers && html`<p class="muted">${answers.title}.</p>`}
    </aside>
  `;
}

/** @param {import("../types").Message} message @param {number | undefined} t @param {import("../types").MessageRow | undefined} answered */
function answersWords({ answers }, t, answered) {
  if (!answers) return null;
  const of = `${flowNames[answers.flow]?.words ?? answers.flow} ${answers.from}`;
  if (!answered) return { short: of, title: `Answers what begins at byte ${answers.from} ${flowNames[answers.flow]?.words}, which is not here` };
  const after = t !== undefined && answered.t !== undefined ? lapse(t - answered.t) : "";
  return { short: after || of, title: `Answers ${of}, “${shownLine(saidOf(answered.message.summary, answered.message.summaryB64)).slice(0, 200)}”${after && `, ${after} after it`}` };
}

// What is read out.
/** @param {import("../types").MessageRow} row @param {import("../types").MessageRow | undefined} answered @param {string} time */
function labelOf({ message, t, wrong }, answered, time) {
  const answers = answersWords(message, t, answered);
  return `${flowNames[message.flow].words}${wrong ? ", with something wrong" : ""}${time && ", " + time}: ${saidOf(message.summary, message.summaryB64).slice(0, 300)}${answers ? ". " + answers.title : ""}`;
}

/** @param {any} field */
function labelOfField(field) {
  const why = saidOf(field.wrong, field.wrongB64);
  return `${field.name}: ${saidOf(field.value, field.valueB64).slice(0, 300) || "empty"}${isWrong(field) ? `, wrong: ${why}` : ""}, bytes ${field.from} to ${field.to}`;
}
