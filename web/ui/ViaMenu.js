// The proxy that the target is reached through. Enter connects, as in the other fields of
// the connect bar.

import { html } from "./html.js";

/** @param {{ tab: { form: { via: import("../vendor/signals-core.js").Signal<string> }, edit(via: any, typed: string): void } }} props tab: or what else has a proxy */
export function ViaMenu({ tab }) {
  const { via } = tab.form;
  return html`
    <div class="tls-form" role="group" aria-label="Proxy">
      <div class="tls-field">
        <label for="via">Proxy</label>
        <input type="text" id="via" value=${via.value} placeholder="socks5://127.0.0.1:1080" spellcheck=${false} autocapitalize="off" autocorrect=${false}
          aria-describedby="via-help" onInput=${(/** @type {any} */ event) => tab.edit(via, event.target.value)} />
        <p class="muted" id="via-help">socks5:// or http://, with user:password@ before the host where it wants them. The workbench looks the target's name up; with socks5h:// or httph:// the proxy does. Empty: as the workbench was started.</p>
      </div>
    </div>
  `;
}
