// Where to connect, and in which line mode. A form, so Enter in any field
// connects.

import { html } from "../html.js";
import { form, formProblem, session, state, practice, usePractice, connect, disconnect } from "../store.js";
import { defaultPort } from "../target.js";
import { ModePicker } from "./ModePicker.js";
import { ModeOptions } from "./ModeOptions.js";

export function ConnectBar() {
  const live = session.value !== null && ["connected", "connecting"].includes(state.value.name);
  const submit = (event) => {
    event.preventDefault();
    if (!live) connect();
  };
  return html`
    <form class="card connect" aria-label="Connection" autocomplete="off" onSubmit=${submit}>
      <div class="fields">
        <${ModePicker} locked=${live} />
        <${Host} locked=${live} />
        <${Port} locked=${live} />
        <label class="switch">
          <input type="checkbox" role="switch" id="tls" disabled=${live}
            checked=${form.tls.value} onChange=${(event) => (form.tls.value = event.target.checked)} />
          <span>TLS</span>
        </label>
        ${live
          ? html`<button key="disconnect" type="button" id="disconnect-button" class="main" onClick=${disconnect}>
              ${state.value.name === "connecting" ? "Cancel" : "Disconnect"}
            </button>`
          : html`<button key="connect" type="submit" id="connect-button" class="main primary">Connect</button>`}
      </div>
      <${ModeOptions} locked=${live} />
    </form>
  `;
}

function Host({ locked }) {
  return html`
    <div class="field host">
      <div class="label-row">
        <label for="host">Host</label>
        ${practice.value && !locked && html`
          <button type="button" class="chip" onClick=${usePractice} title=${"Fill in " + practice.value}>Practice echo</button>
        `}
      </div>
      <${Text} id="host" signal=${form.host} locked=${locked} placeholder="example.com" />
    </div>
  `;
}

function Port({ locked }) {
  return html`
    <div class="field port">
      <div class="label-row"><label for="port">Port</label></div>
      <${Text} id="port" signal=${form.port} locked=${locked} placeholder=${defaultPort(form.tls.value)} />
    </div>
  `;
}

// Read-only rather than disabled while connected: it can still be read out,
// reached by Tab and copied.
function Text({ id, signal, locked, placeholder }) {
  const wrong = formProblem.value?.field === id;
  return html`
    <input type="text" id=${id} value=${signal.value} readonly=${locked} placeholder=${placeholder}
      spellcheck=${false} autocapitalize="off" autocorrect=${false}
      aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? "status" : undefined}
      onInput=${(event) => (signal.value = event.target.value)} />
  `;
}
