// What is picked on the wire: how long it is, how long it took, and what its
// bytes may mean.

import { Icon, html } from "./html.js";
import { useMemo } from "../vendor/hooks.js";
import { count, seconds } from "../model/format.js";
import { base64, gathered, latin1, numbers, utf8, varint } from "../model/inspect.js";
import { inspecting } from "../model/kept.js";
import { shown } from "./LaneRow.js";

/** @param {{ feed: import("../types").Lanes, laneView: import("../model/laneview.js").LaneView }} props */
export function Inspector({ feed, laneView }) {
  const selection = laneView.selection.value;
  const { length, rows, bytes, from, to } = useMemo(() => gathered(laneView.picked(feed, "wire")), [feed, selection, laneView.passes.value]);
  const cut = length > bytes.length;
  const readings = numbers(cut ? new Uint8Array() : bytes);
  const number = readings.length ? varint(bytes) : null;
  const decoded = utf8(bytes, cut);
  const close = () => {
    inspecting.value = false;
    document.getElementById("wire")?.focus();
  };
  return html`
    <aside class="inspector" aria-label="What is picked">
      <header>
        <p><b>${count(length, "byte")}</b>${rows > 1 && ` in ${count(rows, "row")}`}${rows > 1 && from !== undefined && to !== undefined && `, over ${seconds(to - from)} s`}${rows === 1 && from !== undefined && ` at ${seconds(from)} s`}</p>
        <button type="button" class="icon" title="Close (back under View)" aria-label="Close what is picked" onClick=${close}><${Icon} name="x" /></button>
      </header>
      ${readings.length > 0 && html`
        <table>
          <thead><tr><td></td><th scope="col">${length === 1 ? "Value" : "Big endian"}</th>${length > 1 && html`<th scope="col">Little endian</th>`}</tr></thead>
          <tbody>
            ${readings.map(({ name, big, little }) => html`<tr key=${name}><th scope="row">${name}</th><td>${big}</td>${length > 1 && html`<td>${little}</td>`}</tr>`)}
            ${number && html`<tr><th scope="row">Varint${number.length < length && ` (${count(number.length, "byte")})`}</th><td>${number.value}</td>${length > 1 && html`<td>ZigZag ${number.zigzag}</td>`}</tr>`}
          </tbody>
        </table>
      `}
      ${length > 0 && html`
        <dl>
          <div><dt>UTF-8</dt><dd>${decoded === null ? html`<span class="muted">not UTF-8</span>` : shown(decoded)}</dd></div>
          <div><dt>Latin-1</dt><dd>${shown(latin1(bytes))}</dd></div>
          <div><dt>Base64</dt><dd>${base64(bytes)}</dd></div>
        </dl>
      `}
      ${cut && html`<p class="muted">The text is of the first ${bytes.length.toLocaleString("en")} bytes. Copy takes all.</p>`}
      ${length === 1 && html`<p class="muted">Drag over hex, or hold Shift, to pick more bytes.</p>`}
    </aside>
  `;
}
