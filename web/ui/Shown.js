// What the teacher of a class shows to all, in step: a session that lives, or a recording
// at the moment that the teacher looks at.

import { Icon, html } from "./html.js";
import { useEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { LaneView } from "../model/laneview.js";
import { stepped } from "../model/player.js";
import { isSecure } from "../model/target.js";
import { away, listen, room, shown } from "../wire/inclass.js";
import { Reel } from "../wire/reel.js";
import { Session } from "../wire/session.js";
import { shownEntries } from "../wire/transcripts.js";
import { modes } from "../wire/workbench.js";
import { Console } from "./Console.js";
import { formatRoute } from "./route.js";

/** @typedef {import("../types").Shown} What */

/** @param {{ query: Record<string, string> }} props back: where one was before */
export function ShownView({ query }) {
  useEffect(listen, []);
  const show = shown.value;
  const back = html`<a class="button small" id="leave-show" href=${query.back?.startsWith("#/") ? query.back : formatRoute("")}>Back to where you were</a>`;
  const had = useRef(false);
  if (show) had.current = true;
  if (!show) {
    return html`
      <section class="view" aria-labelledby="show-title">
        <header><h2 id="show-title">Shown by your teacher</h2></header>
        <p role="status" id="show-status">${!room.value ? "Asking the class …" : had.current ? "Your teacher has stopped showing." : "Your teacher shows nothing now."}</p>
        <p>${back}</p>
      </section>
    `;
  }
  return show.kind === "session"
    ? html`<${ShownSession} key=${show.n} show=${show} back=${back} />`
    : html`<${ShownTranscript} key=${show.n} show=${show} back=${back} />`;
}

/** The line above the lanes. @param {{ what: any, status: any, children?: any }} props */
function Head({ what, status, children }) {
  return html`
    <section class="show-bar" aria-label="Shown by your teacher">
      <h2 id="show-title">Shown by your teacher</h2>
      <b class="show-what">${what}</b>
      <span id="show-status" role="status" class="muted">${away.value ? "The class does not answer; trying again …" : status}</span>
      <span class="show-tools">${children}</span>
    </section>
  `;
}

/** @param {{ show: What, back: any }} props */
function ShownSession({ show, back }) {
  const laneView = useMemo(() => new LaneView(), []);
  const mode = modes.value.find(({ manifest }) => manifest.name === show.mode)?.manifest;
  const [session, setSession] = useState(/** @type {Session | null} */ (null));
  useEffect(() => {
    if (!mode) return;
    const made = new Session({ mode, options: {}, target: show.target ?? "", record: false, stays: false, tlsChoices: {} },
      { attach: show.attach ?? "", was: "", transcript: "", of: { show: "1" } });
    setSession(made);
    return () => made.leave();
  }, [mode !== undefined]);
  const state = session?.state.value;
  const words = !state || state.name === "connecting" ? "Coming …" : state.away ? "Coming back …" : state.name === "connected" ? "Live: you see it as it happens." : "The session is over: " + state.words + ".";
  const target = show.target ?? "";
  return html`
    <${Head} what=${html`${target} <span class="muted">${mode?.title ?? show.mode}</span>`} status=${words}>${back}<//>
    <${Console} feed=${session} laneView=${laneView} about=${{ mode: mode?.title ?? "Line mode", target, tls: isSecure(target), name: "shown" }}>
      <p>What your teacher sends and what comes back appears here.</p>
    <//>
  `;
}

/** @param {{ show: What, back: any }} props */
function ShownTranscript({ show, back }) {
  const [entries, setEntries] = useState(/** @type {import("../types").Entry[] | null} */ (null));
  const [problem, setProblem] = useState("");
  const short = entries !== null && (show.at ?? 0) > entries.length; // it has grown, where its session runs
  useEffect(() => {
    if (entries && !short) return;
    let stale = false;
    shownEntries().then((loaded) => stale || setEntries(loaded.entries), (error) => stale || setProblem(error.message));
    return () => (stale = true);
  }, [short, show.of]);
  if (problem) return html`<${Head} what=${show.title} status="">${back}<//><p class="problem" role="alert">${problem}</p>`;
  if (!entries) return html`<${Head} what=${show.title} status="Loading the recording …">${back}<//>`;
  return html`<${InStep} show=${show} entries=${entries} back=${back} />`;
}

/** A recording that goes where the teacher goes, until one looks around. @param {{ show: What, entries: import("../types").Entry[], back: any }} props */
function InStep({ show, entries, back }) {
  const laneView = useMemo(() => new LaneView(), []);
  const reel = useMemo(() => new Reel(entries, 0), []);
  const [own, setOwn] = useState(-1); // where one looks around; -1: in step
  reel.all = entries;
  const theirs = Math.min(show.at ?? 0, entries.length);
  const at = own < 0 ? theirs : own;
  useEffect(() => {
    reel.goTo(at);
    if (own < 0) laneView.toNewest.value++;
  }, [at]);
  const look = (/** @type {number} */ position) => setOwn(Math.min(Math.max(0, position), entries.length));
  const button = useRef(/** @type {any} */ (null));
  const turn = () => {
    setOwn(own < 0 ? theirs : -1);
    button.current.focus();
  };
  return html`
    <${Head} what=${show.title} status=${own < 0 ? `In step with your teacher: ${theirs} of ${entries.length}` : `You look around; your teacher is at ${theirs} of ${entries.length}`}>
      <button type="button" class=${own < 0 ? "small" : "small primary"} id="look-around" ref=${button} onClick=${turn}>${own < 0 ? "Look around" : "Back in step"}</button>
      ${back}
    <//>
    ${own >= 0 && html`
      <div class="card player" role="group" aria-label="Look around">
        <button type="button" class="small" id="step-back" aria-label="A step back" title="A step back" onClick=${() => look(stepped(entries, at, -1))}><${Icon} name="step-back" /></button>
        <button type="button" class="small" id="step" aria-label="A step on" title="A step on" onClick=${() => look(stepped(entries, at, 1))}><${Icon} name="step-forward" /></button>
        <input type="range" id="scrubber" min="0" max=${entries.length} value=${at} aria-label="Position" aria-valuetext=${`entry ${at} of ${entries.length}`}
          onInput=${(/** @type {any} */ event) => look(Number(event.target.value))} />
        <span class="at">${at} of ${entries.length}</span>
      </div>
    `}
    <${Console} feed=${reel} laneView=${laneView} about=${{ mode: "Line mode", target: show.title || "server", tls: false, name: "shown" }}>
      <p>Your teacher is at the beginning.</p>
    <//>
  `;
}
