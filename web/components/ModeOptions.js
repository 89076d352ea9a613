// What the picked line mode does, how it is, and its options as a form. Can be
// folded away, to leave the room to the lanes.

import { html } from "../html.js";
import { picked, modesProblem, detailsOpen, optionValue, setOption } from "../store.js";

export function ModeOptions({ locked }) {
  const mode = picked.value;
  if (!mode) return modesProblem.value && html`<p class="problem" role="alert">${modesProblem.value}</p>`;
  const { manifest, state, error } = mode;
  return html`
    ${modesProblem.value && html`<p class="problem" role="alert">${modesProblem.value}</p>`}
    ${state === "starting" && html`<p class="muted">This mode's process is starting.</p>`}
    ${state === "failed" && html`<p class="problem">This mode has failed: ${error || "its process ended"}</p>`}
    <details class="mode-details" open=${detailsOpen.value} onToggle=${(event) => (detailsOpen.value = event.target.open)}>
      <summary>
        About this mode
        ${manifest.options.map((option) => html`
          <span key=${option.name} class="chosen">${option.name} <b>${optionValue(option) || "–"}</b></span>
        `)}
      </summary>
      <div class="columns">
        <p id="mode-summary">${manifest.summary}</p>
        ${manifest.options.length > 0 && html`
          <fieldset class="options" key=${manifest.name} disabled=${locked}>
            <legend class="unseen">Options</legend>
            ${manifest.options.map((option) => html`<${OptionField} key=${option.name} option=${option} />`)}
          </fieldset>
        `}
      </div>
    </details>
  `;
}

function OptionField({ option }) {
  const id = "option-" + option.name;
  const help = id + "-help";
  return html`
    <div class="option">
      <label for=${id}>${option.name}</label>
      <${Control} option=${option} id=${id} help=${help} />
      ${option.help && html`<p id=${help} class="muted">${option.help}</p>`}
    </div>
  `;
}

function Control({ option, id, help }) {
  const value = optionValue(option);
  const common = { id, "aria-describedby": option.help ? help : undefined };
  const change = (event) => setOption(option, event.target.value);
  switch (option.type) {
    case "choice":
      return html`
        <select ...${common} value=${value} onChange=${change}>
          ${option.choices.map((choice) => html`<option value=${choice} selected=${choice === value}>${choice}</option>`)}
        </select>
      `;
    case "bool":
      return html`
        <input ...${common} type="checkbox" checked=${value === "true"}
          onChange=${(event) => setOption(option, String(event.target.checked))} />
      `;
    case "int":
      return html`<input ...${common} type="number" step="1" value=${value} placeholder=${option.default} onInput=${change} />`;
  }
  return html`<input ...${common} type="text" value=${value} spellcheck=${false} onInput=${change} />`;
}
