// Where to connect, in which line mode and with which of its options. A form, so
// Enter in any field connects.

import { Guard, Icon, html, lazy } from "./html.js";
import { inClass, kept, modes, modesProblem, paused, practice, practices, recording } from "../wire/workbench.js";
import { count } from "../model/format.js";
import { detailsOpen } from "../model/kept.js";
import { endHint, endOf, nextWaits, withNext } from "../model/ends.js";
import { isWhole } from "../model/local.js";
import { proposedFor } from "../model/propose.js";
import { defaultPort, fieldsOf, isWebSocket, takesTLS, tlsWord } from "../model/target.js";
import { Menu } from "./Menu.js";
import { ModeOptions } from "./ModeOptions.js";
import { opensLinks } from "./tabs.js";

const PracticeMenu = lazy(() => import("./PracticeMenu.js"), "PracticeMenu");
const TargetMenu = lazy(() => import("./TargetMenu.js"), "TargetMenu");
const ViaMenu = lazy(() => import("./ViaMenu.js"), "ViaMenu");
const WebSocketMenu = lazy(() => import("./WebSocketMenu.js"), "WebSocketMenu");
const TLSMenu = lazy(() => import("./TLSMenu.js"), "TLSMenu");
const TLSFailure = lazy(() => import("./TLSFailure.js"), "TLSFailure");
const CommandList = lazy(() => import("./CommandList.js"), "CommandList");
const Sessions = lazy(() => import("./Sessions.js"), "Sessions");

/**
 * Folded, the form takes no room; open, it lies over the lanes. fold is for after
 * the first session, whose line it folds into.
 * @param {{ tab: import("./tabs.js").Tab, open: boolean, fold: () => void }} props
 */
