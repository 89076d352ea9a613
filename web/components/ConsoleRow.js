// One row of the console. Plain text nodes: whatever the server sends stays text.

import { html } from "../html.js";
import { shown } from "./Shown.js";
import { shownBytes, shownText, seconds } from "../format.js";

const marks = { sent: "›", received: "", note: "✎", remark: "•" };
const spoken = { sent: "you: ", received: "", note: "note: ", remark: "workbench: " };

export function ConsoleRow(row) {
  const text = row.bytes ? shownBytes(row.bytes) : shownText(row.text);
  return html`
    <div class=${"row " + row.kind} title=${`${seconds(row.t)} s, event ${row.n ?? "none"}`}>
      <span class="mark" aria-hidden="true">${marks[row.kind]}</span>
      <span class="unseen">${spoken[row.kind]}</span>
      <span class="payload">${shown(text)}</span>
      ${row.more && html`<span class="more">${row.more}</span>`}
    </div>
  `;
}
