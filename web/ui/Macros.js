// The macros for the mode and the target, each a button or, where it answers, a
// switch; and the step of the one that runs.

import { html } from "./html.js";
import { useState } from "../vendor/hooks.js";
import { browserStorage } from "../model/kept.js";
import { Macros as Kept } from "../model/macros.js";
import { waitWords } from "../model/macro.js";
import { runnerOf } from "../wire/macros.js";
import { MacroEditor } from "./MacroEditor.js";

/** editing: whether the editor is open. @param {{ session: import("../wire/session.js").Session | null, open: boolean, mode: import("../types").Manifest | undefined, target: string, editing: boolean, closeEditor: () => void }} props */
export function Macros({ session, open, mode, target, editing, closeEditor }) {
  const [kept, setKept] = useState(() => new Kept(browserStorage()));
  const runner = session && runnerOf(session);
  const running = runner?.running.value ?? null;
  const said = runner?.said.value;
  const macros = kept.fitting(mode?.name ?? "", target);
  const step = running?.steps[running.at];
  const button = (/** @type {import("../model/macros.js").Macro} */ macro) => html`
    <button type="button" class="small" key=${macro.name} disabled=${!open || running !== null} onClick=${() => runner?.start(macro.name, macro.steps)}>${macro.name}</button>
  `;
  const answer = (/** @type {import("../model/macros.js").Macro} */ macro) => html`
    <label class="switch small" key=${macro.name} title=${"Answers what fits " + macro.when}>
      <input type="checkbox" role="switch" disabled=${!open} checked=${runner?.answering.value.includes(macro.name) ?? false}
        onChange=${(/** @type {any} */ event) => runner?.answer(macro.name, event.target.checked ? macro : null)} />
      <span>${macro.name}</span>
    </label>
  `;
  const shows = macros.length > 0 || running || said?.words;
  return html`
    ${shows && html`
      <div class="macros" role="group" aria-label="Macros">
        ${macros.map((macro) => (macro.when ? answer(macro) : button(macro)))}
        <span class=${said?.problem && !running ? "macro-state problem" : "macro-state muted"} role="status">
          ${running && step ? `${running.name}: step ${running.at + 1} of ${running.steps.length} ${waitWords(step)} …` : said?.words}
        </span>
        ${running && html`<button type="button" class="small" id="stop-macro" onClick=${() => runner?.stop()}>Stop</button>`}
      </div>
    `}
    ${editing && html`<${MacroEditor} kept=${kept} mode=${mode} target=${target} close=${() => (setKept(new Kept(browserStorage())), closeEditor())} />`}
  `;
}
