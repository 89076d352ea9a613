// How the session stands, in words, and what the lanes show.

import { html } from "../html.js";
import { session, state, lanes } from "../store.js";

const titles = {
  connecting: "Connecting",
  connected: "Connected",
  disconnected: "Disconnected",
  failed: "Could not connect",
};

export function StatusBar() {
  const hello = session.value?.hello.value;
  const { name, words, hint, broke } = state.value;
  const title = broke ? "Disconnected" : titles[name];
  const separator = name === "connected" || name === "connecting" ? " " : ": ";
  return html`
    <div class="status-bar">
      <p id="status" role="status" data-state=${name}>
        <strong>${title}</strong>
        ${words && html`<span class="words">${separator + words}</span>`}
        ${name === "connected" && hello?.address && !session.value.target.endsWith(hello.address) &&
        html`<span class="muted"> at ${hello.address}</span>`}
        ${hint && html`<span class="hint">${" " + hint}</span>`}
      </p>
      <${LanePicker} />
    </div>
  `;
}

const choices = [
  ["both", "Both"],
  ["console", "Typed"],
  ["wire", "Wire"],
];

function LanePicker() {
  return html`
    <fieldset class="segments">
      <legend class="unseen">Lanes to show</legend>
      ${choices.map(([value, label]) => html`
        <label key=${value}>
          <input type="radio" name="lanes" value=${value} checked=${lanes.value === value}
            onChange=${() => (lanes.value = value)} />
          <span>${label}</span>
        </label>
      `)}
    </fieldset>
  `;
}
