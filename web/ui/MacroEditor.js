// The macros that are kept, and one of them step by step; files of them.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { macrosFile, macrosOf, maxInARow } from "../model/macros.js";
import { doings, mostInARow, patience } from "../model/macro.js";
import { save } from "./download.js";

/** @typedef {import("../model/macros.js").Macro} Macro */
/** @typedef {import("../model/macro.js").Step} Step */

/** @param {{ kept: import("../model/macros.js").Macros, mode: import("../types").Manifest | undefined, target: string, close: () => void }} props */
export function MacroEditor({ kept, mode, target, close }) {
  const dialog = useRef(/** @type {any} */ (null));
  const [edited, setEdited] = useState(/** @type {{ macro: Macro, instead?: Macro } | null} */ (null));
  const [said, setSaid] = useState("");
  useEffect(() => dialog.current.showModal(), []);
  useEffect(() => dialog.current.querySelector(edited ? "#macro-name" : "button.item, #new-macro").focus(), [edited]);

  const fresh = () => setEdited({ macro: { name: "", mode: mode?.name ?? "", target: "", when: "", steps: [{ do: "line", text: "" }, { do: "any", text: "" }] } });
  const take = async (/** @type {any} */ event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    const { macros, left, problem } = macrosOf(await file.text());
    setSaid(problem ?? [macros.length ? kept.add(macros) : "", left].filter(Boolean).join(" "));
  };
  return html`
    <dialog id="macro-editor" ref=${dialog} aria-labelledby="macros-title" onClose=${close}>
      <div class="dialog">
        <header>
          <h2 id="macros-title">${edited ? (edited.instead ? "Change a macro" : "New macro") : "Macros"}</h2>
          <button type="button" class="icon" aria-label="Close the macros" title="Close" onClick=${() => dialog.current.close()}>×</button>
        </header>
        ${edited
          ? html`<${Form} kept=${kept} ...${edited} here=${{ mode, target }} done=${() => setEdited(null)} />`
          : html`
            ${kept.list.length === 0 && html`<p class="muted">There is none yet. A macro sends lines or bytes, and waits for replies between them. It is kept in this browser and becomes a button above the field.</p>`}
            <ul class="macro-list" aria-label="Macros">
              ${kept.list.map((macro) => html`
                <li key=${macro.name} class="target">
                  <button type="button" class="item" onClick=${() => setEdited({ macro, instead: macro })}><b>${macro.name}</b>
                    <span class="muted">${[macro.when && "answers " + macro.when, macro.mode, macro.target].filter(Boolean).join(" · ")}</span></button>
                  <button type="button" class="icon" aria-label=${"Remove " + macro.name} title="Remove it" onClick=${() => (kept.remove(macro), setSaid(`${macro.name} was removed.`), dialog.current.querySelector("#new-macro").focus())}>×</button>
                </li>
              `)}
            </ul>
            <div class="macro-buttons">
              <button type="button" class="small primary" id="new-macro" onClick=${fresh}>New macro</button>
              <label class="button small" title="Macros of this page, packets of PacketSender (JSON, packets.ini), a Docklight project (.ptp)">
                Import…<input type="file" id="import-macros" class="unseen" accept=".json,.ini,.ptp,.txt" onChange=${take} />
              </label>
              <button type="button" class="small" disabled=${kept.list.length === 0} onClick=${() => save("macros.json", macrosFile(kept.list), "application/json")}>Export</button>
              <span role="status">${said}</span>
            </div>
          `}
      </div>
    </dialog>
  `;
}

