// Targets to pick from: the practice echo, those with a name, the recent ones.

import { Icon, html } from "./html.js";
import { useState } from "../vendor/hooks.js";
import { practice } from "../wire/workbench.js";
import { targets, targetsVersion } from "./tabs.js";
import { fieldsOf, isWebSocket, targetOf, targetTitle, withoutHeaders, withoutPassword } from "../model/target.js";

/** @param {{ tab: import("./tabs.js").Tab, close: () => void }} props */
export function TargetMenu({ tab, close }) {
  targetsVersion.value;
  const [name, setName] = useState("");
  const isPractice = (/** @type {import("../types").Target} */ one) => !one.tls && one.host + ":" + one.port === practice.value;
  const named = targets.list.filter((one) => one.name);
  const recent = targets.list.filter((one) => !one.name && !isPractice(one));
  const use = (/** @type {Parameters<typeof tab.use>[0]} */ target) => {
    tab.use(target);
    close();
  };
  const echo = fieldsOf(practice.value);
  const { target } = targetOf(tab.fields);
  const here = target && fieldsOf(target);
  const keep = () => {
    if (!name.trim() || !here) return;
    const mode = tab.form.mode.value;
    targets.remember({ ...here, mode, options: tab.form.options.value[mode] ?? {}, name: name.trim(), stays: tab.form.stays.value, ...(here.tls && { tlsChoices: tab.tlsChoices.value }), ...(tab.form.via.value && { via: withoutPassword(tab.form.via.value) }), ...(isWebSocket(here.host) && { ws: withoutHeaders(tab.form.ws.value) }) });
    targetsVersion.value++;
    close();
  };
  const forget = (/** @type {import("../types").Target} */ one) => {
    targets.forget(one);
    targetsVersion.value++;
  };
  const item = (/** @type {import("../types").Target} */ one) => html`
    <div class="target" key=${targetTitle({ ...one, name: "" })}>
      <button type="button" class="item" onClick=${() => use(one)}>
        <b>${targetTitle(one)}</b>
        <span class="muted">${one.name ? targetTitle({ ...one, name: "" }) + " · " : ""}${one.mode}</span>
      </button>
      <button type="button" class="icon" aria-label=${"Forget " + targetTitle(one)} title="Forget it" onClick=${() => forget(one)}><${Icon} name="x" /></button>
    </div>
  `;
  return html`
    ${practice.value && html`
      <fieldset>
        <legend>To practise</legend>
        <button type="button" class="item" onClick=${() => use(targets.find(echo) ?? echo)}>
          <b>Practice echo</b> <span class="muted">${practice.value}</span>
        </button>
      </fieldset>
    `}
    ${named.length > 0 && html`<fieldset><legend>Named</legend>${named.map(item)}</fieldset>`}
    ${recent.length > 0 && html`<fieldset><legend>Recent</legend>${recent.map(item)}</fieldset>`}
    ${here && html`
      <fieldset>
        <legend>Give ${targetTitle(here)} a name</legend>
        <div class="name-it">
          <input type="text" aria-label="Name" placeholder="smtp lab" value=${name}
            onInput=${(/** @type {any} */ event) => setName(event.target.value)}
            onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.preventDefault(), keep())} />
          <button type="button" class="small" onClick=${keep} disabled=${!name.trim()}>Keep</button>
        </div>
      </fieldset>
    `}
  `;
}
