// One tap, with its connections.

import { Icon, html } from "./html.js";
import { useState } from "../vendor/hooks.js";
import { count, whenOf } from "../model/format.js";
import { standing, traffic, tryWith } from "../model/taps.js";
import { endConnection, endTap } from "../wire/taps.js";
import { modes, practices } from "../wire/workbench.js";
import { formatRoute } from "./route.js";
import { toClipboard } from "./clipboard.js";

/** @param {{ tap: import("../types").Tapped }} props */
export function TapCard({ tap }) {
  const { id, listen, target, over } = tap;
  const [copied, setCopied] = useState("");
  const [problem, setProblem] = useState("");
  const copy = (/** @type {string} */ text) => toClipboard(text).then(() => setCopied("Copied."), () => setCopied("The browser did not allow it: mark it and copy it."));
  const failing = (/** @type {Promise<void>} */ done) => done.then(() => setProblem(""), (error) => setProblem(error.message));
  const forget = () => {
    document.getElementById("tap-to")?.focus(); // the button goes
    failing(endTap(id));
  };
  const mode = modes.value.find(({ manifest }) => manifest.name === tap.mode)?.manifest.title ?? tap.mode;
  const example = tryWith(tap, practices.value);
  return html`
    <article class="card tap" id=${"tap-" + id} aria-labelledby=${"tap-name-" + id} data-over=${over ? "" : undefined}>
      <header>
        <h3 id=${"tap-name-" + id}><code>${listen}</code> <span class="arrow" aria-hidden="true">→</span><span class="unseen">to</span> <span class="tap-target">${target}</span></h3>
        <span class="muted">${mode}, ${tap.through ? "in the path" : "watches"}${tap.faults ? ", " + count(tap.faults, "fault rule") : ""}${tap.recorded ? "" : ", not recorded"}</span>
        <span class="tap-tools">
          <span role="status" class="muted">${copied}</span>
          ${!over && html`<button type="button" class="small copy-address" aria-label=${"Copy the address " + listen} onClick=${() => copy(listen)}>Copy the address</button>`}
          ${over
            ? html`<button type="button" key="end" class="small end-tap" aria-label=${"Forget the tap on " + listen} onClick=${forget}>Forget</button>`
            : html`<button type="button" key="end" class="small danger end-tap" aria-label=${"Stop the tap on " + listen} onClick=${() => failing(endTap(id))}>Stop</button>`}
        </span>
      </header>
      <p class="problem" role="alert">${problem || (tap.problem && `Stopped: ${tap.problem}.`)}</p>
      ${tap.connections.length === 0
        ? html`<p class="nothing" role="status">${over ? "Stopped. Nobody has connected." : html`Nobody has connected yet. On the workbench’s machine run, for example, <code>${example}</code>`}</p>`
        : html`
          <div class="table" tabindex="0" role="region" aria-label=${"Connections of " + listen}>
            <table class="tap-connections">
              <thead><tr><th scope="col">Client</th><th scope="col">Since</th><th scope="col" class="number">Sent</th><th scope="col" class="number">Received</th><th scope="col">How it is</th><th scope="col"><span class="unseen">What you can do</span></th></tr></thead>
              <tbody>${tap.connections.map((one) => html`<${Row} key=${one.number} connection=${one} failing=${failing} />`)}</tbody>
            </table>
          </div>
        `}
      <p class="muted tap-count">${[over && !tap.problem && "Stopped.", tap.came > tap.connections.length + (tap.turnedAway ?? 0) && `${count(tap.came, "connection")} in all; the newest are here.`].filter(Boolean).join(" ")}</p>
      ${(tap.turnedAway ?? 0) > 0 && html`<p class="caution tap-count">${count(tap.turnedAway ?? 0, "connection")} turned away, the last since ${tap.why}.</p>`}
    </article>
  `;
}

/** @param {{ connection: import("../types").TapConnection, failing: (done: Promise<void>) => void }} props */
function Row({ connection, failing }) {
  const { from, attach, transcript, state, began } = connection;
  const { look, words } = standing(connection);
  const { sent, received } = traffic(connection);
  return html`
    <tr data-state=${state}>
      <td class="when">${from}</td>
      <td class="when">${whenOf(began)}</td>
      <td class="number">${sent}</td>
      <td class="number">${received}</td>
      <td><span class=${look}>${words}</span></td>
      <td><span class="row-tools">
        ${state === "open" && html`<a class="button small" href=${formatRoute("tap", attach)} aria-label=${"Watch the connection of " + from}><${Icon} name="eye" /> Watch</a>`}
        ${state === "open" && html`<button type="button" class="small" aria-label=${"End the connection of " + from} onClick=${() => failing(endConnection(attach))}>End</button>`}
        ${state === "over" && transcript && html`<a class="button small" href=${formatRoute("transcripts", transcript)} aria-label=${"The recording of " + from}>Recording</a>`}
      </span></td>
    </tr>
  `;
}
