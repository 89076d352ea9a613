// How the session stands, in words: for how long, whether it is recorded, and
// what went wrong.

import { html } from "../html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { clock } from "../format.js";

const titles = {
  connecting: "Connecting",
  connected: "Connected",
  disconnected: "Disconnected",
  failed: "Could not connect",
};

/** @param {{ tab: import("../tabs.js").Tab }} props */
export function Status({ tab }) {
  const session = tab.session.value;
  const hello = session?.hello.value;
  const { name, words, hint, broke } = tab.state.value;
  const title = broke ? "Disconnected" : titles[name];
  const separator = name === "connected" || name === "connecting" ? " " : ": ";
  const tried = session && !tab.problem.value; // what is wrong with the fields is of no session
  return html`
    <div class="status">
      <p id="status" role="status" data-state=${name}>
        <strong>${title}</strong>
        ${words && html`<span class="words">${separator + words}</span>`}
        ${name === "connected" && hello?.address && !session?.target.endsWith(hello.address) && html`<span class="muted"> at ${hello.address}</span>`}
        ${hint && html`<span class="hint">${" " + hint}</span>`}
      </p>
      ${tried && hello && html`<${Clock} key=${session.id} session=${session} />`}
      ${hello?.transcript && session?.live && html`<span class="recording" title="The workbench keeps a transcript of this session">recording</span>`}
      ${tried && !session.live && html`<button type="button" class="small" id="reconnect-button" onClick=${() => tab.reconnect()}>Reconnect</button>`}
    </div>
  `;
}

/** @param {{ session: import("../session.js").Session }} props */
function Clock({ session }) {
  const [now, setNow] = useState(Date.now());
  const live = session.state.value.name === "connected";
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [live]);
  return html`<span class="clock" title="How long the session has lasted">${clock(((live ? now : session.ended) - session.began) / 1000)}</span>`;
}
