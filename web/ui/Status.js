// The one line above the lanes: which session it is, how it stands, and what can be
// done about it. It has the same height in every state, so that the rows below stay
// where they are.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { clock, overloadWords, shownLine } from "../model/format.js";
import { formatRoute } from "./route.js";
import { loadModes, modes, sandboxDoubt } from "../wire/workbench.js";
import { Menu } from "./Menu.js";
import { whilePaused } from "./ConnectBar.js";

const TLSOutcome = lazy(() => import("./TLSOutcome.js"), "TLSOutcome");

const Watchers = lazy(() => import("./Watchers.js"), "Watchers");

const titles = {
  connecting: "Connecting",
  connected: "Connected",
  disconnected: "Disconnected",
  failed: "Could not connect",
};

/**
 * open: whether the form is, which folds into this line.
 * @param {{ tab: import("./tabs.js").Tab, open: boolean, toggle: () => void }} props
 */
export function SessionBar({ tab, open, toggle }) {
  const session = tab.session.value;
  const live = tab.live.value;
  return html`
    <section class="session-bar" aria-label="Session">
      ${session && html`
        <button type="button" class="identity" id="edit-button" aria-expanded=${open ? "true" : "false"} onClick=${toggle}
          title=${identity(session) + (live ? ". Press to look at the form (Alt+E)" : ". Press to edit (Alt+E)")}>
          <b>${session.target}</b>
          <span class="mode">${session.mode.title}</span>
          <span class="chosen">${session.mode.options.map((option) => html`<span key=${option.name}>${option.name} <i>${session.options[option.name] || option.default || "–"}</i></span> `)}</span>
          <${Icon} name="chevron-down" />
        </button>
      `}
      <${Status} tab=${tab} brief=${open} />
      ${live
        ? html`<button key="disconnect" type="button" id="disconnect-button" class="small main" onClick=${() => tab.disconnect()}>
            ${tab.state.value.name === "connecting" ? "Cancel" : "Disconnect"}
          </button>`
        : session && !open && html`<button key="reconnect" type="button" id="reconnect-button" class="small main" ...${whilePaused()} onClick=${() => tab.reconnect()}>Reconnect</button>`}
    </section>
  `;
}

/** @param {import("../wire/session.js").Session} session */
function identity({ target, mode, options }) {
  return [target, mode.title, ...mode.options.map(({ name, default: standard }) => `${name} ${options[name] || standard || "–"}`)].join(", ");
}

/** brief: the reason of a failure stands in the form. @param {{ tab: import("./tabs.js").Tab, brief: boolean }} props */
function Status({ tab, brief }) {
  const session = tab.session.value;
  const hello = session?.hello.value;
  const { name, words, hint, broke, away, waits } = tab.state.value;
  const title = away ? "Coming back" : broke ? "Disconnected" : waits ? "Waiting" : titles[name];
  const separator = name === "connected" || name === "connecting" ? " " : ": ";
  const tried = session && !tab.problem.value; // a problem of the fields is not about a session
  // The line has the target already, and the form that is open the reason.
  const known = !session || (name === "connected" && !away) || (name === "connecting" && !waits) || (name === "failed" && !broke && brief) ? "unseen" : "";
  return html`
    <div class="status">
      <p id="status" role="status" data-state=${away ? "connecting" : name} title=${[words, hint].filter(Boolean).join(" ") || undefined}>
        <strong>${title}</strong>
        ${words && html`<span class=${"words " + known}>${separator + words}</span>`}
        ${name === "connected" && hello?.address && !session?.target.endsWith(hello.address) && html`<span class="muted"> at ${hello.address}</span>`}
        ${hint && html`<span class=${"hint " + known}>${/[.?!…]$/.test(words) ? " " : ". "}${hint}</span>`}
      </p>
      ${session?.connected && session.watch.value && (session.watch.value.watchers > 1 || !session.hasKeyboard || session.watch.value.observed) && html`<${Watchers} session=${session} />`}
      ${session?.live && html`<${Overload} key=${"overload" + session.id} session=${session} />`}
      ${sandboxDoubt.value && html`<a class="problem" id="sandbox-doubt" href=${formatRoute("plugins")}>Sandbox in doubt</a>`}
      ${tried && hello?.tls && html`<${Menu} key=${"tls" + session.id} id="tls-outcome" label=${tlsLabel(hello.tls)} side="left" plain
        title="What TLS came to, and the server's certificate" sheet=${() => html`<${TLSOutcome} outcome=${hello.tls} />`} />`}
      ${tried && hello?.subprotocol && html`<span id="subprotocol" class="tls" title="The subprotocol that the WebSocket server chose">${shownLine(hello.subprotocol)}</span>`}
      ${tried && session.upgraded.value && html`<span id="upgraded" class="tls" title=${shownLine(session.upgraded.value)}>${upgradedLabel(session.upgraded.value)}</span>`}
      ${tried && hello && html`<${Clock} key=${session.id} session=${session} />`}
      ${hello && session?.live && html`<${Recording} session=${session} />`}
    </div>
  `;
}

/** What stands for each state of a recording, and what it means. @type {Record<string, [string, string]>} */
const recordings = {
  off: ["not recorded", "Nothing of this session is kept: Record was off, or the workbench records none"],
  on: ["recording", "The workbench keeps a transcript of this session"],
  full: ["recording full", "The recording has reached its size: what follows is counted there, and not kept"],
  waits: ["recording waits", "The recording waits for the disk, or for a file that it may open; what it has to keep is in memory"],
  stopped: ["recording stopped", "The recording broke off: nothing that follows is in it"],
};

/** Whether what happens is kept. @param {{ session: import("../wire/session.js").Session }} props */
function Recording({ session }) {
  const now = session.recording.value;
  const state = now ? (now.code?.slice("recording-".length) ?? "on") : "off";
  const [words, title] = recordings[state] ?? recordings.on;
  return html`<span class="recording" data-recording=${state} title=${title + (state === "on" && now && now.part > 1 ? `. It goes on in part ${now.part}` : "")}>${words}${now?.most ? ` at ${now.most >> 20} MiB` : ""}</span>`;
}

/** @param {import("../types").TLSOutcome} outcome */
function tlsLabel({ version, alpn, verified }) {
  return html`${["TLS " + version, alpn && shownLine(alpn)].filter(Boolean).join(", ")}${verified === "none" && html` <b class="problem">not verified</b>`}`;
}

/** What an upgrade came to, in short. @param {string} words as target.Outcome says them: "tls 1.3, …" */
function upgradedLabel(words) {
  const version = /^tls (\d\.\d)/.exec(words)?.[1];
  return html`${version ? "TLS " + version : "TLS"}${words.includes("NOT VERIFIED") && html` <b class="problem">not verified</b>`}`;
}

const patience = 2000; // milliseconds after which a session that connects asks what it waits for

/** That the session's mode is overloaded. @param {{ session: import("../wire/session.js").Session }} props */
function Overload({ session }) {
  const remarks = session.remarks.value;
  const { connected } = session;
  useEffect(() => {
    if (connected) {
      if (remarks > 0) loadModes(); // one of them may tell of it
      return;
    }
    const timer = setInterval(loadModes, patience);
    return () => clearInterval(timer);
  }, [connected, remarks]);
  const overload = modes.value.find(({ manifest }) => manifest.name === session.mode.name)?.overload;
  return overload && html`<span id="overload" class="problem" role="status">${session.mode.title} is busy: ${overloadWords(overload)}</span>`;
}

/** @param {{ session: import("../wire/session.js").Session }} props */
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
