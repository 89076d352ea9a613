// The commands of the line mode: a button for each that needs nothing filled in, the list
// of all, and a form for one.

import { html } from "./html.js";
import { useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { aboutField, commandOf, completed, fieldAt, fitting, lacking, mayBeLeftOut, problemOf, usage, valuesOf } from "../model/commands.js";

/** @typedef {import("../types").Command} Command */

/**
 * What helps to type a command: what Tab would make of what is typed, and what the command
 * takes. Which arguments are missing is shown once that kept the line from being sent.
 * asText: whether lines go as text, in quotes of the mode's own.
 * @param {{ commands: Command[], asText?: boolean, typed: string, kept: boolean, send: () => void }} props
 */
export function CommandHelp({ commands, asText, typed, kept, send }) {
  const found = fitting(commands, typed);
  const command = commandOf(commands, typed);
  const lacks = command ? lacking(command, typed) : "";
  if (command && kept && lacks) {
    return html`
      <span class="command-help problem" role="alert">${lacks} <kbd>Enter</kbd> sends it all the same.</span>
      <button type="button" class="quiet" id="send-anyway" onClick=${send}>Send anyway</button>
    `;
  }
  if (command) {
    const at = fieldAt(command, typed, asText);
    const field = command.fields?.[at];
    return html`<span class="command-help" role="status"><code>${usage(command)}</code> ${field ? html`<b>${field.name}</b>: ${aboutField(field)}` : command.help}</span>`;
  }
  if (found.length === 0) return null;
  return html`
    <span class="command-help" role="status"><kbd>Tab</kbd> completes <code>${completed(found[0])}</code>${found.length > 1 && html`<span class="muted"> of ${found.map(({ name }) => name).join(", ")}</span>`}</span>
  `;
}

/**
 * The buttons, and the panel. shown: the command whose form is shown, "" for the list, null
 * for neither.
 * @param {{ commands: Command[], session: import("../wire/session.js").Session | null, open: boolean, shown: string | null,
 *   show: (name: string | null) => void, used: () => void }} props
 */
export function Commands({ commands, session, open, shown, show, used }) {
  const [problem, setProblem] = useState("");
  const buttons = commands.filter(({ button }) => button);
  /** @param {Command} command @param {Record<string, string>} values */
  const use = (command, values) => {
    const wrong = session?.command(command.name, values) ?? "Not connected: press Connect first.";
    setProblem(wrong);
    if (!wrong) used();
    return wrong;
  };
  const pick = (/** @type {Command} */ command) => (command.fields?.length ? show(command.name) : void use(command, {}));
  const picked = shown ? commandOf(commands, shown) : undefined;
  return html`
    ${shown !== null && html`
      <div class="history commands" id="commands" role="group" aria-label=${picked ? picked.name : "Commands"}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && !event.isComposing && (event.preventDefault(), show(null))}>
        ${picked
          ? html`<${CommandForm} key=${picked.name} command=${picked} open=${open} use=${use} back=${() => show("")} />`
          : html`<${CommandList} commands=${commands} open=${open} pick=${pick} close=${() => show(null)} />`}
      </div>
    `}
    <div class="macros" id="command-buttons" role="group" aria-label="Commands of the line mode">
      <button type="button" class="small" id="commands-button" aria-expanded=${shown !== null ? "true" : "false"} onClick=${() => show(shown === null ? "" : null)}>Commands</button>
      ${buttons.map((command) => html`
        <button type="button" class="small" key=${command.name} title=${command.help} disabled=${!open} onClick=${() => use(command, {})}>${command.name}</button>
      `)}
      ${problem && html`<span class="problem" role="alert">${problem}</span>`}
    </div>
  `;
}