export function ConnectBar({ tab, open, fold }) {
  const live = tab.live.value;
  const { host, port, tls, record, stays, via } = tab.form;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!live) tab.connect();
  };
  const session = tab.session.value;
  const { name, words, hint, broke, refusal } = tab.state.value;
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !session) return;
    event.preventDefault();
    fold();
  };
  return html`
    <div class=${"panel" + (open ? "" : " folded") + (session ? "" : " first")} onKeyDown=${onKeyDown}>
    ${!session && html`<${Start} tab=${tab} />`}
    <form class="connect" aria-label="Connection" autocomplete="off" onSubmit=${submit}>
      ${name === "failed" && !broke && html`<p class="problem why" aria-hidden="true">${words}${hint && (/[.?!…]$/.test(words) ? " " : ". ") + hint}</p>`}
      <div class="fields">
        <${ModePicker} tab=${tab} />
        <div class="field host">
          <div class="label-row">
            <label for="host">Host</label>
            ${practices.value.length > 0 && !live && html`<${Menu} id="practice-menu" label="Practice" side="left" plain title="Servers in this workbench to practise on"
              sheet=${(/** @type {() => void} */ close) => html`<${PracticeMenu} tab=${tab} close=${close} />`} />`}
            ${practice.value && practices.value.length === 0 && !live && html`
              <button type="button" class="chip" onClick=${() => tab.usePractice()} title=${"Fill in " + practice.value}>Practice echo</button>
            `}
            ${!live && html`<${Menu} id="targets-menu" label="Targets" side="left" plain
              sheet=${(/** @type {() => void} */ close) => html`<${TargetMenu} tab=${tab} close=${close} />`} />`}
            ${!live && !isWhole(host.value) && html`<${Menu} id="via-menu" label=${via.value.trim() ? "Via proxy" : "Via"} side="left" plain
              title="Reach the target through a proxy" sheet=${() => html`<${ViaMenu} tab=${tab} />`} />`}
            ${!live && isWebSocket(host.value) && html`<${Menu} id="ws-menu" label="WebSocket" side="left" plain
              title="Subprotocols, headers, and what messages are sent as" sheet=${() => html`<${WebSocketMenu} tab=${tab} />`} />`}
          </div>
          <${Text} id="host" tab=${tab} signal=${host} locked=${live} placeholder="example.com" />
        </div>
        <div class="field port">
          <div class="label-row"><label for="port">Port</label></div>
          <${Text} id="port" tab=${tab} signal=${port} locked=${live} placeholder=${isWhole(host.value) || isWebSocket(host.value) ? "none" : defaultPort(tls.value)} />
        </div>
        ${endOf(host.value) === "listen" && html`
          <label class="switch" title="Further clients wait, each for the next session with this target; otherwise they are refused">
            <input type="checkbox" role="switch" id="next-waits" disabled=${live} checked=${nextWaits(host.value)}
              onChange=${(/** @type {any} */ event) => tab.edit(host, withNext(host.value, event.target.checked))} />
            <span>Next waits</span>
          </label>
        `}
        ${takesTLS(host.value) && html`<div class="tls">
          ${tls.value && !live && html`<${Menu} id="tls-menu" label=${html`<${TLSWord} tab=${tab} />`} plain wanted=${tab.tlsField}
            title="How the server is verified, its name, ALPN, the least version, a client certificate"
            sheet=${() => html`<${TLSMenu} tab=${tab} key=${tab.target.value} />`} />`}
          <label class="switch" title="Speak TLS, as with tls://host:port">
            <input type="checkbox" role="switch" id="tls" disabled=${live} checked=${tls.value}
              onChange=${(/** @type {any} */ event) => tab.switchTLS(event.target.checked)} />
            <span>TLS</span>
          </label>
        </div>`}
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
        ${!live && html`<button type="submit" id="connect-button" class="main primary" ...${whilePaused()}>${endOf(host.value) === "listen" ? "Wait" : "Connect"}</button>`}
        ${session && html`<button type="button" class="icon" id="fold-button" aria-label="Close the form" title="Close the form (Escape)" onClick=${fold}><${Icon} name="x" /></button>`}
      </div>
      ${endHint(host.value) && !live && html`<p class="muted" id="end-hint">${endHint(host.value)}</p>`}
      ${tab.notice.value && !live && html`<p class="notice" id="notice" role="status">${tab.notice.value}</p>`}
      ${!live && html`<${Proposed} tab=${tab} />`}
      <${ModeDetails} tab=${tab} />
    </form>
    ${!session && kept.value > 0 && html`<${Sessions} />`}
    ${refusal && html`<${Guard} what="The certificate"><${TLSFailure} key=${session?.id} tab=${tab} session=${session} refusal=${refusal} /><//>`}
    </div>
  `;
}

/** What a button that opens a session has beside: nothing can be opened while the class is paused, as its line says. */
export function whilePaused() {
  return paused.value ? { disabled: true, title: "The teacher has paused the class", "aria-describedby": "class-status" } : {};
}

/** What the page is for, and ways to begin: each fills the form and puts the focus where it goes on. @param {{ tab: import("./tabs.js").Tab }} props */
function Start({ tab }) {
  const begin = (/** @type {{ host: string, port: string }} */ target, /** @type {string} */ id) => {
    tab.use({ ...target, tls: false, mode: "http-line" });
    requestAnimationFrame(() => {
      const next = /** @type {any} */ (document.getElementById(id));
      next?.focus();
      next?.select?.(); // an example, to be typed over
    });
  };
  return html`
    <section class="start" aria-label="Begin">
      <p class="purpose">Talk to any network service by hand, and see every byte.</p>
      <div class="cards">
        ${practices.value.length > 0 && html`
          <button type="button" id="start-practice" onClick=${() => document.getElementById("practice-menu")?.click()}>
            <b>Practice</b>
            <span>${count(practices.value.length + (practice.value ? 1 : 0), "server")} in this workbench, to pick from: ${[practice.value && "echo", ...practices.value.map(({ name }) => name)].filter(Boolean).slice(0, 4).join(", ")} and more. They need no Internet.</span>
          </button>
        `}
        ${practice.value && practices.value.length === 0 && html`
          <button type="button" id="start-practice" onClick=${() => begin(fieldsOf(practice.value), "connect-button")}>
            <b>Practice</b>
            <span>The echo server in this workbench, ${practice.value}, sends back what you type. It needs no Internet.</span>
          </button>
        `}
        <button type="button" id="start-web" onClick=${() => begin({ host: "example.com", port: "80" }, "host")}>
          <b>A web server</b>
          <span>Ask for a page: type <code>GET / HTTP/1.0</code>, then an empty line. example.com needs the Internet; any other host will do.</span>
        </button>
        <button type="button" id="start-mail" onClick=${() => begin({ host: "mail.example.com", port: "25" }, "host")}>
          <b>Mail</b>
          <span>Put in your mail server, which greets first: then type <code>EHLO me</code>, and <code>QUIT</code> in the end. Port 25 begins in clear.</span>
        </button>
        ${inClass.value !== "student" && html`
          <button type="button" id="start-listen" onClick=${() => begin({ host: "listen://127.0.0.1:2525", port: "" }, "connect-button")}>
            <b>Wait for a client</b>
            <span>You are the server: a real client connects to an address of this machine, and you type the answers.</span>
          </button>
        `}
      </div>
    </section>
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

