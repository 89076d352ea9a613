// The top of the page: the tabs of the sessions, the other views, the colours.

import { Icon, focus, html, lazy } from "./html.js";
import { useEffect, useMemo, useRef } from "../vendor/hooks.js";
import { computed, signal, untracked } from "../vendor/signals-core.js";
import { formatRoute, route } from "./route.js";
import { presenter, theme } from "../model/kept.js";
import { closeTab, current, inLesson, isWatched, openTab, tabs } from "./tabs.js";
import { canTap, hasLessons, inClass, isOpen, user } from "../wire/workbench.js";

const ShowMark = lazy(() => import("./ShowMark.js"), "ShowMark");

const views = [
  ["transcripts", "Transcripts"],
  ["plugins", "Plugins"],
  ["compare", "Compare"],
];

/** @param {{ page: import("./actions.js").Page }} props */
export function TopBar({ page }) {
  const view = route.value.view;
  return html`
    <header class="top">
      <a class="brand" href=${formatRoute("")}>
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <path class="there" d="M7 12h15m-4.5-4.5L22 12l-4.5 4.5" />
          <path class="back" d="M25 21H10m4.5-4.5L10 21l4.5 4.5" />
        </svg>
        <h1>Protocol Workbench</h1>
      </a>
      <nav class="tabs" aria-label="Sessions">
        <ul>
          ${tabs.value.map((tab, i) => html`<${TabItem} key=${tab.id} tab=${tab} number=${i + 1} />`)}
        </ul>
        <button type="button" class="icon" id="new-tab" aria-label="New session" title="New session (Alt+N)"
          onClick=${() => (openTab(), (location.hash = formatRoute("")))}><${Icon} name="plus" /></button>
      </nav>
      <nav class="views" aria-label="Views">
        ${[...(inClass.value === "teacher" ? [["class", "Class"]] : []), ...(hasLessons.value ? [["lessons", "Lessons"]] : []), ...(canTap.value ? [["tap", "Tap"]] : []), ...views].map(([name, label]) => html`
          <a key=${name} href=${formatRoute(name)} aria-current=${view === name ? "page" : undefined}>${label}</a>
        `)}
      </nav>
      ${presenter.value && html`
        <button type="button" class="small" id="leave-presenter" title="Leave presenter view (Escape)" onClick=${() => (presenter.value = false)}>Leave presenter view</button>
      `}
      ${inClass.value === "teacher" && html`<${ShowMark} />`}
      ${isOpen.value && html`<span class="user open" title="It was started with --auth none: every account of its machine can use it, and read what it records">Open to all accounts</span>`}
      ${user.value && inClass.value !== "student" && html`<span class="user" title="You are known here by this name">${user.value}</span>`}
      <button type="button" class="icon" id="palette-button" aria-label="Actions" title="Run any action by its name (Ctrl+K, on a Mac ⌘K)" onClick=${() => page.open("palette")}>
        <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true"><path d="M2.5 4 6.5 8l-4 4M8 12.5h5.5" /></svg>
      </button>
      <${ThemeButton} />
      <button type="button" class="icon" id="keys-button" aria-label="Keys and help" title="Keys and help (?)" onClick=${() => page.open("keys")}><${Icon} name="circle-question-mark" /></button>
    </header>
  `;
}

/** Signal: the tab whose name is being typed, or null. @type {import("../vendor/signals-core.js").Signal<import("./tabs.js").Tab | null>} */
export const renaming = signal(null);

/** @param {import("../wire/feed.js").Feed | null} feed subscribes to it */
function rowsOf(feed) {
  if (!feed) return 0;
  feed.console.version.value, feed.wire.version.value;
  return feed.console.end + feed.wire.end;
}

