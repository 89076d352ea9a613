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
// model/kept.js how the user likes the page, ui/route.js what the address names,
// ui/actions.js what can be done by a key or by name.

import { render } from "./vendor/preact.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
import { Guard, focus, html, lazy } from "./ui/html.js";
import { route, setTitle } from "./ui/route.js";
import { largeType, presenter, theme, windowStorage } from "./model/kept.js";
import { devMode, inClass, loadModes } from "./wire/workbench.js";
import { closed, current } from "./ui/tabs.js";
import { keepTabs } from "./ui/comeback.js";
import { isSecure, targetTitle } from "./model/target.js";
import { TopBar } from "./ui/TopBar.js";
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
  lessons: {
    title: "Lessons",
    all: lazy(() => import("./ui/Lessons.js"), "Lessons"),
    one: lazy(() => import("./ui/Lesson.js"), "Lesson"),
  },
  plugins: { title: "Plugins", all: lazy(() => import("./ui/Plugins.js"), "Plugins") },
  diff: { title: "Two recordings", all: lazy(() => import("./ui/Diff.js"), "Diff") },
  redact: { title: "Redact", all: lazy(() => import("./ui/Redact.js"), "Redact") },
  replay: { title: "Replay", all: lazy(() => import("./ui/Replay.js"), "Replay") },
  play: { title: "Play", all: lazy(() => import("./ui/Play.js"), "Play") },
  tap: {
    title: "Tap",
    all: lazy(() => import("./ui/Tap.js"), "Tap"),
    one: lazy(() => import("./ui/TapWatch.js"), "TapWatch"),
  },
  compare: { title: "Compare", all: lazy(() => import("./ui/Compare.js"), "Compare") },
  class: { title: "Class", all: lazy(() => import("./ui/Class.js"), "Class") },
  projector: { title: "Projector", all: lazy(() => import("./ui/Projector.js"), "Projector") },
  show: { title: "Shown by your teacher", all: lazy(() => import("./ui/Shown.js"), "ShownView") },
};
const Keys = lazy(() => import("./ui/Keys.js"), "Keys");
const Palette = lazy(() => import("./ui/Palette.js"), "Palette");
const SessionMenu = lazy(() => import("./ui/SessionMenu.js"), "SessionMenu");
const Faults = lazy(() => import("./ui/Faults.js"), "Faults");
const Undo = lazy(() => import("./ui/Undo.js"), "Undo");
const DevBanner = lazy(() => import("./ui/DevBanner.js"), "DevBanner");
const ClassBar = lazy(() => import("./ui/ClassBar.js"), "ClassBar");

function App() {
  const [open, setOpen] = useState(""); // "keys", "palette"
  const page = { open: setOpen };
  useLayoutEffect(() => { // what is seen has its keys
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => onKey(event, page);
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
    ${!other && html`<nav class="skips" aria-label="Skip to">
      <button type="button" class="small" onClick=${() => focus("#console, #wire, .ladder-box")}>Skip to the lanes</button>
      <button type="button" class="small" onClick=${() => focus("#command")}>Skip to the field where you type</button>
    </nav>`}
    <${Guard} what="The top bar"><${TopBar} page=${page} /><//>
    ${devMode.value && html`<${Guard} what="The development banner"><${DevBanner} /><//>`}
    ${inClass.value === "student" && html`<${Guard} what="The class's line"><${ClassBar} /><//>`}
    <main>
      <${Guard} key=${view + "/" + id} what="This view">
      ${other?.one && id
        ? html`<${other.one} key=${id} id=${id} query=${query} session=${SessionView} />`
        : other
          ? html`<${other.all} key=${view} query=${query} />`
          : html`<${SessionView} key=${tab.id} tab=${tab} />`}
      <//>
    </main>
    ${closed.value && html`<${Undo} />`}
    ${open === "keys" && html`<${Guard} what="The list of keys"><${Keys} close=${() => setOpen("")} /><//>`}
    ${open === "palette" && html`<${Guard} what="The palette"><${Palette} page=${page} close=${() => setOpen("")} /><//>`}
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
  const [faulting, setFaulting] = useState(/** @type {object | null} */ (null)); // the session
  const target = session?.target ?? targetTitle(tab.fields);
  const about = {
    mode: session?.mode.title ?? "Line mode",
    target,
    tls: isSecure(target),
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
        sheet=${(/** @type {() => void} */ close) => html`<${SessionMenu} tab=${tab} session=${session} close=${close} openFaults=${() => setFaulting(session)} />`} />`}>
      <p>What you send and what comes back appears here.</p>
    <//><//>
    <${Guard} what="The input field"><${CommandInput} tab=${tab} /><//>
    ${session && faulting === session && html`<${Faults} session=${session} close=${() => setFaulting(null)} />`}
  `;
}

/** @type {typeof import("./ui/actions.js") | null} */
let actions = null;

// What the keys do is fetched with the first of them: Alt or Ctrl goes down before
// the letter does.
/** @param {KeyboardEvent} event @param {import("./ui/actions.js").Page} page */
function onKey(event, page) {
  if (actions) return actions.onShortcut(event, page);
  import("./ui/actions.js").then((loaded) => (actions = loaded).onShortcut(event, page), () => {}); // with the next key again
}

/** Takes the theme, the size of type and what is hidden over to the page. */
function applyLook() {
  theme.subscribe((now) => (document.documentElement.dataset.theme = now));
  largeType.subscribe((now) => document.documentElement.classList.toggle("presenting", now));
  presenter.subscribe((now) => document.documentElement.classList.toggle("presenter", now));
}

const known = loadModes();
applyLook();
// A window for the projector has a copy of what its opener keeps, whose sessions stay there.
if (route.value.view !== "projector") keepTabs(windowStorage());
// What the workbench says is mostly there at once; then the page is drawn only once.
Promise.race([known, new Promise((waited) => setTimeout(waited, 100))])
  .then(() => render(html`<${Guard} what="The page"><${App} /><//>`, /** @type {HTMLElement} */ (document.getElementById("app"))))
  .then(() => known)
  .then(() => {
    performance.mark("interactive");
    addEventListener("focus", () => loadModes()); // a mode may have failed or come back while the page was out of sight
  });
