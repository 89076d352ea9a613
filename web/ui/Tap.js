// Taps: real programs at the client's end. Where one listens, what it leads to, and the
// connections that have come.

import { Icon, html } from "./html.js";
import { useEffect, useLayoutEffect, useState } from "../vendor/hooks.js";
import { signal } from "../vendor/signals-core.js";
import { listenOf, listenProblem, tappable } from "../model/taps.js";
import { changedTLS, fieldsOf, isSecure, targetOf, targetTitle } from "../model/target.js";
import { isLocal } from "../model/local.js";
import { beginTap, listenToTaps, taps } from "../wire/taps.js";
import { canTap, modes, modesProblem, practice, practices, recording } from "../wire/workbench.js";
import { OptionField } from "./ConnectBar.js";
import { ModeOptions } from "./ModeOptions.js";
import { TapCard } from "./TapCard.js";
import { current, targets, targetsVersion } from "./tabs.js";

/** What the form begins with, as long as the page is there. */
const form = signal({
  listen: "", to: "", mode: "raw", through: false, via: "", record: true, faults: "",
  options: /** @type {Record<string, Record<string, string>>} */ ({}), verify: /** @type {Record<string, string>} */ ({}),
});

export function Tap() {
  const [away, setAway] = useState(/** @type {import("../vendor/signals-core.js").Signal<boolean> | null} */ (null));
  useEffect(() => (canTap.value ? listenToTaps((one) => setAway(one)) : undefined), [canTap.value]);
  const all = taps.all.value;
  const [begun, setBegun] = useState(""); // a tap that has just begun gets the focus, once it is in the list
  useLayoutEffect(() => {
    const found = begun && document.getElementById("tap-" + begun);
    if (!found) return;
    setBegun("");
    found.querySelector(/** @type {any} */ (".copy-address"))?.focus();
    found.scrollIntoView({ block: "nearest" });
  });
  return html`
    <section class="view" aria-labelledby="tap-title">
      <header>
        <h2 id="tap-title">Tap</h2>
      </header>
      <p class="tap-about">A program connects here instead of to its server. Every connection is passed on, and is a session that you can watch.</p>
      ${!canTap.value
        ? html`<p>${modesProblem.value || "You may not begin taps in this workbench: that is for its account, admins and teachers."}</p>`
        : html`
          <${Form} began=${setBegun} />
          <p class="caution" role="status">${away?.value && all && "The connection to the workbench broke: what you see is old. Trying to come back …"}</p>
          ${all === null
            ? html`<p class="muted" role="status">${away?.value ? "The workbench does not answer; trying again …" : "Looking for taps …"}</p>`
            : all.length === 0
              ? html`<p class="muted">No tap listens yet. Fill in the server that your program talks to, and press Listen.</p>`
              : all.map((one) => html`<${TapCard} key=${one.id} tap=${one} />`)}
        `}
    </section>
  `;
}

