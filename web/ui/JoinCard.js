// How to join a class, large enough to be read from the last row.

import { html } from "./html.js";
import { qrURL } from "../wire/teaching.js";

/** An address to join at as it is read and typed: without the code, which is beside it. @param {string} join */
export function addressOf(join) {
  return join.replace(/\?.*$/, "").replace(/^http:\/\//, "");
}

/** A code in two halves, as it is read out. @param {string} code */
export function codeWords(code) {
  const half = Math.ceil(code.length / 2);
  return code.slice(0, half) + " " + code.slice(half);
}

/**
 * n is which of the addresses shows; pick, where there is one, shows another.
 * @param {{ said: import("../types").WallSaid, n: number, pick?: (n: number) => void }} props
 */
export function JoinCard({ said: { join, code }, n, pick }) {
  const at = n < join.length ? n : 0;
  return html`
    <section class="card join-card" aria-label="How to join">
      ${join.length > 0 && html`<img src=${qrURL(at, code)} alt=${`QR code of ${addressOf(join[at])} with the code`} />`}
      <div>
        ${join.length > 0 && html`<p>Open</p><p class="join-address">${addressOf(join[at])}</p>`}
        <p>${join.length > 0 ? "and type the code" : "The code is"}</p>
        <p class="join-code">${codeWords(code)}</p>
        ${pick && join.length > 1 && html`
          <p class="join-others"><label for="join-at">If it does not open, try</label>
            <select id="join-at" value=${at} onChange=${(/** @type {any} */ event) => pick(Number(event.target.value))}>
              ${join.map((one, i) => html`<option key=${one} value=${i} selected=${i === at}>${addressOf(one)}</option>`)}
            </select></p>
        `}
      </div>
    </section>
  `;
}
