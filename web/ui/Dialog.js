// A dialog over the page. Escape closes it, and so does a click beside it.

import { Icon, html } from "./html.js";
import { useEffect, useRef } from "../vendor/hooks.js";

/** @param {{ id: string, title: string, close: () => void, children?: any }} props close is called once it has closed */
export function Dialog({ id, title, close, children }) {
  const dialog = useRef(/** @type {any} */ (null));
  useEffect(() => dialog.current.showModal(), []);
  return html`
    <dialog id=${id} ref=${dialog} aria-labelledby=${id + "-title"} onClose=${close}
      onClick=${(/** @type {Event} */ event) => event.target === dialog.current && dialog.current.close()}>
      <div class="dialog">
        <header>
          <h2 id=${id + "-title"}>${title}</h2>
          <button type="button" class="icon" aria-label="Close" onClick=${() => dialog.current.close()}><${Icon} name="x" /></button>
        </header>
        ${children}
      </div>
    </dialog>
  `;
}
