// The keys that there are.

import { html } from "./html.js";
import { Dialog } from "./Dialog.js";

/** @type {[string, [string[], string][]][]} */
const groups = [
  ["Anywhere", [
    [["?"], "this list (outside of a field)"],
    [["Alt N"], "a new session in a tab"],
    [["Alt [", "Alt ]"], "the tab before, the next tab"],
    [["Alt 1", "Alt 9"], "the first tab to the ninth"],
    [["F2"], "name the tab"],
    [["Alt C"], "connect or disconnect"],
    [["Alt E"], "the connection's form: open, close"],
    [["Alt I"], "to the field where you type"],
    [["/", "Alt F"], "find"],
    [["Alt P"], "presenter view; Escape leaves it too"],
    [["Tab", "Shift Tab"], "to the next control, to the one before"],
  ]],
  ["Where you type", [
    [["Enter"], "send"],
    [["Shift Enter"], "one more line; several go one by one"],
    [["↑", "↓"], "earlier lines"],
    [["Ctrl R"], "search earlier lines"],
    [["Ctrl J"], "snippets"],
  ]],
  ["In a lane", [
    [["↑", "↓", "Page ↑", "Page ↓", "Home", "End"], "pick a row; the other lane shows what belongs to it"],
    [["Shift ↑", "Shift ↓", "Ctrl A"], "pick more rows, all rows"],
    [["Shift ←", "Shift →"], "pick bytes of a row on the wire"],
    [["Escape"], "pick none"],
  ]],
  ["Find", [
    [["Enter", "Shift Enter"], "the next one, the one before"],
    [["Escape"], "look for nothing"],
  ]],
  ["Playback", [
    [["Space"], "play, pause"],
    [["→", "←"], "a step on, a step back"],
    [["Home", "End"], "to the start, to the end"],
  ]],
];

/** @param {{ close: () => void }} props */
export function Keys({ close }) {
  return html`
    <${Dialog} id="keys" title="Keys" close=${close}>
      <div class="key-groups">
        ${groups.map(([title, keys]) => html`
          <section key=${title}>
            <h3>${title}</h3>
            <dl>
              ${keys.map(([names, what]) => html`
                <div key=${what}>
                  <dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt>
                  <dd>${what}</dd>
                </div>
              `)}
            </dl>
          </section>
        `)}
      </div>
    <//>
  `;
}
