// The line mode: which one, what it does, how it is, and its options as a form.

import { html } from "./html.js";
import { modes, modesProblem } from "../wire/workbench.js";
import { detailsOpen } from "../model/kept.js";

/** @type {Record<string, string>} */
const stateWords = { starting: " (starting)", failed: " (failed)" };

/** @param {{ tab: import("./tabs.js").Tab }} props */
export function ModePicker({ tab }) {
  const { mode } = tab.form;
  return html`
    <div class="field mode">
      <div class="label-row"><label for="mode">Line mode</label></div>
      <select id="mode" value=${mode.value} disabled=${tab.live.value || modes.value.length === 0}
        aria-describedby="mode-summary" onChange=${(/** @type {any} */ event) => (mode.value = event.target.value)}>
        ${modes.value.length === 0 && html`<option value="">loading …</option>`}
        ${modes.value.map(({ manifest, state }) => html`
          <option key=${manifest.name} value=${manifest.name} selected=${manifest.name === mode.value}>
            ${manifest.title + (stateWords[state] ?? "")}
          </option>
        `)}
      </select>
    </div>
  `;
}

/** What the picked mode does, and its options. Folds away to leave the room to the lanes. @param {{ tab: import("./tabs.js").Tab }} props */
export function ModeDetails({ tab }) {
  const mode = tab.picked.value;
  const live = tab.live.value;
  const begun = tab.session.value !== null; // from then on the room is for the lanes
  if (!mode) return modesProblem.value && html`<p class="problem" role="alert">${modesProblem.value}</p>`;
  const { manifest, state, error } = mode;
  const onToggle = (/** @type {any} */ event) => {
    if (!begun && event.target.open !== detailsOpen.value) detailsOpen.value = event.target.open;
  };
  return html`
    ${modesProblem.value && html`<p class="problem" role="alert">${modesProblem.value}</p>`}
    ${state === "starting" && html`<p class="muted">This mode's process is starting.</p>`}
    ${state === "failed" && html`<p class="problem">This mode has failed: ${error || "its process ended"}</p>`}
    <details class="mode-details" key=${begun ? "begun" : "idle"} open=${!begun && detailsOpen.value} onToggle=${onToggle}>
      <summary>
        About this mode
        ${manifest.options.map((option) => html`
          <span key=${option.name} class="chosen">${option.name} <b>${tab.option(option) || "–"}</b></span>
        `)}
      </summary>
      <div class="columns">
        <p id="mode-summary">${manifest.summary}</p>
        ${manifest.options.length > 0 && html`
          <fieldset class="options" key=${manifest.name} disabled=${live}>
            <legend class="unseen">Options</legend>
            ${manifest.options.map((option) => html`
              <${OptionField} key=${option.name} option=${option} value=${tab.option(option)}
                onChange=${(/** @type {string} */ value) => tab.setOption(option, value)} />
            `)}
          </fieldset>
        `}
      </div>
    </details>
  `;
}

/**
 * One option of a mode as a field of a form.
 * @param {{ option: import("../types").Option, value: string, onChange: (value: string) => void, prefix?: string }} props
 */
export function OptionField({ option, value, onChange, prefix = "option-" }) {
  const id = prefix + option.name;
  const help = id + "-help";
  return html`
    <div class="option">
      <label for=${id}>${option.name}</label>
      ${control(option, value, onChange, { id, "aria-describedby": option.help ? help : undefined })}
      ${option.help && html`<p id=${help} class="muted">${option.help}</p>`}
    </div>
  `;
}

/** @param {import("../types").Option} option @param {string} value @param {(value: string) => void} onChange @param {object} common */
function control(option, value, onChange, common) {
  const change = (/** @type {any} */ event) => onChange(event.target.value);
  switch (option.type) {
    case "choice":
      return html`
        <select ...${common} value=${value} onChange=${change}>
          ${(option.choices ?? []).map((choice) => html`<option key=${choice} value=${choice} selected=${choice === value}>${choice}</option>`)}
        </select>
      `;
    case "bool":
      return html`<input ...${common} type="checkbox" checked=${value === "true"}
        onChange=${(/** @type {any} */ event) => onChange(String(event.target.checked))} />`;
    case "int":
      return html`<input ...${common} type="number" step="1" value=${value} placeholder=${option.default} onInput=${change} />`;
  }
  return html`<input ...${common} type="text" value=${value} spellcheck=${false} onInput=${change} />`;
}
