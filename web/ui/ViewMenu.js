// How rows are shown.

import { html } from "./html.js";
import { hexColumns, inspecting, presenter, presenting, showColours, showControls, showHex, showMap, timeStyle } from "../model/kept.js";

const times = [
  ["relative", "Time since the start"],
  ["delta", "Since the row before"],
  ["absolute", "Time of day"],
  ["none", "No time"],
];

const columns = [
  ["fit", "As many as fit"],
  ["8", "8"],
  ["16", "16"],
];

const kinds = [
  ["", "41", "printable"],
  ["space", "0d 0a 20", "white space, ends of lines"],
  ["other", "1b", "other controls"],
  ["high", "c3 a9", "beyond ASCII"],
  ["zero", "00", "zero"],
];

/** @param {{ close: () => void }} props */
export function ViewMenu({ close }) {
  return html`
    <fieldset>
      <legend>Time</legend>
      ${times.map(([value, label]) => html`
        <label class="choice" key=${value}>
          <input type="radio" name="time" value=${value} checked=${timeStyle.value === value} onChange=${() => (timeStyle.value = value)} />
          ${label}
        </label>
      `)}
    </fieldset>
    <fieldset>
      <legend>Typed and shown</legend>
      <${Check} id="colours" signal=${showColours} label="Terminal colours (ANSI)" />
    </fieldset>
    <fieldset>
      <legend>Bytes</legend>
      <${Check} id="hex" signal=${showHex} label="Hex with offsets" />
      <${Check} id="controls" signal=${showControls} label="Control characters" />
      <${Check} id="inspecting" signal=${inspecting} label="What picked bytes mean" />
    </fieldset>
    <fieldset disabled=${!showHex.value}>
      <legend>Bytes in a line of hex</legend>
      <div class="segments">
        ${columns.map(([value, label]) => html`
          <label key=${value}>
            <input type="radio" name="columns" value=${value} checked=${hexColumns.value === value} onChange=${() => (hexColumns.value = value)} />
            <span>${label}</span>
          </label>
        `)}
      </div>
    </fieldset>
    <fieldset>
      <legend>Room</legend>
      <${Check} id="minimap" signal=${showMap} label="Map of a long session" />
      <${Check} id="presenting" signal=${presenting} label="Large type, for a projector" />
      <${Check} id="presenter" signal=${presenter} label="Presenter view (Alt+P)" after=${close} />
    </fieldset>
    <fieldset>
      <legend>Colours of bytes</legend>
      <dl class="legend">
        ${kinds.map(([kind, example, words]) => html`<div key=${kind}><dt><span class=${kind}>${example}</span></dt><dd>${words}</dd></div>`)}
      </dl>
    </fieldset>
  `;
}

/** @param {{ id: string, signal: import("../vendor/signals-core.js").Signal<boolean>, label: string, after?: () => void }} props */
function Check({ id, signal, label, after }) {
  return html`
    <label class="choice">
      <input type="checkbox" id=${id} checked=${signal.value} onChange=${(/** @type {any} */ event) => ((signal.value = event.target.checked), after?.())} />
      ${label}
    </label>
  `;
}
