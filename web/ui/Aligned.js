// Two lists of entries side by side, and a way from one difference to the next.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { changeOf, differencesIn, lineOf } from "../model/aligned.js";
import { count } from "../model/format.js";
import { shown } from "./LaneRow.js";

/**
 * a and b are the columns' titles; same says in words that there is no difference.
 * @param {{ sides: import("../types").SideBySide, a: any, b: any, same: string }} props
 */
export function Aligned({ sides, a, b, same }) {
  const { rows, left = 0 } = sides;
  const starts = differencesIn(rows);
  const [at, setAt] = useState(0);
  const table = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const row = table.current?.querySelector("tr.first");
    if (!row) return;
    table.current.scrollTop = row.offsetTop - table.current.clientHeight / 2;
    row.scrollIntoView({ block: "nearest" });
  }, [at, sides]);
  useEffect(() => setAt(0), [sides]);
  const go = (/** @type {number} */ step) => setAt((at + step + starts.length) % starts.length);
  return html`
    <div class="verdict" id="verdict">
      <span role="status">${starts.length === 0 ? same : `${count(starts.length, "difference")}${left > 0 ? " and more" : ""}, the ${at === 0 ? "first" : "one"} at event ${numberOf(rows[starts[at]])}.`}</span>
      ${starts.length > 1 && html`
        <button type="button" class="small" id="previous-difference" onClick=${() => go(-1)}>Previous</button>
        <button type="button" class="small" id="next-difference" onClick=${() => go(1)}>Next</button>
        <span class="muted">${at + 1} of ${starts.length}</span>
      `}
    </div>
    <div class="card compared aligned" tabindex="0" role="region" aria-label="Side by side" ref=${table}>
      <table>
        <thead><tr><th scope="col">Event</th><th scope="col">${a}</th><th scope="col">${b}</th></tr></thead>
        <tbody>
          ${rows.map((row, i) => html`<${Row} key=${i} row=${row} first=${i === starts[at]} />`)}
        </tbody>
      </table>
    </div>
    ${left > 0 && html`<p class="muted">${left.toLocaleString("en")} more rows differ, beyond what fits here.</p>`}
  `;
}

/** @param {import("../types").SideRow} row */
function numberOf({ a, b }) {
  return (a ?? b)?.n ?? 0;
}

/** @param {{ row: import("../types").SideRow, first: boolean }} props first: it is the difference that was gone to */
function Row({ row, first }) {
  if (row.equal) return html`<tr class="equal"><td></td><td colspan="2">… ${row.equal.toLocaleString("en")} equal …</td></tr>`;
  const [a, b] = [row.a, row.b].map((entry) => (entry ? lineOf(entry) : ""));
  const [inA, inB] = (row.differs || row.allowed) && a && b ? changeOf(a, b) : [["", "", a], ["", "", b]];
  return html`
    <tr class=${[row.differs && "differs", row.allowed && "allowed", first && "first"].filter(Boolean).join(" ")}>
      <td class="event">${row.differs && html`<span class="unseen">Differs: </span>`}${row.allowed && html`<span class="unseen">Allowed: </span>`}${numberOf(row)}</td>
      <td class=${row.differs && !row.b ? "gone" : ""}><${Cell} parts=${inA} />${row.rules?.map((rule) => html`<div class="rule" key=${rule}>~~ ${rule}</div>`)}</td>
      <td class=${row.differs && !row.a ? "come" : ""}><${Cell} parts=${inB} /></td>
    </tr>
  `;
}

/** @param {{ parts: string[] }} props */
function Cell({ parts: [before, change, after] }) {
  return html`${shown(before)}${change && html`<mark class="change">${shown(change)}</mark>`}${shown(after)}`;
}
