// One row of the wire: which way, how many bytes, and the bytes themselves.

import { html } from "../html.js";
import { shown } from "./Shown.js";
import { count, dump, seconds, shownBytes } from "../format.js";

const ways = { sent: "→ to the server", received: "← from the server" };

export function WireRow(row, { mode, columns }) {
  if (!row.bytes) {
    return html`
      <div class=${"row " + row.kind}>
        <div class="caption"><span class="payload">${row.text}</span><time>${seconds(row.t)} s</time></div>
      </div>
    `;
  }
  return html`
    <div class=${"row " + row.kind}>
      <div class="caption">
        <span>${ways[row.kind]}</span>
        <span>${count(row.total, "byte")}</span>
        <time>${seconds(row.t)} s</time>
      </div>
      ${mode === "hex" ? html`<${Dump} bytes=${row.bytes} columns=${columns} />` : html`<pre class="payload">${shown(shownBytes(row.bytes))}</pre>`}
      ${row.more && html`<span class="more">${row.more}</span>`}
    </div>
  `;
}

function Dump({ bytes, columns }) {
  const { hex, text } = dump(bytes, columns);
  return html`
    <div class="dump">
      <pre class=${"hex hex" + columns} aria-hidden="true">${hex}</pre>
      <pre class="payload">${shown(text)}</pre>
    </div>
  `;
}
