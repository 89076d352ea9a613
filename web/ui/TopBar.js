// The top of the page: the tabs of the sessions, the other views, the colours.

import { html } from "./html.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { formatRoute, route } from "./route.js";
import { presenter, theme } from "../model/kept.js";
import { closeTab, current, openTab, tabs } from "./tabs.js";

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
          ${tabs.value.map((tab) => html`<${TabItem} key=${tab.id} tab=${tab} />`)}
        </ul>
        <button type="button" class="icon" id="new-tab" aria-label="New session" title="New session (Alt+N)"
          onClick=${() => (openTab(), (location.hash = formatRoute("")))}>+</button>
      </nav>
      <nav class="views" aria-label="Views">
        ${views.map(([name, label]) => html`
          <a key=${name} href=${formatRoute(name)} aria-current=${view === name ? "page" : undefined}>${label}</a>
        `)}
      </nav>
      ${presenter.value && html`
        <button type="button" class="small" id="leave-presenter" title="Leave presenter view (Escape)" onClick=${() => (presenter.value = false)}>Leave presenter view</button>
      `}
      <button type="button" class="icon" id="palette-button" aria-label="Actions" title="Run any action by its name (Ctrl+K, on a Mac ⌘K)" onClick=${() => page.open("palette")}>
        <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true"><path d="M2.5 4 6.5 8l-4 4M8 12.5h5.5" /></svg>
      </button>
      <${ThemeButton} />
      <button type="button" class="icon" id="keys-button" aria-label="Keys and help" title="Keys and help (?)" onClick=${() => page.open("keys")}>?</button>
    </header>
  `;
}

/** @param {{ tab: import("./tabs.js").Tab }} props */
function TabItem({ tab }) {
  const shown = current.value === tab && route.value.view === "";
  const state = tab.state.value.name;
  const title = tab.title.value;
  const place = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (shown) place.current.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown]);
  const close = (/** @type {any} */ event) => {
    const item = event.currentTarget.closest("li"); // and the focus in it goes to the one that takes its place
    (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("a").focus();
    closeTab(tab);
  };
  return html`
    <li ref=${place} class=${shown ? "tab shown" : "tab"}>
      <a href=${formatRoute("")} class="tab-title" data-state=${state} aria-current=${shown ? "page" : undefined}
        title=${title + ": " + state} onClick=${() => (current.value = tab)}>${title}</a>
      ${(tabs.value.length > 1 || tab.session.value) && html`
        <button type="button" class="close" aria-label=${"Close " + title} title="Close" onClick=${close}>×</button>
      `}
    </li>
  `;
}

/** @type {Record<string, [string, string]>} what comes next, and its words */
const themes = { "": ["light", "as the system has them"], light: ["dark", "light"], dark: ["", "dark"] };

function ThemeButton() {
  const [next, words] = themes[theme.value] ?? themes[""];
  return html`<button type="button" class="icon" id="theme-button" aria-label=${"Colours: " + words} title=${"Colours: " + words}
    onClick=${() => (theme.value = next)}>${theme.value === "" ? "◐" : theme.value === "light" ? "○" : "●"}</button>`;
}
