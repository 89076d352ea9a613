// The top of the class: how to join, who is there, what can be done with all.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { newCode, pauseClass, resultsURL, sendToAll, submissionsURL } from "../wire/teaching.js";
import { JoinCard, addressOf, codeWords } from "./JoinCard.js";
import { saveURL } from "./download.js";
import { Menu } from "./Menu.js";

const ClassSend = lazy(() => import("./ClassSend.js"), "ClassSend");
const ClassEnd = lazy(() => import("./ClassEnd.js"), "ClassEnd");

/** @param {{ wall: import("../model/wall.js").Wall, does: import("./Class.js").Does, ended: () => void }} props */
export function ClassHead({ wall, does, ended }) {
  const said = /** @type {import("../types").WallSaid} */ (wall.said.value);
  const { all } = wall.counts.value;
  const [joining, setJoining] = useState(all === 0);
  const [open, setOpen] = useState(""); // "send", "end"
  const [busy, setBusy] = useState(false);
  const doing = async (/** @type {Promise<unknown>} */ done) => {
    setBusy(true);
    await does.failing(done);
    setBusy(false);
  };
  const more = (/** @type {() => void} */ close) => html`
    <button type="button" class="item" id="class-results" onClick=${() => (close(), saveURL(resultsURL))}>Results (CSV)</button>
    <button type="button" class="item" id="class-submissions" onClick=${() => (close(), saveURL(submissionsURL))}>Submissions (zip)</button>
    <button type="button" class="item" id="class-new-code" onClick=${() => (close(), setJoining(true), doing(newCode()))}>New code</button>
    <p class="muted">With a new code the old one admits nobody. Who has joined stays.</p>
    <button type="button" class="item danger" id="class-end" onClick=${() => (close(), setOpen("end"))}>End class …</button>
  `;
  return html`
    <header class="class-head">
      <h2 id="class-title">Class</h2>
      <p class="class-join">${said.join.length > 0 && html`<span>Join at <b>${addressOf(said.join[does.joinAt] ?? said.join[0])}</b></span>`} <span>Code <b class="class-code">${codeWords(said.code)}</b></span></p>
      <${Counts} wall=${wall} />
      <div class="class-tools">
        <button type="button" class="small" id="class-pause" disabled=${busy} aria-describedby="class-paused" onClick=${() => doing(pauseClass(!said.paused))}>
          <${Icon} name=${said.paused ? "play" : "pause"} /> ${said.paused ? "Go on" : "Pause all"}</button>
        <button type="button" class="small" id="class-send" onClick=${() => setOpen("send")}>Send to all …</button>
        <button type="button" class="small" id="class-projector" title="Opens a second window, to be moved to the projector" onClick=${does.openProjector}>Open projector</button>
        <button type="button" class="small" id="class-joining" aria-expanded=${joining ? "true" : "false"} onClick=${() => setJoining(!joining)}>How to join</button>
        <${Menu} id="class-more" label="More" sheet=${more} />
      </div>
    </header>
    <div class="class-now">
      <p id="class-paused" role="status">${said.paused && html`<span><${Icon} name="pause" /> <b>Paused.</b> Students open no sessions; what is open goes on.</span>`}</p>
      ${said.sent && html`<${Sent} sent=${said.sent} takeBack=${() => doing(sendToAll({}))} busy=${busy} />`}
      ${said.projected && html`<${Projected} projected=${said.projected} does=${does} />`}
    </div>
    ${joining && html`<${JoinCard} said=${said} n=${does.joinAt} pick=${does.pickJoin} />`}
    ${open === "send" && html`<${ClassSend} close=${() => setOpen("")} />`}
    ${open === "end" && html`<${ClassEnd} students=${all} close=${() => setOpen("")} ended=${ended} />`}
  `;
}

/** @param {{ wall: import("../model/wall.js").Wall }} props */
function Counts({ wall }) {
  const { all, here, in: states } = wall.counts.value;
  const hands = states.hand ?? 0;
  return html`
    <p class="class-counts">
      <span id="class-here"><b>${here}</b> of ${count(all, "student")} here</span>
      <span id="class-hands" data-some=${hands > 0 ? "" : undefined} role="status"><${Icon} name="hand" /> <b>${hands}</b> ${hands === 1 ? "hand" : "hands"} up</span>
      <span id="class-stuck"><${Icon} name="triangle-alert" /> <b>${states.stuck ?? 0}</b> stuck</span>
    </p>
  `;
}

/** @param {{ sent: NonNullable<import("../types").WallSaid["sent"]>, takeBack: () => void, busy: boolean }} props */
function Sent({ sent, takeBack, busy }) {
  const [title, setTitle] = useState("");
  useEffect(() => {
    setTitle("");
    if (sent.lesson) import("../wire/lessons.js").then(({ listLessons }) => listLessons()).then((all) => setTitle(all.find(({ name }) => name === sent.lesson)?.title ?? ""), () => {});
  }, [sent.lesson]);
  const what = sent.lesson ? `${title || sent.lesson}${sent.step ? `, step ${sent.step}` : ""}` : `${sent.target}${sent.mode ? ` (${sent.mode})` : ""}`;
  return html`<p id="class-sent"><span>All were sent to <b>${what}</b>.</span> <button type="button" class="small" id="class-take-back" disabled=${busy} onClick=${takeBack}>Take back</button></p>`;
}

/** @param {{ projected: NonNullable<import("../types").WallSaid["projected"]>, does: import("./Class.js").Does }} props */
function Projected({ projected: { student, name, attach, named }, does }) {
  return html`
    <p id="class-projected"><span>On the projector: <b>${name}</b>, ${named ? "with the name" : "as “A student”"}.</span>
      <button type="button" class="small" id="projector-name" onClick=${() => does.project(student, attach, !named)}>${named ? "Hide the name" : "Show the name"}</button>
      <button type="button" class="small" id="projector-off" onClick=${does.clearProjector}>Take it off</button></p>
  `;
}
