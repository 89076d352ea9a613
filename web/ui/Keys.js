// The keys that there are.

import { html } from "./html.js";
import { Dialog } from "./Dialog.js";
import { actions, keyLabel } from "./actions.js";

const keyed = actions.filter(({ keys }) => keys);
const groups = [...new Set(keyed.map(({ group }) => group))];

/** Of a long row of keys the first and the last. @param {string[]} keys */
const shortened = (keys) => (keys.length > 6 ? [keys[0], "…", keys[keys.length - 1]] : keys);

/** @param {{ close: () => void }} props */
export function Keys({ close }) {
  return html`
    <${Dialog} id="keys" title="Keys" close=${close}>
      <p class="key-docs"><a href="/docs/" target="_blank" rel="noopener">Documentation</a> <span class="muted">in a tab of its own: a tour, what the page does, line modes, commands</span></p>
      <div class="key-groups">
        ${groups.map((group) => html`
          <section key=${group}>
            <h3>${group}</h3>
            <dl>
              ${keyed.filter((action) => action.group === group).map(({ keys, name }) => html`
                <div key=${name}>
                  <dt>${shortened(keys ?? []).map((key) => html`<kbd>${keyLabel(key)}</kbd> `)}</dt>
                  <dd>${name}</dd>
                </div>
              `)}
            </dl>
          </section>
        `)}
      </div>
    <//>
  `;
}
