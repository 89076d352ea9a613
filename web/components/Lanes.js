// The two lanes side by side: what was typed and shown, and what went over the
// wire for it.

import { html } from "../html.js";
import { session, lanes, practice, showHex } from "../store.js";
import { shown } from "./Shown.js";
import { Lane } from "./Lane.js";
import { ConsoleRow } from "./ConsoleRow.js";
import { WireRow } from "./WireRow.js";

export function Lanes() {
  const key = session.value?.id ?? 0;
  return html`
    <div class="lanes" data-show=${lanes.value}>
      <${Lane} key=${"console" + key} id="console" title="Typed and shown" log=${session.value?.console}
        row=${ConsoleRow} live="polite" tools=${html`<${Clear} />`}>
        <p>What you send and what comes back appears here.</p>
        <ol>
          <li>Press <b>Connect</b>${practice.value && ": the practice echo at " + practice.value + " is a good start"}.</li>
          <li>Type below and press <kbd>Enter</kbd>.</li>
          <li>Watch the bytes.${practice.value && html` The practice echo ends with <kbd>quit</kbd>.`}</li>
        </ol>
      <//>
      <${Lane} key=${"wire" + key} id="wire" title="On the wire" log=${session.value?.wire}
        row=${WireRow} live="off" tools=${html`<${HexSwitch} />`} mode=${showHex.value ? "hex" : "text"}>
        <p>Every byte to the server (→) and from it (←), with the ends of lines shown: ${shown("␍␊")}</p>
      <//>
    </div>
  `;
}

function Clear() {
  const clear = () => session.value?.clear();
  return html`<button type="button" class="quiet" onClick=${clear} disabled=${!session.value}>Clear</button>`;
}

function HexSwitch() {
  return html`
    <label class="switch small">
      <input type="checkbox" role="switch" id="hex" checked=${showHex.value}
        onChange=${(event) => (showHex.value = event.target.checked)} />
      <span>Hex</span>
    </label>
  `;
}
