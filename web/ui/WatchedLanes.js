// A student's session in the lanes of one's own, read only: on the wall and on the
// projector.

import { html } from "./html.js";
import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { lanes } from "../model/kept.js";
import { LaneView } from "../model/laneview.js";
import { Session } from "../wire/session.js";
import { modes } from "../wire/workbench.js";
import { Lane } from "./Lane.js";

/** Watches a session while it is asked for; null where there is none. @param {string} student @param {{ attach: string, mode?: string, target?: string } | undefined} at */
export function useStudentSession(student, at) {
  const [session, setSession] = useState(/** @type {Session | null} */ (null));
  const attach = at?.attach ?? "";
  useEffect(() => {
    if (!attach) return setSession(null);
    const { mode = "", target = "" } = at ?? {};
    const manifest = modes.peek().find((one) => one.manifest.name === mode)?.manifest ?? /** @type {import("../types").Manifest} */ ({ name: mode, title: mode, options: /** @type {import("../types").Option[]} */ ([]) });
    const one = new Session({ mode: manifest, options: {}, target, record: true, stays: false, tlsChoices: {} }, { attach, was: "", transcript: "", of: { student } });
    setSession(one);
    return () => one.leave();
  }, [student, attach]);
  return session?.attach === attach ? session : null;
}

/** @param {{ session: Session, name: string, whose?: string }} props name: what its elements' ids begin with; whose tells the lanes of several apart */
export function WatchedLanes({ session, name, whose = "" }) {
  const laneView = useMemo(() => new LaneView(), []);
  const show = lanes.value === "ladder" || lanes.value === "messages" ? "both" : lanes.value;
  const { name: state, words, hint, away } = session.state.value;
  const said = away ? hint : state === "connected" ? "" : state === "connecting" ? "Coming to the session …" : `${words}. ${hint ?? ""}`;
  return html`
    <p class=${"watched-state" + (state === "failed" ? " problem" : " muted")} role="status">${said}</p>
    <div class="lanes" data-show=${show}>
      ${show !== "wire" && html`<${Lane} key="console" id="console" name=${name + "-console"} title=${"Typed and shown" + whose} feed=${session} laneView=${laneView}><p>Nothing was typed yet.</p><//>`}
      ${show !== "console" && html`<${Lane} key="wire" id="wire" name=${name + "-wire"} title=${"On the wire" + whose} feed=${session} laneView=${laneView}><p>Nothing went over the wire yet.</p><//>`}
    </div>
  `;
}
