// What stands above the lanes: which of them show, what is looked for and what is
// left out.

import { Icon, backToField, html, lazy } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { lanes } from "../model/kept.js";
import { Menu } from "./Menu.js";

const ViewMenu = lazy(() => import("./ViewMenu.js"), "ViewMenu");
const CopyMenu = lazy(() => import("./CopyMenu.js"), "CopyMenu");
export const Messages = lazy(() => import("./Messages.js"), "Messages");

/** @param {any} props as Console's */
export function ConsoleBar({ feed, laneView, about, status, tools }) {
  const findProblem = laneView.sought.value?.problem.value || laneView.unsought.value;
  return html`
    <div class="console-bar">
      ${status}
      <div class="tools">
        <${LanePicker} feed=${feed} />
        <${Find} feed=${feed} laneView=${laneView} />
        <button type="button" class="small" id="filter-button" aria-expanded=${laneView.filtering.value ? "true" : "false"}
          onClick=${() => (laneView.filtering.value = !laneView.filtering.value)}>
          Filter${laneView.passes.value && html` <span class="dot" title="Some rows are left out"><span class="unseen">: some rows are left out</span></span>`}
        </button>
        <${Menu} id="view-menu" label="View" sheet=${(/** @type {() => void} */ close) => html`<${ViewMenu} close=${close} />`} />
        <${Copy} feed=${feed} laneView=${laneView} about=${about} />
        ${tools}
      </div>
      <p id="find-problem" role="status" class=${findProblem ? "problem" : "unseen"}>${findProblem}</p>
    </div>
    ${laneView.filtering.value && html`<${FilterBar} laneView=${laneView} />`}
  `;
}

const said = 4000; // milliseconds for which it says what was copied

/** The menu, and what came of it. @param {any} props as Console's */
function Copy({ feed, laneView, about }) {
  const [what, setWhat] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setWhat(""), said);
    return () => clearTimeout(timer);
  }, [what]);
  return html`
    <div class="menu">
      <${Menu} id="copy-menu" label="Copy" disabled=${!feed} sheet=${(/** @type {() => void} */ close) => html`
        <${CopyMenu} feed=${feed} laneView=${laneView} about=${about} done=${(/** @type {string} */ words) => (setWhat(words), close())} />`} />
      <span role="status" class=${what ? "copied" : "unseen"}>${what}</span>
    </div>
  `;
}

const choices = [
  ["both", "Both"],
  ["console", "Typed"],
  ["wire", "Wire"],
  ["ladder", "Ladder"],
];

/** @param {{ feed: import("../wire/feed.js").Feed | null }} props */
function LanePicker({ feed }) {
  const toField = useMemo(backToField, []);
  feed?.messages.version.value;
  const hasMessages = Boolean(feed?.messages.next);
  useLayoutEffect(() => {
    if (hasMessages) Messages.fetch().catch(() => {}); // so that it is there when it is asked for
  }, [hasMessages]);
  const all = hasMessages || lanes.value === "messages" ? [...choices, ["messages", "Messages"]] : choices;
  return html`
    <fieldset class="segments" ...${toField}>
      <legend class="unseen">What to show</legend>
      ${all.map(([value, label]) => html`
        <label key=${value}>
          <input type="radio" name="lanes" value=${value} checked=${lanes.value === value} onChange=${() => (lanes.value = value)} />
          <span>${label}</span>
        </label>
      `)}
    </fieldset>
  `;
}

