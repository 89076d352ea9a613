// Who else watches a session, and who has its keyboard.

import { Icon, html } from "./html.js";
import { count } from "../model/format.js";

/** @param {{ session: import("../wire/session.js").Session }} props */
export function Watchers({ session }) {
  const watch = session.watch.value;
  if (!watch) return null;
  const { window, watchers, keyboard, away, asks, observed = 0 } = watch;
  const others = count(watchers - 1, "other window") + (watchers === 2 ? " watches" : " watch");
  const asking = asks && asks !== window && keyboard === window ? asks : 0;
  return html`
    ${observed > 0 && html`<span class="observed watchers" title="Your teacher is watching this session"><${Icon} name="eye" /> Your teacher is watching this session</span>`}
    <span id="watchers" class="watchers" role="status">
      ${watchers > 1 && html`<span class="muted">${others}.</span> `}
      ${keyboard !== window && html`<span>${away || !keyboard ? "Nobody types." : `Window ${keyboard} types; this is window ${window}.`}</span> `}
      ${asking > 0 && html`<span>Window ${asking} asks for the keyboard.</span> `}
    </span>
    ${keyboard !== window && (asks === window
      ? html`<span class="muted">Asked for the keyboard</span>`
      : html`<button type="button" class="small" id="ask-keyboard" onClick=${() => session.askForKeyboard()}>${away || !keyboard ? "Take the keyboard" : "Ask for the keyboard"}</button>`)}
    ${asking > 0 && html`<button type="button" class="small" id="give-keyboard" onClick=${() => session.giveKeyboard(asking)}>Hand it over</button>`}
  `;
}
