// The tiles of the students. A tile draws again only when it changes itself, and the order
// changes at most every few seconds, never while the mouse or the focus is on a tile.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { signal } from "../vendor/signals-core.js";
import { shownLine } from "../model/format.js";
import { spanWords, states, whyWords } from "../model/wall.js";

const ClassRemove = lazy(() => import("./ClassRemove.js"), "ClassRemove");

const calm = 3000; // milliseconds between two changes of the order
const tick = 10_000; // milliseconds between two looks at the clock

/** Signal: rises now and then, for what says how long something lasts. */
const clock = signal(0);

/** @typedef {{ wall: import("../model/wall.js").Wall, does: import("./Class.js").Does }} Props */

/** @param {Props} props */
export function ClassWall({ wall, does }) {
  const box = useRef(/** @type {any} */ (null));
  const [filter, setFilter] = useState({ name: "", state: "" });
  const [removing, setRemoving] = useState("");
  useEffect(() => wall.show(filter), [filter]);
  useEffect(() => {
    const sort = setInterval(() => {
      const held = box.current.querySelector(".tile:is(:hover, :focus-within)");
      if (wall.moved.peek() > 0 && !held) wall.settle();
    }, calm);
    const look = setInterval(() => clock.value++, tick);
    return () => (clearInterval(sort), clearInterval(look));
  }, []);
  const { all, in: counts } = wall.counts.value;
  const order = wall.order.value;
  const tools = { watch: does.watch, project: does.project, lower: does.lower, remove: setRemoving };
  const stable = useRef(tools); // the same for each tile, so that none draws again for it
  stable.current = Object.assign(stable.current, tools);
  return html`
    <div class="wall-side">
      <div class="wall-bar">
        <input type="search" id="wall-name" aria-label="Students whose name has" placeholder="name" value=${filter.name} autocomplete="off" spellcheck=${false}
          onInput=${(/** @type {any} */ event) => setFilter({ ...filter, name: event.target.value })} />
        <select id="wall-state" aria-label="Students who are" value=${filter.state} onChange=${(/** @type {any} */ event) => setFilter({ ...filter, state: event.target.value })}>
          <option value="">All (${all})</option>
          ${Object.entries(states).map(([state, { words }]) => html`<option key=${state} value=${state}>${words} (${counts[state] ?? 0})</option>`)}
        </select>
        <${Moved} wall=${wall} />
      </div>
      ${order.length === 0 && html`<p class="nothing">${all === 0 ? "Nobody has joined yet. Show the class how to join." : "No student is like that now."}</p>`}
      <ul class="wall" ref=${box} aria-label="Students, those who need help first">
        ${order.map((id) => html`<${Tile} key=${id} id=${id} wall=${wall} tools=${stable.current} watched=${does.watched.includes(id)} full=${does.watched.length >= does.mostWatched} />`)}
      </ul>
    </div>
    ${removing && html`<${ClassRemove} id=${removing} name=${wall.tile(removing)?.peek().name ?? removing} close=${() => setRemoving("")} />`}
  `;
}

/** @param {{ wall: import("../model/wall.js").Wall }} props */
function Moved({ wall }) {
  const moved = wall.moved.value;
  return html`<button type="button" class="small" id="wall-sort" disabled=${moved === 0} title="The order changes by itself when you are not on a tile" onClick=${() => wall.settle()}>
    ${moved === 0 ? "Sorted" : `Sort: ${moved} moved`}</button>`;
}

const speakers = { client: "▶", server: "◀", workbench: "•" };
const spoken = { client: "sent", server: "received", workbench: "the workbench" };

/** @param {{ id: string, wall: import("../model/wall.js").Wall, tools: { watch(id: string): void, project(id: string, attach: string, named: boolean): void, lower(id: string): void, remove(id: string): void }, watched: boolean, full: boolean }} props */
function Tile({ id, wall, tools, watched, full }) {
  const tile = wall.tile(id)?.value;
  if (!tile) return null;
  const { name, state, title, lesson, step = 0, steps = 0, points, of, line, sessions } = tile;
  const { words, icon } = states[state] ?? states.working;
  const why = whyWords(tile);
  const newest = sessions[0];
  return html`
    <li class="tile card" id=${"tile-" + id} data-state=${state} aria-labelledby=${"name-" + id}>
      <h3 id=${"name-" + id} title=${id}>${name}</h3>
      <p class="tile-state"><${Icon} name=${icon} /> ${words} <span class="since">for <${Since} since=${tile.since} ahead=${wall.ahead} /></span></p>
      <p class="tile-why" title=${why}>${why}</p>
      <p class="tile-lesson">${lesson
        ? html`<span class="tile-title" title=${title}>${title || lesson}</span> <progress max=${steps} value=${state === "done" ? steps : step - 1} aria-label=${`step ${step} of ${steps}`}></progress> <span title="step">${step}/${steps}</span> <span class="tile-points">${points}/${of} points</span>`
        : html`<span class="muted">no lesson</span>`}</p>
      <p class="tile-line" title=${line && shownLine(line.text)}>${line && html`<span aria-hidden="true">${speakers[line.from]}</span><span class="unseen">${spoken[line.from]}</span> ${shownLine(line.text)}`}</p>
      <div class="tile-tools">
        <button type="button" class="small" id=${"watch-" + id} disabled=${!watched && full} aria-pressed=${watched ? "true" : "false"} aria-label=${"Watch " + name}
          title=${!watched && full ? "As many as can be are open: close one first" : "Watch the newest session, which the student is told"} onClick=${() => tools.watch(id)}>Watch</button>
        <button type="button" class="small" disabled=${!newest} aria-label=${"Show " + name + "’s newest session on the projector"} title="Show the newest session on the projector, without the name"
          onClick=${() => tools.project(id, newest.attach, false)}>Projector</button>
        ${tile.hand && html`<button type="button" class="icon" id=${"lower-" + id} aria-label=${"Lower " + name + "’s hand"} title="Lower the hand" onClick=${() => tools.lower(id)}><${Icon} name="hand" /></button>`}
        <button type="button" class="icon" aria-label=${"Remove " + name + " …"} title="Remove …" onClick=${() => tools.remove(id)}><${Icon} name="trash-2" /></button>
      </div>
    </li>
  `;
}

/** @param {{ since: string, ahead: number }} props */
function Since({ since, ahead }) {
  clock.value;
  return html`<time dateTime=${since}>${spanWords(Date.now() + ahead - Date.parse(since))}</time>`;
}