/** @param {{ feed: import("../wire/feed.js").Feed | null, laneView: import("../model/laneview.js").LaneView }} props */
function Find({ feed, laneView }) {
  const field = useRef(/** @type {any} */ (null));
  const show = lanes.value;
  const versions = (feed?.console.version.value ?? 0) + (feed?.wire.version.value ?? 0);
  const sought = laneView.sought.value;
  const known = (sought?.version.value ?? 0) + (laneView.sifter.value?.version.value ?? 0);
  const problem = sought?.problem.value;
  const search = () => feed && laneView.search(feed, show === "both" || show === "messages" ? ["console", "wire"] : show === "wire" ? ["wire"] : ["console"]);
  useEffect(() => void search(), [feed, sought, versions, known, show, laneView.passes.value]);

  const hits = laneView.hits.value.length;
  const more = laneView.more.value;
  const seeking = laneView.seeking.value;
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") {
      search(); // what was typed just now counts
      laneView.goTo(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && seeking >= 0) laneView.stopSeeking();
    else if (event.key === "Escape") laneView.wanted.value = "";
    else return;
    event.preventDefault();
  };
  const total = hits.toLocaleString("en") + (more ? "+" : "");
  let said = "";
  if (seeking >= 0) said = `${Math.floor(100 * seeking)} %`;
  else if (sought && !problem) said = hits === 0 ? (sought.reading ? "…" : more ? "none yet" : "none") : `${laneView.hit.value < 0 ? "" : laneView.hit.value + 1 + "/"}${total}`;
  return html`
    <div class="find" role="search" aria-label="Rows">
      <input type="search" id="find" ref=${field} placeholder="find" aria-label="Find in the rows" value=${laneView.wanted.value}
        aria-invalid=${problem ? "true" : undefined} aria-describedby="find-problem" title="Text, or bytes as in 0d 0a. Enter: next, Shift+Enter: the one before"
        spellcheck=${false} autocomplete="off" onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => (laneView.wanted.value = event.target.value)} />
      <span class="found-count" role="status" title=${more ? "Older rows that are not in memory are looked through as you go on." : undefined}>${said}</span>
      ${seeking >= 0 && html`<button type="button" class="small" id="stop-seeking" title="Look no further (Escape)" onClick=${() => laneView.stopSeeking()}>Stop</button>`}
      <button type="button" class="icon" title="Regular expression" aria-label="Regular expression" aria-pressed=${laneView.wantedRegexp.value ? "true" : "false"}
        onClick=${() => (laneView.wantedRegexp.value = !laneView.wantedRegexp.value)}>.*</button>
      <button type="button" class="icon" title="The one before" aria-label="The one before" disabled=${hits === 0 && !more} onClick=${() => laneView.goTo(-1)}><${Icon} name="chevron-left" /></button>
      <button type="button" class="icon" title="The next one" aria-label="The next one" disabled=${hits === 0 && !more} onClick=${() => laneView.goTo(1)}><${Icon} name="chevron-right" /></button>
    </div>
  `;
}

const directions = [
  ["", "All rows"],
  ["sent", "Sent"],
  ["received", "Received"],
];

/** @param {{ laneView: import("../model/laneview.js").LaneView }} props */
function FilterBar({ laneView }) {
  const filter = laneView.filter.value;
  const set = (/** @type {object} */ change) => (laneView.filter.value = { ...filter, ...change });
  const problem = laneView.sifter.value?.problem.value;
  return html`
    <div class="filter-bar" role="group" aria-label="Filter">
      <fieldset class="segments">
        <legend class="unseen">Direction</legend>
        ${directions.map(([value, label]) => html`
          <label key=${value}>
            <input type="radio" name="direction" checked=${filter.direction === value} onChange=${() => set({ direction: value })} />
            <span>${label}</span>
          </label>
        `)}
      </fieldset>
      <input type="text" id="filter-text" aria-label="Only rows with" placeholder="only rows with …" value=${filter.text} spellcheck=${false}
        onInput=${(/** @type {any} */ event) => set({ text: event.target.value })} />
      <label class="switch small">
        <input type="checkbox" role="switch" checked=${filter.regexp} onChange=${(/** @type {any} */ event) => set({ regexp: event.target.checked })} />
        <span>Regular expression</span>
      </label>
      <button type="button" class="quiet" onClick=${() => (laneView.filter.value = { direction: "", text: "", regexp: false })}>Show all</button>
      <span role="status" class=${problem ? "problem" : "unseen"}>${problem && problem + " Rows are not left out by it."}</span>
    </div>
  `;
}
