// A connection of a tap, live, in the lanes of a session by hand. Who watches has no say.

import { html } from "./html.js";
import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { LaneView } from "../model/laneview.js";
import { isSecure } from "../model/target.js";
import { endConnection, listenToTaps, taps } from "../wire/taps.js";
import { Session } from "../wire/session.js";
import { modes } from "../wire/workbench.js";
import { Console } from "./Console.js";
import { formatRoute } from "./route.js";

/** @param {{ id: string }} props */
export function TapWatch({ id }) {
  useEffect(() => listenToTaps(), []);
  const all = taps.all.value;
  const found = taps.find(id);
  const [first, setFirst] = useState(found); // it stays what it was, should the list forget it
  useEffect(() => {
    if (found) setFirst(found);
  }, [found]);
  const known = found ?? first;
  if (known) return html`<${Watched} id=${id} tap=${known.tap} connection=${known.connection} />`;
  return html`
    <section class="view" aria-labelledby="tap-title">
      <header><h2 id="tap-title">Tap</h2></header>
      <p role="status">${all ? "There is no such connection any more. If it was recorded, it is under Transcripts." : "Looking for the connection …"}</p>
      <p><a class="button small" href=${formatRoute("tap")}>To the taps</a></p>
    </section>
  `;
}

/** @param {{ id: string, tap: import("../types").Tapped, connection: import("../types").TapConnection }} props */
function Watched({ id, tap, connection }) {
  const laneView = useMemo(() => new LaneView(), []);
  const [session, setSession] = useState(/** @type {Session | null} */ (null));
  const [problem, setProblem] = useState("");
  const mode = modes.value.find(({ manifest }) => manifest.name === tap.mode)?.manifest;
  useEffect(() => {
    if (!mode) return;
    const one = new Session({ mode, options: tap.options, target: tap.target, record: tap.recorded, stays: false, tlsChoices: {} },
      { attach: id, was: "", transcript: connection.transcript ?? "", of: {} });
    setSession(one);
    return () => one.leave();
  }, [mode !== undefined]);
  const state = session?.state.value;
  const over = connection.state === "over";
  const words = !state || state.name === "connecting" ? "Coming …"
    : state.away ? state.hint
      : state.name === "connected" ? `Live: you see it as it happens${tap.through ? "." : "; the line mode only watches."}`
        : `The connection is over: ${connection.words || state.words}.`;
  const end = () => endConnection(id).then(() => setProblem(""), (error) => setProblem(error.message));
  return html`
    <section class="show-bar" aria-labelledby="tap-title">
      <h2 id="tap-title">Tap</h2>
      <b class="show-what">${connection.from} <span aria-hidden="true">→</span><span class="unseen">to</span> ${tap.target}</b>
      <span id="show-status" role="status" class=${state?.away ? "caution" : "muted"}>${words}</span>
      <span class="show-tools">
        <span class="problem" role="alert">${problem}</span>
        ${over && connection.transcript && html`<a class="button small primary" id="tap-recording" href=${formatRoute("transcripts", connection.transcript)}>Open its recording</a>`}
        ${!over && html`<button type="button" class="small danger" id="end-connection" onClick=${end}>End it</button>`}
        <a class="button small" id="leave-tap" href=${formatRoute("tap")}>Back to the taps</a>
      </span>
    </section>
    <${Console} feed=${session} laneView=${laneView} about=${{ mode: mode?.title ?? "Line mode", target: tap.target, tls: isSecure(tap.target), name: "tap-" + connection.session }}>
      <p>What the client sends and what comes back appears here.</p>
    <//>
  `;
}
