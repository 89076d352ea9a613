// The page's entry: the page from top to bottom, and its keys. Three folders:
//
//     wire/   what crosses between the page and the workbench
//     model/  what is made of it: no page, no network
//     ui/     what is drawn, and the state of the page: tabs, address
//
// ui may import wire and model, wire may import model, model neither. The way of
// the data of a session, from the WebSocket to the screen:
//
//     wire/socket.js        messages become entries
//     wire/session.js       how the session stands
//     wire/feed.js          keeps what came, and publishes it a frame at a time
//     model/entryrows.js    an entry becomes rows of the lanes, by model/kinds.js
//     model/rowlog.js       the rows of a lane, bounded
//     model/laneview.js     which of them show, are found, are picked
//     model/rowlayout.js    a row becomes lines
//     model/lineindex.js    all lines of a lane
//     ui/Lane.js            those in sight, drawn
//
// wire/workbench.js holds what is known of the workbench, ui/tabs.js the sessions,
// model/kept.js how the user likes the page, ui/route.js what the address names.

import { render } from "./vendor/preact.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
import { Guard, html, lazy } from "./ui/html.js";
import { formatRoute, go, route, setTitle } from "./ui/route.js";
import { largeType, presenter, theme, windowStorage } from "./model/kept.js";
import { devMode, loadModes } from "./wire/workbench.js";
import { closed, current, openTab, tabs, turnTab } from "./ui/tabs.js";
import { keepTabs } from "./ui/comeback.js";
import { targetTitle } from "./model/target.js";
import { TopBar, renaming } from "./ui/TopBar.js";
import { ConnectBar } from "./ui/ConnectBar.js";
import { SessionBar } from "./ui/Status.js";
import { Console } from "./ui/Console.js";
import { CommandInput } from "./ui/CommandInput.js";
import { Menu } from "./ui/Menu.js";

/**
 * The views beside the sessions: what their address begins with, and what is drawn
 * there. one draws what an id after it names, anew for each.
 * @typedef {(props: any) => any} Component
 * @type {Record<string, { title: string, all: Component, one?: Component }>}
 */
const views = {
  transcripts: {
    title: "Transcripts",
    all: lazy(() => import("./ui/Transcripts.js"), "Transcripts"),
    one: lazy(() => import("./ui/Playback.js"), "Playback"),
  },
  plugins: { title: "Plugins", all: lazy(() => import("./ui/Plugins.js"), "Plugins") },
  diff: { title: "Two recordings", all: lazy(() => import("./ui/Diff.js"), "Diff") },
  redact: { title: "Redact", all: lazy(() => import("./ui/Redact.js"), "Redact") },
  replay: { title: "Replay", all: lazy(() => import("./ui/Replay.js"), "Replay") },
  compare: { title: "Compare", all: lazy(() => import("./ui/Compare.js"), "Compare") },
};
const Keys = lazy(() => import("./ui/Keys.js"), "Keys");
const SessionMenu = lazy(() => import("./ui/SessionMenu.js"), "SessionMenu");
const Undo = lazy(() => import("./ui/Undo.js"), "Undo");
const DevBanner = lazy(() => import("./ui/DevBanner.js"), "DevBanner");