/** @param {{ tab: import("./tabs.js").Tab, number: number }} props */
function TabItem({ tab, number }) {
  const shown = current.value === tab && route.value.view === "";
  const state = tab.state.value.name;
  const title = tab.title.value;
  const watched = isWatched(tab);
  const feed = tab.shown.value;
  const place = useRef(/** @type {any} */ (null));
  const inSight = shown || inLesson.value === tab;
  const seen = useMemo(() => signal(rowsOf(feed)), [feed]); // rows that there were when it was last shown
  const fresh = useMemo(() => computed(() => rowsOf(feed) > seen.value), [feed]);
  useEffect(() => {
    if (!inSight) return;
    place.current.scrollIntoView({ block: "nearest", inline: "nearest" });
    return () => (seen.value = untracked(() => rowsOf(feed)));
  }, [inSight, feed]);
  const isFresh = !inSight && fresh.value;
  const byMouse = useRef(false); // its naming began so
  const close = (/** @type {any} */ event) => {
    const item = event.currentTarget.closest("li"); // and the focus in it goes to the one that takes its place
    (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("a").focus();
    closeTab(tab);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "F2") return;
    event.preventDefault();
    renaming.value = tab;
  };
  return html`
    <li ref=${place} class=${"tab" + (shown ? " shown" : "") + (isFresh ? " fresh" : "")} data-state=${state}>
      ${renaming.value === tab
        ? html`<${TabName} tab=${tab} byMouse=${byMouse} />`
        : html`<a href=${formatRoute("")} class="tab-title" data-state=${state} data-number=${number < 10 ? number : ""} aria-current=${shown ? "page" : undefined}
            title=${title + ": " + state + (watched ? ", your teacher is watching" : "") + (isFresh ? ", new data" : "") + ". F2 or a double click names it" + (number < 10 ? ", Alt+" + number + " shows it" : "")}
            onClick=${() => (current.value = tab)} onDblClick=${() => ((byMouse.current = true), (renaming.value = tab))} onKeyDown=${onKeyDown}>${watched && html`<span class="observed"><${Icon} name="eye" /><span class="unseen">Your teacher is watching: </span></span> `}${title}</a>`}
      <span class="unseen" role="status">${isFresh && "New data in " + title}</span>
      ${(tabs.value.length > 1 || tab.session.value) && html`
        <button type="button" class="close" aria-label=${"Close " + title} title="Close" onClick=${close}><${Icon} name="x" /></button>
      `}
    </li>
  `;
}

/**
 * The field for a tab's name; empty, the tab is named after its target again. The focus
 * goes back to where it was, and from a name that the mouse began, to where one types.
 * @param {{ tab: import("./tabs.js").Tab, byMouse: { current: boolean } }} props
 */
function TabName({ tab, byMouse }) {
  const field = useRef(/** @type {any} */ (null));
  const before = useRef(/** @type {any} */ (document.activeElement));
  useEffect(() => field.current.select(), []);
  const done = (/** @type {boolean} */ keep) => {
    if (renaming.value !== tab) return; // it goes, and so does the focus
    const item = field.current.closest("li");
    const had = field.current === document.activeElement;
    if (keep) tab.name.value = field.current.value.trim().slice(0, 100);
    renaming.value = null;
    const wasMouse = byMouse.current;
    byMouse.current = false;
    if (!had) return;
    requestAnimationFrame(() => {
      if (wasMouse && focus("#command")) return;
      const back = before.current?.isConnected && before.current !== document.body ? before.current : item.querySelector("a");
      back?.focus();
    });
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    done(event.key === "Enter");
  };
  return html`<input type="text" class="name" ref=${field} aria-label="Name of the tab" value=${tab.title.value} maxlength="100" spellcheck=${false}
    onKeyDown=${onKeyDown} onBlur=${() => done(true)} />`;
}

/** @type {Record<string, [string, string, string]>} what comes next, its words, its icon */
const themes = { "": ["light", "as the system has them", "contrast"], light: ["dark", "light", "sun"], dark: ["", "dark", "moon"] };

function ThemeButton() {
  const [next, words, icon] = themes[theme.value] ?? themes[""];
  return html`<button type="button" class="icon" id="theme-button" aria-label=${"Colours: " + words} title=${"Colours: " + words}
    onClick=${() => (theme.value = next)}><${Icon} name=${icon} /></button>`;
}