/** @type {Record<string, string>} */
const stateWords = { starting: " (starting)", failed: " (failed)" };

/** @param {import("./ModeOptions.js").Mode} mode */
function aboutMode({ manifest, state = "" }) {
  return manifest.title + (manifest.brief ? ": " + manifest.brief : "") + (stateWords[state] ?? "");
}

/** @param {{ tab: import("./tabs.js").Tab }} props */
function ModePicker({ tab }) {
  const { mode } = tab.form;
  return html`
    <div class="field mode">
      <div class="label-row"><label for="mode">Line mode</label></div>
      <select id="mode" value=${mode.value} disabled=${tab.live.value || modes.value.length === 0}
        aria-describedby="mode-summary" onChange=${(/** @type {any} */ event) => (mode.value = event.target.value)}>
        ${modes.value.length === 0 && html`<option value="">loading …</option>`}
        <${ModeOptions} modes=${modes.value} picked=${mode.value} label=${aboutMode} />
      </select>
    </div>
  `;
}

/** Which mode the port is for, and with which options, if that is not what is picked. @param {{ tab: import("./tabs.js").Tab }} props */
function Proposed({ tab }) {
  const { mode, options } = tab.form;
  const proposal = proposedFor(modes.value.map(({ manifest }) => manifest), mode.value, tab.target.value, options.value[mode.value]);
  const pick = () => {
    if (!proposal) return;
    mode.value = proposal.mode;
    if (proposal.options) options.value = { ...options.value, [proposal.mode]: { ...options.value[proposal.mode], ...proposal.options } };
    document.getElementById("mode")?.focus(); // the button goes
  };
  const withOptions = Object.entries(proposal?.options ?? {}).map(([name, value]) => ` ${name}=${value}`);
  return html`<p class="muted" id="mode-proposal" role="status">
    ${proposal && html`${proposal.port} is ${proposal.name}: try <button type="button" class="chip" onClick=${pick}>${proposal.mode}${withOptions}</button>`}
  </p>`;
}

/** What the picked mode does, and its options. @param {{ tab: import("./tabs.js").Tab }} props */
function ModeDetails({ tab }) {
  const mode = tab.picked.value;
  const live = tab.live.value;
  if (!mode) return modesProblem.value && html`<p class="problem" role="alert">${modesProblem.value}</p>`;
  const { manifest, state, error } = mode;
  const { elsewhere } = tab.form;
  const onToggle = (/** @type {any} */ event) => {
    if (event.target.open !== detailsOpen.value) detailsOpen.value = event.target.open;
  };
  return html`
    ${modesProblem.value && html`<p class="problem" role="alert">${modesProblem.value}</p>`}
    ${state === "starting" && html`<p class="muted">This mode's process is starting.</p>`}
    ${state === "failed" && html`<p class="problem">This mode has failed: ${error || "its process ended"}</p>`}
    <details class="mode-details" open=${detailsOpen.value} onToggle=${onToggle}>
      <summary>
        About this mode
        ${manifest.options.map((option) => html`
          <span key=${option.name} class="chosen">${option.name} <b>${tab.option(option) || "–"}</b></span>
        `)}
        ${elsewhere.value && opensLinks(manifest) && html`<span class="chosen">connects to <b>any host</b></span>`}
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
        ${opensLinks(manifest) && html`
          <fieldset class="options" disabled=${live}>
            <legend class="unseen">Further connections</legend>
            <div class="option">
              <input type="checkbox" id="elsewhere" checked=${elsewhere.value} aria-describedby="elsewhere-help"
                onChange=${(/** @type {any} */ event) => (elsewhere.value = event.target.checked)} />
              <label for="elsewhere">Connections to any host</label>
              <p id="elsewhere-help" class="muted">This mode opens further connections. Unless this is on, they go to the server’s own host alone: a server that names another one is not followed.</p>
            </div>
          </fieldset>
        `}
        ${manifest.commands && html`<${CommandList} key=${"commands " + manifest.name} commands=${manifest.commands} />`}
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