/** @param {{ commands: Command[], open: boolean, pick: (command: Command) => void, close: () => void }} props */
function CommandList({ commands, open, pick, close }) {
  const box = useRef(/** @type {any} */ (null));
  const [wanted, setWanted] = useState("");
  useLayoutEffect(() => box.current.querySelector("input")?.focus(), []);
  const sought = wanted.trim().toLowerCase();
  const begins = (/** @type {Command} */ { name }) => Number(name.toLowerCase().startsWith(sought));
  const found = commands.filter(({ name, help = "" }) => (name + " " + help).toLowerCase().includes(sought)).sort((a, b) => begins(b) - begins(a));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const all = [...box.current.querySelectorAll("input, button.item:not(:disabled)")];
    const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    all[(at + all.length) % all.length].focus();
  };
  return html`
    <div ref=${box} onKeyDown=${onKeyDown}>
      <input type="search" id="find-command" aria-label="Find a command" placeholder="find a command" value=${wanted} spellcheck=${false} autocomplete="off"
        onInput=${(/** @type {any} */ event) => setWanted(event.target.value)} />
      <ul aria-label="Commands">
        ${found.map((command) => html`
          <li key=${command.name}>
            <button type="button" class="item" disabled=${!open && !command.fields?.length} onClick=${() => pick(command)}><code>${usage(command)}</code> <span class="muted">${command.help}</span></button>
          </li>
        `)}
      </ul>
      <p>
        <button type="button" class="small" onClick=${close}>Close</button>
        <span class="muted" role="status">${found.length === 0 && "No command has those letters."}</span>
      </p>
    </div>
  `;
}

/** @param {{ command: Command, open: boolean, use: (command: Command, values: Record<string, string>) => string, back: () => void }} props */
function CommandForm({ command, open, use, back }) {
  const form = useRef(/** @type {any} */ (null));
  const fields = command.fields ?? [];
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [checked, setChecked] = useState(false);
  useLayoutEffect(() => form.current.querySelector("input, select, textarea")?.focus(), []);
  const problems = fields.map((field) => (checked ? problemOf(field, values[field.name] ?? "") : ""));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wrong = fields.findIndex((field) => problemOf(field, values[field.name] ?? ""));
    setChecked(true);
    if (wrong >= 0) return form.current.querySelectorAll(".field :is(input, select)")[wrong].focus();
    use(command, valuesOf(command, values));
  };
  return html`
    <form ref=${form} autocomplete="off" novalidate onSubmit=${submit}>
      <p class="command-name"><b>${command.name}</b> <span class="muted">${command.help}</span></p>
      ${fields.map((field, i) => html`
        <div class="field" key=${field.name}>
          <label for=${"field-" + field.name}>${field.name}${mayBeLeftOut(field) && html` <span class="muted">(optional)</span>`}</label>
          <${FieldInput} field=${field} value=${values[field.name] ?? ""} wrong=${problems[i] !== ""}
            change=${(/** @type {string} */ value) => setValues({ ...values, [field.name]: value })} />
          <small id=${"about-" + field.name}>${problems[i] ? html`<span class="problem" role="alert">${problems[i]}</span>` : html`<span class="muted">${aboutField(field)}</span>`}</small>
        </div>
      `)}
      <p>
        <button type="submit" class="small outlined" id="use-command" disabled=${!open}>Send</button>
        <button type="button" class="small" onClick=${back}>Back</button>
        ${!open && html`<span class="muted">Connect first.</span>`}
      </p>
    </form>
  `;
}

/** @param {{ field: import("../types").CommandField, value: string, wrong: boolean, change: (value: string) => void }} props */
function FieldInput({ field, value, wrong, change }) {
  const { name, type, default: preset } = field;
  const common = {
    id: "field-" + name, value, "aria-invalid": wrong ? "true" : undefined, "aria-required": mayBeLeftOut(field) ? undefined : "true", "aria-describedby": "about-" + name,
    onInput: (/** @type {any} */ event) => change(event.target.value),
  };
  const choices = type === "bool" ? ["yes", "no"] : type === "choice" ? (field.choices ?? []) : null;
  if (choices) {
    return html`<select ...${common}><option value="">${preset ? `as it is without: ${preset}` : mayBeLeftOut(field) ? "left out" : "choose"}</option>${choices.map((choice) => html`<option key=${choice} value=${choice}>${choice}</option>`)}</select>`;
  }
  return html`<input type=${type === "secret" ? "password" : "text"} inputmode=${type === "int" ? "numeric" : undefined} placeholder=${preset}
    spellcheck=${false} autocapitalize="off" autocomplete=${type === "secret" ? "new-password" : "off"} ...${common} />`;
}
