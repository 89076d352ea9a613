// The page's entry: the page from top to bottom, its keys, and the question
// which line modes there are. The way of the data:
//
//     socket.js → session.js → feed.js → rows.js → log.js → components
//
// store.js holds what is known of the workbench, tabs.js the sessions,
// kept.js how the user likes the page, route.js what the address names.

import { render } from "./vendor/preact.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
import { Guard, html, lazy } from "./html.js";
import { formatRoute, go, route, setTitle } from "./route.js";
import { applyLook, presenter } from "./kept.js";
import { devMode, loadModes, practice } from "./store.js";
import { current, openTab, turnTab } from "./tabs.js";
import { targetTitle } from "./target.js";
import { TopBar } from "./components/TopBar.js";
import { ConnectBar } from "./components/ConnectBar.js";
import { Status } from "./components/Status.js";
import { Console } from "./components/Console.js";
import { CommandInput } from "./components/CommandInput.js";
import { Menu } from "./components/Menu.js";

const views = {
  transcripts: lazy(() => import("./components/Transcripts.js"), "Transcripts"),
  playback: lazy(() => import("./components/Playback.js"), "Playback"),
  plugins: lazy(() => import("./components/Plugins.js"), "Plugins"),
  compare: lazy(() => import("./components/Compare.js"), "Compare"),
};
const Keys = lazy(() => import("./components/Keys.js"), "Keys");
const SessionMenu = lazy(() => import("./components/SessionMenu.js"), "SessionMenu");
const TLSFailure = lazy(() => import("./components/TLSFailure.js"), "TLSFailure");
const DevBanner = lazy(() => import("./components/DevBanner.js"), "DevBanner");

/** The titles of the views that are no session. @type {Record<string, string>} */
const titles = { transcripts: "Transcripts", plugins: "Plugins", compare: "Compare" };

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
  const title = Object.hasOwn(titles, view) ? titles[view] : tab.title.value;
  useEffect(() => setTitle(title), [title, id]); // a view may say more later
  return html`
    <${Guard} what="The top bar"><${TopBar} openKeys=${() => setKeysOpen(true)} /><//>
    ${devMode.value && html`<${Guard} what="The development banner"><${DevBanner} /><//>`}
    <main>
      <${Guard} key=${view + "/" + id} what="This view">
      ${view === "transcripts" && id
        ? html`<${views.playback} key=${id} id=${id} query=${query} />`
        : view === "transcripts"
          ? html`<${views.transcripts} query=${query} />`
          : view === "plugins"
            ? html`<${views.plugins} />`
            : view === "compare"
              ? html`<${views.compare} key=${JSON.stringify(query)} query=${query} />`
              : html`<${SessionView} key=${tab.id} tab=${tab} />`}
      <//>
    </main>
    ${keysOpen && html`<${Guard} what="The list of keys"><${Keys} close=${() => setKeysOpen(false)} /><//>`}
  `;
}

/** One session, from the connect bar to the field that is typed in. @param {{ tab: import("./tabs.js").Tab }} props */
function SessionView({ tab }) {
  const session = tab.shown.value;
  const { refusal } = tab.state.value;
  const target = session?.target ?? targetTitle(tab.fields);
  const about = {
    mode: session?.mode.title ?? "Line mode",
    target,
    tls: target.startsWith("tls://"),
    name: "session-" + (session?.hello.value?.session ?? "0"),
  };
  return html`
    <${Guard} what="The connection form"><${ConnectBar} tab=${tab} /><//>
    <${Guard} key=${session?.id ?? 0} what="The middle of the page"><${Console} feed=${session} viewer=${tab.viewer} about=${about}
      status=${html`<${Status} tab=${tab} />`}
      below=${refusal && html`<${Guard} what="The certificate"><${TLSFailure} key=${tab.session.value?.id} tab=${tab} session=${tab.session.value} refusal=${refusal} /><//>`}
      tools=${session && html`<${Menu} id="session-menu" label="Session"
        sheet=${(/** @type {() => void} */ close) => html`<${SessionMenu} tab=${tab} session=${session} close=${close} />`} />`}>
      <p>What you send and what comes back appears here.</p>
      <ol>
        <li>Press <b>Connect</b>${practice.value && ": the practice echo at " + practice.value + " is a good start"}.</li>
        <li>Type below and press <kbd>Enter</kbd>.</li>
        <li>Watch the bytes.${practice.value && html` The practice echo ends with <kbd>quit</kbd>.`}</li>
      </ol>
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
        return;
    }
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

applyLook();
render(html`<${Guard} what="The page"><${App} /><//>`, /** @type {HTMLElement} */ (document.getElementById("app")));
loadModes().then(() => performance.mark("interactive"));

// A mode may have failed or come back while the page was out of sight.
addEventListener("focus", () => loadModes());