/** @param {{ kept: import("../model/macros.js").Macros, macro: Macro, instead?: Macro, here: { mode: import("../types").Manifest | undefined, target: string }, done: () => void }} props */
function Form({ kept, macro, instead, here, done }) {
  const [draft, setDraft] = useState(macro);
  const [problem, setProblem] = useState("");
  const set = (/** @type {Partial<Macro>} */ change) => (setDraft({ ...draft, ...change }), setProblem(""));
  const { steps } = draft;
  const setStep = (/** @type {number} */ at, /** @type {Partial<Step>} */ change) => set({ steps: steps.map((step, i) => (i === at ? { ...step, ...change } : step)) });
  const move = (/** @type {number} */ at, /** @type {number} */ by) => {
    const all = [...steps];
    all.splice(at + by, 0, ...all.splice(at, 1));
    set({ steps: all });
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wrong = kept.put(draft, instead);
    if (wrong) setProblem(wrong);
    else done();
  };
  const value = (/** @type {any} */ event) => event.target.value;
  const modes = [...new Set(["", here.mode?.name ?? "", draft.mode])];
  const places = [...new Set(["", here.target, draft.target])];
  return html`
    <form class="macro-form" autocomplete="off" onSubmit=${submit}>
      <div class="macro-about">
        <label>Name<input type="text" id="macro-name" maxlength="40" value=${draft.name} onInput=${(/** @type {any} */ event) => set({ name: value(event) })} /></label>
        <label>For the mode<select value=${draft.mode} onChange=${(/** @type {any} */ event) => set({ mode: value(event) })}>
          ${modes.map((name) => html`<option key=${name} value=${name} selected=${name === draft.mode}>${name || "any"}</option>`)}</select></label>
        <label>For the target<select value=${draft.target} onChange=${(/** @type {any} */ event) => set({ target: value(event) })}>
          ${places.map((name) => html`<option key=${name} value=${name} selected=${name === draft.target}>${name || "any"}</option>`)}</select></label>
        <label>Answers lines that fit<input type="text" id="macro-when" placeholder="nothing: it is a button" value=${draft.when} spellcheck=${false} autocapitalize="off"
          onInput=${(/** @type {any} */ event) => set({ when: value(event) })} /></label>
        ${draft.when && html`<label title="Two that answer each other would never end. Sending something by hand begins the count anew">At most in a row<input type="number" id="macro-most" min="1" max=${maxInARow} value=${draft.most ?? mostInARow}
          onInput=${(/** @type {any} */ event) => set({ most: Number(value(event)) })} /></label>`}
      </div>
      <ol class="macro-steps" aria-label="Steps">
        ${steps.map((step, i) => html`
          <li key=${i}>
            <select aria-label=${`Step ${i + 1}`} value=${step.do} onChange=${(/** @type {any} */ event) => setStep(i, { do: value(event) })}>
              ${Object.entries(doings).map(([name, words]) => html`<option key=${name} value=${name} selected=${name === step.do}>${words}</option>`)}
            </select>
            ${step.do !== "any" && html`<input type="text" class="step-text" aria-label=${`Step ${i + 1}: ${doings[step.do]}`} value=${step.text} placeholder=${examples[step.do]} spellcheck=${false} autocapitalize="off"
              onInput=${(/** @type {any} */ event) => setStep(i, { text: value(event) })} />`}
            ${(step.do === "any" || step.do === "reply") && html`<label class="step-limit">at most <input type="number" aria-label=${`Step ${i + 1}: seconds at most`} min="0.1" max="3600" step="any" value=${step.seconds ?? patience}
              onChange=${(/** @type {any} */ event) => setStep(i, { seconds: Number(value(event)) })} /> s</label>`}
            <span class="step-tools">
              <button type="button" class="icon" aria-label=${`Move step ${i + 1} up`} title="Up" disabled=${i === 0} onClick=${() => move(i, -1)}>↑</button>
              <button type="button" class="icon" aria-label=${`Move step ${i + 1} down`} title="Down" disabled=${i === steps.length - 1} onClick=${() => move(i, 1)}>↓</button>
              <button type="button" class="icon" aria-label=${`Remove step ${i + 1}`} title="Remove it" onClick=${() => set({ steps: steps.filter((_, at) => at !== i) })}>×</button>
            </span>
          </li>
        `)}
      </ol>
      <p class="muted">In what is sent, <code>${"{crc8}"}</code> <code>${"{crc16}"}</code> <code>${"{crc32}"}</code> <code>${"{sum}"}</code> <code>${"{xor}"}</code> are checksums of what stands before them
        (<code>${"{crc16:le}"}</code>: the low byte first), <code>${"{n}"}</code> counts the rounds, <code>${"{base64:text}"}</code> encodes.</p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      <div class="macro-buttons">
        <button type="button" class="small" id="add-step" onClick=${() => set({ steps: [...steps, { do: "line", text: "" }] })}>Add a step</button>
        <button type="submit" class="small primary" id="keep-macro">Keep it</button>
        <button type="button" class="small" onClick=${done}>Back</button>
      </div>
    </form>
  `;
}

const examples = { line: "EHLO {n}", bytes: "GET / HTTP/1.0\\r\\n\\r\\n", hex: "01 04 00 01 {crc16:le}", reply: "^250 ", any: "", quiet: "300", pause: "1000", repeat: "10" };
