// Where to connect, and in which line mode. A form, so Enter in any field
// connects.

import { html, lazy } from "./html.js";
import { useLayoutEffect, useRef } from "../vendor/hooks.js";
import { practice, recording } from "../wire/workbench.js";
import { defaultPort, tlsWord } from "../model/target.js";
import { Menu } from "./Menu.js";
import { ModeDetails, ModePicker } from "./Mode.js";

const TargetMenu = lazy(() => import("./TargetMenu.js"), "TargetMenu");
const TLSMenu = lazy(() => import("./TLSMenu.js"), "TLSMenu");

/** @param {{ tab: import("./tabs.js").Tab }} props */
export function ConnectBar({ tab }) {
  const live = tab.live.value;
  const { host, port, tls, record, stays } = tab.form;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!live) tab.connect();
  };
  const box = useRef(/** @type {any} */ (null));
  const was = useRef(live);
  useLayoutEffect(() => {
    if (was.current === live) return;
    was.current = live;
    // The button that had the focus may be gone: the other one stands in its place.
    if (document.activeElement === document.body) box.current.querySelector(".main").focus();
  }, [live]);
  return html`
    <form ref=${box} class=${live ? "card connect live" : "card connect"} aria-label="Connection" autocomplete="off" onSubmit=${submit}>
      <div class="fields">
        <${ModePicker} tab=${tab} />
        <div class="field host">
          <div class="label-row">
            <label for="host">Host</label>
            ${practice.value && !live && html`
              <button type="button" class="chip" onClick=${() => tab.usePractice()} title=${"Fill in " + practice.value}>Practice echo</button>
            `}
            ${!live && html`<${Menu} id="targets-menu" label="Targets" side="left" plain
              sheet=${(/** @type {() => void} */ close) => html`<${TargetMenu} tab=${tab} close=${close} />`} />`}
          </div>
          <${Text} id="host" tab=${tab} signal=${host} locked=${live} placeholder="example.com" />
        </div>
        <div class="field port">
          <div class="label-row"><label for="port">Port</label></div>
          <${Text} id="port" tab=${tab} signal=${port} locked=${live} placeholder=${defaultPort(tls.value)} />
        </div>
        <div class="tls">
          ${tls.value && !live && html`<${Menu} id="tls-menu" label=${html`<${TLSWord} tab=${tab} />`} plain wanted=${tab.tlsField}
            title="How the server is verified, its name, ALPN, the least version, a client certificate"
            sheet=${() => html`<${TLSMenu} tab=${tab} key=${tab.target.value} />`} />`}
          <label class="switch" title="Speak TLS, as with tls://host:port">
            <input type="checkbox" role="switch" id="tls" disabled=${live} checked=${tls.value}
              onChange=${(/** @type {any} */ event) => tab.edit(tls, event.target.checked)} />
            <span>TLS</span>
          </label>
        </div>
        ${tab.picked.value?.manifest.afterServerEOF && html`
          <label class="switch" title="Go on when the server ends its stream (half-close), until you end yours">
            <input type="checkbox" role="switch" id="stays" disabled=${live} checked=${stays.value}
              onChange=${(/** @type {any} */ event) => (stays.value = event.target.checked)} />
            <span>Stay</span>
          </label>
        `}
        ${recording.value && html`
          <label class="switch" title="Keep a transcript of the session, under Transcripts">
            <input type="checkbox" role="switch" id="record" disabled=${live} checked=${record.value}
              onChange=${(/** @type {any} */ event) => (record.value = event.target.checked)} />
            <span>Record</span>
          </label>
        `}
        ${live
          ? html`<button key="disconnect" type="button" id="disconnect-button" class="main" onClick=${() => tab.disconnect()}>
              ${tab.state.value.name === "connecting" ? "Cancel" : "Disconnect"}
            </button>`
          : html`<button key="connect" type="submit" id="connect-button" class="main primary">Connect</button>`}
      </div>
      ${tab.notice.value && !live && html`<p class="notice" id="notice" role="status">${tab.notice.value}</p>`}
      <${ModeDetails} tab=${tab} />
    </form>
  `;
}

/** How TLS is spoken, in a word. @param {{ tab: import("./tabs.js").Tab }} props */
function TLSWord({ tab }) {
  const word = tlsWord(tab.tlsChoices.value);
  return html`<span class="unseen">TLS: </span><span class=${word === "Not verified" ? "problem" : word ? "caution" : ""}>${word || "Options"}</span>`;
}

// Read-only rather than disabled while connected: it can still be read out,
// reached by Tab and copied.
/** @param {{ id: string, tab: import("./tabs.js").Tab, signal: import("../vendor/signals-core.js").Signal<string>, locked: boolean, placeholder: string }} props */
function Text({ id, tab, signal, locked, placeholder }) {
  const wrong = tab.problem.value?.field === id;
  const onInput = (/** @type {any} */ event) => {
    tab.edit(signal, event.target.value);
    if (event.inputType === "insertFromPaste") tab.tidy();
  };
  return html`
    <input type="text" id=${id} value=${signal.value} readonly=${locked} placeholder=${placeholder}
      spellcheck=${false} autocapitalize="off" autocorrect=${false}
      aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? "status" : undefined}
      onInput=${onInput} onChange=${() => tab.tidy()} />
  `;
}