/** @param {{ began: (id: string) => void }} props */
function Form({ began }) {
  const now = form.value;
  const set = (/** @type {Partial<typeof now>} */ changed) => (form.value = { ...form.value, ...changed });
  const [problem, setProblem] = useState("");
  const [said, setSaid] = useState("");
  const [waiting, setWaiting] = useState(false);
  useEffect(() => { // what one was looking at is at hand
    if (!now.to && current.value.form.host.value) set({ to: targetOf(current.value.fields).target ?? "" });
  }, []);
  const able = tappable(modes.value);
  const manifest = (able.find((one) => one.manifest.name === now.mode) ?? able[0])?.manifest;
  const mode = manifest?.name ?? "";
  const { target = "", problem: wrongTarget } = targetOf({ host: now.to, port: "", tls: false });
  const tls = isSecure(target);
  const before = (tls && targets.find(fieldsOf(target))?.tlsChoices) || {};
  const choices = tls ? changedTLS(before, target in now.verify ? { verify: now.verify[target] } : {}) : {};
  const verify = choices.verify ?? "system";
  const wrong = listenProblem(now.listen) || (now.to.trim() === "" ? "" : wrongTarget ?? "");
  const options = now.options[mode] ?? {};
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (wrong || !target || waiting) return;
    setWaiting(true);
    try {
      const made = await beginTap({
        listen: listenOf(now.listen), target, mode, options, through: now.through,
        via: isLocal(target) ? "" : now.via.trim(), tls: choices, record: now.record, faults: now.faults,
      });
      setProblem("");
      setSaid(`Listens on ${made.listen}.`);
      began(made.id);
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
      setSaid("");
    }
    setWaiting(false);
  };
  const text = (/** @type {"listen" | "to" | "via"} */ name) => (/** @type {any} */ event) => (setProblem(""), set({ [name]: event.target.value }));
  return html`
    <form class="card searching tap-form" autocomplete="off" aria-label="A new tap" onSubmit=${submit}>
      <div class="field">
        <label for="tap-listen">Listen on</label>
        <input type="text" id="tap-listen" value=${now.listen} placeholder="127.0.0.1, a free port" spellcheck=${false} autocapitalize="off" onInput=${text("listen")} />
      </div>
      <div class="field wide">
        <label for="tap-to">Pass on to</label>
        <input type="text" id="tap-to" list="tap-targets" value=${now.to} placeholder="127.0.0.1:6379" spellcheck=${false} autocapitalize="off" onInput=${text("to")} />
        <${Known} />
      </div>
      <div class="field">
        <label for="tap-mode">Line mode</label>
        <select id="tap-mode" value=${mode} title=${manifest?.summary} onChange=${(/** @type {any} */ event) => set({ mode: event.target.value })}>
          <${ModeOptions} modes=${able} picked=${mode} />
        </select>
      </div>
      <button type="submit" class="primary" id="begin-tap" disabled=${!target || !mode || wrong !== "" || waiting}><${Icon} name="play" /> Listen</button>
      <fieldset class="tap-role">
        <legend class="unseen">What the line mode does</legend>
        <label><input type="radio" name="tap-role" value="watch" checked=${!now.through} onChange=${() => set({ through: false })} />
          <span><b>Watch</b> <span class="muted">The line mode sees all, and can change and delay nothing.</span></span></label>
        <label><input type="radio" name="tap-role" value="through" checked=${now.through} onChange=${() => set({ through: true })} />
          <span><b>In the path</b> <span class="muted">What the line mode makes of the bytes is what arrives.</span></span></label>
      </fieldset>
      ${tls && html`
        <div class="field">
          <label for="tap-verify">Verify the server by</label>
          <select id="tap-verify" value=${verify} onChange=${(/** @type {any} */ event) => set({ verify: { ...now.verify, [target]: event.target.value } })}>
            ${[...new Set(["system", "none", verify])].map((one) => html`<option key=${one} value=${one} selected=${one === verify}>${verifyWords(one)}</option>`)}
          </select>
        </div>
        <p class="muted tap-note">The tap speaks TLS with the server. Your program speaks in clear with the tap.</p>
      `}
      ${(problem || wrong) && html`<p class="problem" role="alert">${problem || wrong}</p>`}
      <p class="unseen" role="status">${said}</p>
      <details class="tap-more">
        <summary>More: ${[manifest && manifest.options.length > 0 && "the line mode’s options", "a proxy", "faults", recording.value && "recording"].filter(Boolean).join(", ")}</summary>
        <div class="tap-more-fields">
          ${manifest && manifest.options.length > 0 && html`
            <div class="options" role="group" aria-label="Options of the line mode">
              ${manifest.options.map((option) => html`<${OptionField} key=${option.name} option=${option} prefix="tap-option-" value=${options[option.name] ?? option.default}
                onChange=${(/** @type {string} */ value) => set({ options: { ...now.options, [mode]: { ...options, [option.name]: value } } })} />`)}
            </div>
          `}
          <div class="field">
            <label for="tap-via">Through a proxy</label>
            <input type="text" id="tap-via" value=${now.via} placeholder="socks5://127.0.0.1:1080" spellcheck=${false} autocapitalize="off" onInput=${text("via")} />
          </div>
          <div class="field tap-faults">
            <label for="tap-faults">Fault rules, one a line</label>
            <textarea id="tap-faults" rows="3" value=${now.faults} placeholder="from-server after line 1: delay 2s" spellcheck=${false} autocapitalize="off" aria-describedby="tap-faults-about"
              onInput=${(/** @type {any} */ event) => (setProblem(""), set({ faults: event.target.value }))}></textarea>
            <small id="tap-faults-about" class="muted">Each connection has these faults. The line mode is then in the path.</small>
            <label class="tap-fault-file" for="tap-fault-file">From a file</label>
            <input type="file" id="tap-fault-file" onChange=${async (/** @type {any} */ event) => {
              const text = await event.target.files[0]?.text();
              if (text !== undefined) set({ faults: text });
            }} />
          </div>
          ${recording.value && html`
            <label class="switch" title="Keep a transcript of each connection, under Transcripts">
              <input type="checkbox" role="switch" id="tap-record" checked=${now.record} onChange=${(/** @type {any} */ event) => set({ record: event.target.checked })} />
              <span>Record</span>
            </label>
          `}
        </div>
      </details>
    </form>
  `;
}

/** Targets to complete from: those to practise on, and those that the user knows. */
function Known() {
  targetsVersion.value;
  /** @type {Map<string, string>} */
  const all = new Map();
  for (const one of targets.list) all.set(targetTitle({ ...one, name: "" }), one.name);
  for (const { target, name } of practices.value) all.set(target, "practice " + name);
  if (practice.value) all.set(practice.value, "practice echo");
  return html`<datalist id="tap-targets">${[...all].map(([target, words]) => html`<option key=${target} value=${target} label=${words || undefined}></option>`)}</datalist>`;
}

/** @param {string} verify */
function verifyWords(verify) {
  if (verify === "none") return "nothing";
  if (verify === "system") return "this system’s authorities";
  return verify.startsWith("ca:") ? "a CA file" : "its fingerprint";
}
