// The keys that there are.

import { html } from "./html.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { actions, keyLabel } from "./actions.js";

const keyed = actions.filter(({ keys }) => keys);
const groups = [...new Set(keyed.map(({ group }) => group))];

/** @param {{ close: () => void }} props */
export function Keys({ close }) {
  const dialog = useRef(/** @type {any} */ (null));
  useEffect(() => dialog.current.showModal(), []);
  return html`
    <dialog id="keys" ref=${dialog} aria-labelledby="keys-title" onClose=${close}
      onClick=${(/** @type {Event} */ event) => event.target === dialog.current && dialog.current.close()}>
      <div class="dialog">
        <header>
          <h2 id="keys-title">Keys</h2>
          <button type="button" class="icon" aria-label="Close" onClick=${() => dialog.current.close()}>×</button>
        </header>
        <div class="key-groups">
          ${groups.map((group) => html`
            <section key=${group}>
              <h3>${group}</h3>
              <dl>
                ${keyed.filter((action) => action.group === group).map(({ keys, name }) => html`
                  <div key=${name}>
                    <dt>${keys?.map((key) => html`<kbd>${keyLabel(key)}</kbd> `)}</dt>
                    <dd>${name}</dd>
                  </div>
                `)}
              </dl>
            </section>
          `)}
        </div>
      </div>
    </dialog>
  `;
}
