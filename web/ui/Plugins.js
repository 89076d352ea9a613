// How the line modes' processes are, what holds them back, and what a mode that
// is being developed says.

import { html, lazy } from "./html.js";
import { useEffect } from "../vendor/hooks.js";
import { clock, count, overloadWords } from "../model/format.js";
import { CommandList } from "./CommandList.js";
import { devMode, loadModes, modes, modesProblem, sandbox } from "../wire/workbench.js";

const DevPanel = lazy(() => import("./DevPanel.js"), "DevPanel");

const pause = 2000; // milliseconds between two questions

export function Plugins() {
  useEffect(() => {
    loadModes();
    const timer = setInterval(loadModes, pause);
    return () => clearInterval(timer);
  }, []);
  const sessions = modes.value.reduce((sum, mode) => sum + mode.sessions, 0);
  return html`
    <section class="view" aria-labelledby="plugins-title">
      <header>
        <h2 id="plugins-title">Plugins</h2>
        <span class="muted">${count(modes.value.length, "line mode")}, ${count(sessions, "open session")}</span>
      </header>
      ${modesProblem.value && html`<p class="problem" role="alert">${modesProblem.value}</p>`}
      ${sandbox.value && html`<${SandboxState} sandbox=${sandbox.value} />`}
      ${devMode.value && html`<${DevPanel} />`}
      <div class="modes">
        ${modes.value.map((mode) => html`<${Plugin} key=${mode.manifest.name} mode=${mode} />`)}
      </div>
    </section>
  `;
}

/** What is not held, and what may not be. @param {{ sandbox: import("../types").Sandbox }} props */
function SandboxState({ sandbox: { mode, mechanisms } }) {
  const unknown = mechanisms.filter(({ state }) => state === "unknown");
  const missing = mechanisms.filter(({ state, optional }) => state === "missing" && !optional);
  return html`
    ${mode === "off" && html`<p class="muted" id="sandbox-off">The sandbox is off: plugin processes have your rights.</p>`}
    ${unknown.length > 0 && html`
      <p class="problem" id="sandbox-unknown" role="alert">
        The workbench could not tell whether the sandbox holds here: ${list(unknown)}.
        Plugin processes run with all of it or do not start; it is tried again.
      </p>
    `}
    ${missing.length > 0 && html`<p class="caution" id="sandbox-missing">The sandbox is not complete on this system. Missing: ${list(missing)}.</p>`}
  `;
}

/** @param {import("../types").Mechanism[]} mechanisms */
function list(mechanisms) {
  return mechanisms.map(({ name, reason }) => `${name} (${reason})`).join("; ");
}

/** @param {{ mode: import("../types").Mode }} props */
function Plugin({ mode }) {
  const { manifest, state, pid, uptime, sessions, restarts, error, overload } = mode;
  return html`
    <article class="card plugin" aria-label=${manifest.title}>
      <header>
        <h3>${manifest.title}</h3>
        ${overload ? html`<span class="pill overloaded">overloaded</span>` : html`<span class=${"pill " + state}>${state}</span>`}
      </header>
      <p>${manifest.summary}</p>
      <dl>
        <dt>Name</dt><dd>${manifest.name}, version ${manifest.version}</dd>
        <dt>Process</dt><dd>${pid ? `${pid}, up for ${clock(uptime)}` : "none"}</dd>
        <dt>Sessions</dt><dd>${sessions} open</dd>
        ${overload && html`<dt>Waiting</dt><dd class="problem">${overloadWords(overload)}</dd>`}
        <dt>Restarts</dt><dd>${restarts}</dd>
        ${error && html`<dt>Last error</dt><dd class=${state === "failed" ? "problem" : ""}>${error}</dd>`}
      </dl>
      ${manifest.commands && html`<${CommandList} commands=${manifest.commands} />`}
      ${restarts > 0 && state === "ready" && html`<p>It was started again, and its sessions went on.</p>`}
    </article>
  `;
}