function App() {
  const [keysOpen, setKeysOpen] = useState(false);
  useEffect(() => {
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => shortcut(event, () => setKeysOpen(true));
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  const presents = presenter.value;
  const presented = useRef(presents);
  useLayoutEffect(() => {
    if (presented.current === presents) return;
    presented.current = presents; // what had the focus is gone: to the field, or to what is always there
    focus("#command") || focus("#leave-presenter") || focus("#keys-button");
  }, [presents]);
  const { view, id, query } = route.value;
  const tab = current.value;
  const before = useRef({ tab, view });
  useLayoutEffect(() => {
    if (before.current.tab === tab && before.current.view === view) return;
    before.current = { tab, view };
    if (document.activeElement === document.body) focus("#host") || focus("#command"); // what had it is gone
  }, [tab, view]);
  const other = Object.hasOwn(views, view) ? views[view] : undefined;
  const title = other?.title ?? tab.title.value;
  useEffect(() => setTitle(title), [title, id]); // a view may say more later
  return html`
    <${Guard} what="The top bar"><${TopBar} openKeys=${() => setKeysOpen(true)} /><//>
    ${devMode.value && html`<${Guard} what="The development banner"><${DevBanner} /><//>`}
    <main>
      <${Guard} key=${view + "/" + id} what="This view">
      ${other?.one && id
        ? html`<${other.one} key=${id} id=${id} query=${query} />`
        : other
          ? html`<${other.all} key=${view} query=${query} />`
          : html`<${SessionView} key=${tab.id} tab=${tab} />`}
      <//>
    </main>
    ${closed.value && html`<${Undo} />`}
    ${keysOpen && html`<${Guard} what="The list of keys"><${Keys} close=${() => setKeysOpen(false)} /><//>`}
  `;
}

/**
 * One session, from its line to the field that is typed in. The form is open before the
 * first session and after a try to connect that failed, else if somebody asks for it.
 * @param {{ tab: import("./ui/tabs.js").Tab }} props
 */
function SessionView({ tab }) {
  const session = tab.shown.value;
  const newest = tab.session.value;
  const state = tab.state.value;
  const live = tab.live.value;
  const [asked, setAsked] = useState({ state: /** @type {object | null} */ (null), open: false }); // holds until the state changes
  const open = !newest || (asked.state === state && asked.open) || (asked.state !== state && state.name === "failed" && !state.broke);
  const target = session?.target ?? targetTitle(tab.fields);
  const about = {
    mode: session?.mode.title ?? "Line mode",
    target,
    tls: target.startsWith("tls://"),
    name: "session-" + (session?.hello.value?.session ?? "0"),
  };
  useLayoutEffect(() => {
    if (newest && asked.state === state) focus(open ? "#host" : "#edit-button");
  }, [asked]);
  useLayoutEffect(() => {
    // What had the focus may be gone or folded.
    const active = document.activeElement;
    if (active && active !== document.body && active.checkVisibility()) return;
    if (newest) focus(live ? "#disconnect-button" : open ? "#host" : "#reconnect-button");
  }, [live, open]);
  return html`
    <${Guard} what="The session's line"><${SessionBar} tab=${tab} open=${open} toggle=${() => setAsked({ state, open: !open })} /><//>
    <${Guard} what="The connection form"><${ConnectBar} tab=${tab} open=${open} fold=${() => setAsked({ state, open: false })} /><//>
    <${Guard} key=${session?.id ?? 0} what="The middle of the page"><${Console} feed=${session} laneView=${tab.laneView} about=${about}
      earlier=${session !== newest ? session?.target : ""}
      tools=${session && html`<${Menu} id="session-menu" label="Session"
        sheet=${(/** @type {() => void} */ close) => html`<${SessionMenu} tab=${tab} session=${session} close=${close} />`} />`}>
      <p>What you send and what comes back appears here.</p>
    <//><//>
    <${Guard} what="The input field"><${CommandInput} tab=${tab} /><//>
  `;
}

/** @param {KeyboardEvent} event @param {() => void} openKeys */
function shortcut(event, openKeys) {
  const typing = event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox], [type=radio], [type=range]), textarea, select");
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    switch (event.code) {
      case "KeyN":
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); // it goes to the new tab
        openTab();
        showSessions();
        break;
      case "KeyC":
        if (showSessions()) break; // nothing is cut that was not seen
        current.value.live.value ? current.value.disconnect() : current.value.connect();
        break;
      case "KeyE":
        /** @type {HTMLElement | null} */ (document.querySelector("#edit-button"))?.click();
        break;
      case "KeyF":
        focus("#find");
        break;
      case "KeyI":
        focus("#command");
        break;
      case "KeyP":
        presenter.value = !presenter.value;
        break;
      case "BracketLeft":
      case "BracketRight":
        turnTab(event.code === "BracketLeft" ? -1 : 1);
        showSessions();
        break;
      default:
        if (!/^Digit[1-9]$/.test(event.code) || !tabs.value[Number(event.code.at(-1)) - 1]) return;
        current.value = tabs.value[Number(event.code.at(-1)) - 1];
        showSessions();
    }
    event.preventDefault();
  } else if (event.key === "F2") {
    renaming.value = current.value;
    event.preventDefault();
  } else if (event.key === "Escape") {
    // What took it for itself says so; a dialog only closes.
    if (presenter.value && !event.defaultPrevented && !event.isComposing && !document.querySelector("dialog[open]")) presenter.value = false;
  } else if (!typing && !event.ctrlKey && !event.metaKey) {
    if (event.key === "?") openKeys();
    else if (event.key === "/") focus("#find");
    else return;
    event.preventDefault();
  }
}

/** Goes to the sessions, and says whether another view was shown. */
function showSessions() {
  const { view } = route.value;
  if (view) go(formatRoute(""));
  return view !== "";
}

/** Gives the focus to what a selector names, and says whether it has it. @param {string} selector */
function focus(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  found?.focus();
  return found !== null && found === document.activeElement;
}

/** Takes the theme, the size of type and what is hidden over to the page. */
function applyLook() {
  theme.subscribe((now) => (document.documentElement.dataset.theme = now));
  largeType.subscribe((now) => document.documentElement.classList.toggle("presenting", now));
  presenter.subscribe((now) => document.documentElement.classList.toggle("presenter", now));
}

applyLook();
keepTabs(windowStorage());
render(html`<${Guard} what="The page"><${App} /><//>`, /** @type {HTMLElement} */ (document.getElementById("app")));
loadModes().then(() => performance.mark("interactive"));

// A mode may have failed or come back while the page was out of sight.
addEventListener("focus", () => loadModes());
