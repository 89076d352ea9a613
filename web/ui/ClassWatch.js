// The sessions of students that the teacher watches, beside each other, each from its
// start. What stands here is read only.

import { Icon, html } from "./html.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { lanes } from "../model/kept.js";
import { states } from "../model/wall.js";
import { WatchedLanes, useStudentSession } from "./WatchedLanes.js";

/** @param {{ wall: import("../model/wall.js").Wall, does: import("./Class.js").Does }} props */
export function ClassWatch({ wall, does }) {
  wall.order.value; // a student may come or go
  return html`
    <section class="watched" aria-label="Watched sessions">
      <div class="watched-bar"><span class="muted">Students see when they are watched.</span> <${LanesPicker} /></div>
      <div class="watched-all" data-many=${does.watched.length}>
        ${does.watched.map((id) => html`<${Watched} key=${id} id=${id} wall=${wall} does=${does} />`)}
      </div>
    </section>
  `;
}

const choices = [
  ["both", "Both"],
  ["console", "Typed"],
  ["wire", "Wire"],
];

/** What shows of each session. */
function LanesPicker() {
  const now = lanes.value === "ladder" || lanes.value === "messages" ? "both" : lanes.value;
  return html`
    <fieldset class="segments">
      <legend class="unseen">What to show</legend>
      ${choices.map(([value, label]) => html`
        <label key=${value}><input type="radio" name="watched-lanes" value=${value} checked=${now === value} onChange=${() => (lanes.value = /** @type {any} */ (value))} /><span>${label}</span></label>
      `)}
    </fieldset>
  `;
}

/** @param {{ id: string, wall: import("../model/wall.js").Wall, does: import("./Class.js").Does }} props */
function Watched({ id, wall, does }) {
  const tile = wall.tile(id)?.value;
  const sessions = tile?.sessions ?? [];
  const [picked, pick] = useState(""); // "": always the newest
  const at = sessions.find(({ attach }) => attach === picked) ?? sessions[0];
  const session = useStudentSession(id, at);
  const before = useRef("");
  const [next, setNext] = useState(""); // what to say of a new session
  useEffect(() => {
    const now = sessions[0]?.attach ?? "";
    if (before.current && now && now !== before.current) setNext(picked ? "A new session has begun; this is an earlier one." : "A new session has begun; this is it.");
    before.current = now;
  }, [sessions[0]?.attach]);
  useLayoutEffect(does.came, []);
  const name = tile?.name ?? id;
  const projected = wall.said.value?.projected;
  const isProjected = at !== undefined && projected?.attach === at.attach && projected.student === id;
  return html`
    <article class="watched-one card" id=${"watched-" + id} tabindex="-1" aria-labelledby=${"watched-name-" + id}>
      <header>
        <h3 id=${"watched-name-" + id}>${name}</h3>
        ${tile && html`<span class="tile-state" data-state=${tile.state}><${Icon} name=${(states[tile.state] ?? states.working).icon} /> ${(states[tile.state] ?? states.working).words}</span>`}
        ${sessions.length > 0 && html`
          <select aria-label=${"Session of " + name} value=${picked} onChange=${(/** @type {any} */ event) => (setNext(""), pick(event.target.value))}>
            <option value="">newest, ${sessionWords(sessions[0])}</option>
            ${sessions.slice(1).map((one) => html`<option key=${one.attach} value=${one.attach} selected=${one.attach === picked}>${sessionWords(one)}</option>`)}
          </select>
        `}
        <button type="button" class="small" disabled=${!at} aria-pressed=${isProjected ? "true" : "false"} onClick=${() => at && (isProjected ? does.clearProjector() : does.project(id, at.attach, false))}>Projector</button>
        <button type="button" class="icon" aria-label=${"Stop watching " + name} title="Stop watching (back to the wall)" onClick=${() => does.unwatch(id)}><${Icon} name="x" /></button>
      </header>
      <p class="watched-next" role="status">${next}</p>
      ${session
        ? html`<${WatchedLanes} key=${session.attach} name=${"watched-" + id} session=${session} whose=${": " + name} />`
        : html`<p class="nothing">${tile ? `${name} has opened no session yet. It shows here when it begins.` : `${name} is not in the class.`}</p>`}
    </article>
  `;
}

/** @param {import("../types").StudentSession} session */
function sessionWords({ mode, target, began, over }) {
  return `${new Date(began).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}${over ? ", over" : ""}: ${target}, ${mode}`;
}
