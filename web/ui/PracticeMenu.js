// Servers to practise on, each with a line on what it is: the echo server first.

import { focus, html } from "./html.js";
import { practice, practices } from "../wire/workbench.js";
import { fieldsOf } from "../model/target.js";

/** @param {{ tab: import("./tabs.js").Tab, close: () => void }} props */
export function PracticeMenu({ tab, close }) {
  const item = (/** @type {string} */ name, /** @type {string} */ target, /** @type {string} */ words, /** @type {() => void} */ use) => html`
    <li key=${name}>
      <button type="button" class="item" data-practice=${name} onClick=${() => (use(), close(), focus("#connect-button"))}>
        <b>${name}</b> <span class="muted">${target}</span>
        <span>${words}</span>
      </button>
    </li>
  `;
  return html`
    <p class="muted">They run in this workbench, and nothing leaves this machine.</p>
    <ul class="practices">
      ${practice.value && item("echo", practice.value, "sends back what you type", () => tab.usePractice())}
      ${practices.value.map(({ name, target, mode, summary }) => item(name, target, summary, () => tab.use({ ...fieldsOf(target), mode })))}
    </ul>
  `;
}
