// How TLS is spoken to the target in the fields. Enter in one of these fields
// connects, as in the others of the connect bar.

import { Icon, html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { shownLine } from "../model/format.js";
import { targetTitle, tlsDefaults, tlsProblem } from "../model/target.js";
import { credentialOf, credentials, forgetFile, loadCredentials } from "../wire/credentials.js";
import { fingerprintOf, grouped } from "../model/tls.js";
import { PEMPicker } from "./PEMPicker.js";

/**
 * Of a tab, or of what else has a target to choose for.
 * @typedef {Pick<import("./tabs.js").Tab, "fields" | "setTLS"> & { tlsChoices: { value: import("../model/target.js").TLSChoices }, form: { host: { value: string } } }} Choosing
 */

/** @param {{ tab: Choosing, go?: string }} props go: what Enter does */
export function TLSMenu({ tab, go = "Connect" }) {
  const [problem, setProblem] = useState("");
  useEffect(() => void loadCredentials().then(setProblem), []);
  const choices = tab.tlsChoices.value;
  const { verify, name, alpn, min, cert } = { ...tlsDefaults, ...choices };
  const how = verify.split(":")[0];
  const known = credentials.value.filter(({ kind }) => kind === "ca");
  /** @type {Record<string, string>} */
  const begins = { system: "", none: "none", ca: "ca:" + (known[0]?.id ?? ""), sha256: "sha256:" };
  const set = (/** @type {string} */ choice) => (/** @type {string} */ value) => tab.setTLS({ [choice]: value });
  return html`
    <div class="tls-form" role="group" aria-label=${"TLS to " + targetTitle({ ...tab.fields, tls: false })}>
      <${Field} id="tls-verify" label="Verify the server by" problem="">
        <select id="tls-verify" value=${how} onChange=${(/** @type {any} */ event) => set("verify")(begins[event.target.value])}>
          <option value="system">this system's authorities</option>
          <option value="ca">a CA file</option>
          <option value="sha256">its fingerprint alone</option>
          <option value="none">nothing: do not verify</option>
        </select>
      <//>
      ${how === "none" && html`<p class="problem">Whoever is between you and the server can read and change everything.</p>`}
      ${how === "ca" && html`
        <${FileField} id="tls-ca" kind="ca" label="CA file" value=${verify.slice("ca:".length)} failed=${setProblem}
          change=${(/** @type {string} */ id) => set("verify")("ca:" + id)} />
      `}
      ${how === "sha256" && html`<${Fingerprint} value=${verify.slice("sha256:".length)} change=${(/** @type {string} */ digits) => set("verify")("sha256:" + digits)} />`}
      <${TextField} id="tls-name" label="Server name (SNI)" value=${name} placeholder=${tab.form.host.value || "the host"} change=${set("name")}
        problem=${name && tlsProblem("name", name)} />
      <${TextField} id="tls-alpn" label="ALPN protocols" value=${alpn} placeholder="none, or as in h2,http/1.1" change=${set("alpn")}
        problem=${alpn && tlsProblem("alpn", alpn)} />
      <${Field} id="tls-min" label="Least version" problem="">
        <select id="tls-min" value=${min} onChange=${(/** @type {any} */ event) => set("min")(event.target.value)}>
          ${["1.3", "1.2", "1.1", "1.0"].map((one) => html`<option key=${one} value=${one}>TLS ${one}</option>`)}
        </select>
      <//>
      ${min < "1.2" && html`<p class="caution">TLS 1.0 and 1.1 can be broken: only for servers that have nothing newer.</p>`}
      <${FileField} id="tls-cert" kind="client" label="Client certificate" value=${cert} none="none" change=${set("cert")} failed=${setProblem} />
      <p role="status" class=${problem ? "problem" : "unseen"}>${shownLine(problem)}</p>
      <div class="tls-buttons">
        <button type="button" class="small" id="tls-reset" disabled=${Object.keys(choices).length === 0}
          onClick=${() => tab.setTLS(tlsDefaults)}>Back to the defaults</button>
        <button type="submit" class="small primary" id="tls-connect">${go}</button>
      </div>
    </div>
  `;
}

/** @param {{ id: string, label: string, problem: string, children?: any }} props */
function Field({ id, label, problem, children }) {
  return html`
    <div class="tls-field">
      <label for=${id}>${label}</label>
      ${children}
      ${problem && html`<p class="problem" id=${id + "-problem"}>${shownLine(problem)}</p>`}
    </div>
  `;
}

/** @param {{ id: string, label: string, value: string, placeholder: string, change: (value: string) => void, problem: string }} props */
function TextField({ id, label, value, placeholder, change, problem }) {
  return html`
    <${Field} id=${id} label=${label} problem=${problem}>
      <input type="text" id=${id} value=${value} placeholder=${placeholder} spellcheck=${false} autocapitalize="off" autocorrect=${false}
        aria-invalid=${problem ? "true" : undefined} aria-describedby=${problem ? id + "-problem" : undefined}
        onInput=${(/** @type {any} */ event) => change(event.target.value.trim())} />
    <//>
  `;
}

// What is typed stays as it is typed; what it comes to is what counts.
/** @param {{ value: string, change: (digits: string) => void }} props */
function Fingerprint({ value, change }) {
  const [typed, setTyped] = useState(grouped(value));
  const text = fingerprintOf(typed) === value ? typed : grouped(value); // another target, or a button
  return html`
    <${TextField} id="tls-fingerprint" label="Fingerprint (SHA-256)" value=${text} placeholder="of the certificate, in hex"
      problem=${value && tlsProblem("verify", "sha256:" + value)}
      change=${(/** @type {string} */ text) => (setTyped(text), change(fingerprintOf(text)))} />
  `;
}

/** @param {{ id: string, kind: "ca" | "client", label: string, value: string, none?: string, change: (id: string) => void, failed: (words: string) => void }} props */
function FileField({ id, kind, label, value, none = "choose a file", change, failed }) {
  const known = credentials.value.filter((one) => one.kind === kind);
  const forget = async () => {
    document.getElementById(id)?.focus(); // the button goes
    change("");
    failed(await forgetFile(value));
  };
  const isGone = value !== "" && !known.some((one) => one.id === value);
  return html`
    <${Field} id=${id} label=${label} problem="">
      <div class="tls-file">
        <select id=${id} value=${value} onChange=${(/** @type {any} */ event) => change(event.target.value)}>
          <option value="">${none}</option>
          ${known.map((one) => html`<option key=${one.id} value=${one.id}>${titleOf(one)}</option>`)}
          ${isGone && html`<option value=${value}>${titleOf(credentialOf(value))}: choose the file again</option>`}
        </select>
        ${value && html`<button type="button" class="icon" id=${id + "-forget"} title="Forget it, in the workbench too"
          aria-label=${"Forget " + titleOf(credentialOf(value))} onClick=${forget}><${Icon} name="x" /></button>`}
        <${PEMPicker} id=${id + "-file"} kind=${kind} label="Choose…" done=${change} failed=${failed} />
      </div>
    <//>
  `;
}

/** @param {import("../types").Credential | undefined} credential */
function titleOf(credential) {
  if (!credential) return "a file that is gone";
  return `${shownLine(credential.subject.slice(0, 200)) || "no subject"} · ${credential.fingerprint.slice(0, 8)}`;
}
