// What the handshake of a WebSocket has beside the address, and what messages are sent as.
// Enter connects, as in the other fields of the connect bar, but not among the headers.

import { html } from "./html.js";

/** @param {{ tab: import("./tabs.js").Tab }} props */
export function WebSocketMenu({ tab }) {
  const { ws } = tab.form;
  const { subprotocol = "", header = "", send = "" } = ws.value;
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => {
    const choices = { ...ws.value, [name]: event.target.value };
    tab.edit(ws, Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== "")));
  };
  return html`
    <div class="tls-form" role="group" aria-label="WebSocket">
      <div class="tls-field">
        <label for="ws-subprotocol">Subprotocols to offer</label>
        <input type="text" id="ws-subprotocol" value=${subprotocol} placeholder="none, or as in mqtt,chat" spellcheck=${false} autocapitalize="off" autocorrect=${false}
          onInput=${set("subprotocol")} />
      </div>
      <div class="tls-field">
        <label for="ws-header">Headers, one a line</label>
        <textarea id="ws-header" rows="3" placeholder="Origin: https://example.com" spellcheck=${false} autocapitalize="off" autocorrect=${false}
          aria-describedby="ws-help" onInput=${set("header")}>${header}</textarea>
        <p class="muted" id="ws-help">Such as Origin, Authorization or Cookie. They are not kept: not in this browser, and most of them not in a recording, which has their names.</p>
      </div>
      <div class="tls-field">
        <label for="ws-send">Messages are sent as</label>
        <select id="ws-send" value=${send} onChange=${set("send")}>
          <option value="">text where they are UTF-8, else binary</option>
          <option value="text">text</option>
          <option value="binary">binary</option>
        </select>
      </div>
    </div>
  `;
}
