// Which line mode to talk through.

import { html } from "../html.js";
import { modes, form } from "../store.js";

const stateWords = { starting: " (starting)", failed: " (failed)" };

export function ModePicker({ locked }) {
  return html`
    <div class="field mode">
      <div class="label-row"><label for="mode">Line mode</label></div>
      <select id="mode" value=${form.mode.value} disabled=${locked || modes.value.length === 0}
        aria-describedby="mode-summary" onChange=${(event) => (form.mode.value = event.target.value)}>
        ${modes.value.length === 0 && html`<option value="">loading …</option>`}
        ${modes.value.map(({ manifest, state }) => html`
          <option key=${manifest.name} value=${manifest.name} selected=${manifest.name === form.mode.value}>
            ${manifest.title + (stateWords[state] ?? "")}
          </option>
        `)}
      </select>
    </div>
  `;
}
