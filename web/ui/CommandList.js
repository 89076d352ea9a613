// The commands that a line mode declares, to be read: how each is written, and its fields.

import { html } from "./html.js";
import { count } from "../model/format.js";
import { aboutField, conditions, usage } from "../model/commands.js";

/** @param {{ commands: import("../types").Command[] }} props */
export function CommandList({ commands }) {
  return html`
    <details class="command-list">
      <summary>${count(commands.length, "command")}</summary>
      <div role="region" tabindex="0" aria-label="Commands"><dl>
        ${commands.map((command) => html`
          <dt key=${command.name}><code>${usage(command)}</code>${command.button && html` <span class="pill">button</span>`}${conditions(command) && html` <span class="muted">with ${conditions(command)}</span>`}</dt>
          <dd key=${"about " + command.name}>
            ${command.help}
            ${command.fields?.length && html`<ul>${command.fields.map((field) => html`<li key=${field.name}><b>${field.name}</b> ${aboutField(field) || "text"}</li>`)}</ul>`}
          </dd>
        `)}
      </dl></div>
    </details>
  `;
}
