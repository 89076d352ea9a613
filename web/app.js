// The page's entry: the page from top to bottom, and the question which line
// modes there are. The way of the data:
//
//     socket.js → session.js → rows.js → log.js → components
//
// store.js holds what the user picked and the session that is shown.

import { render } from "./vendor/preact.js";
import { html } from "./html.js";
import { loadModes } from "./store.js";
import { ConnectBar } from "./components/ConnectBar.js";
import { StatusBar } from "./components/StatusBar.js";
import { Lanes } from "./components/Lanes.js";
import { CommandInput } from "./components/CommandInput.js";

function App() {
  return html`
    <header class="top">
      <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
        <path class="there" d="M7 12h15m-4.5-4.5L22 12l-4.5 4.5" />
        <path class="back" d="M25 21H10m4.5-4.5L10 21l4.5 4.5" />
      </svg>
      <h1>Protocol Workbench</h1>
      <p>Talk to any network service by hand, and see every byte.</p>
    </header>
    <main>
      <${ConnectBar} />
      <${StatusBar} />
      <${Lanes} />
      <${CommandInput} />
    </main>
  `;
}

render(html`<${App} />`, document.getElementById("app"));
loadModes();

// A mode may have failed or come back while the page was out of sight.
addEventListener("focus", () => loadModes());
