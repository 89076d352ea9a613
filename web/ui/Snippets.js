// Lines to use again: pick one, fill in its placeholders, and it stands in the
// field, not yet sent.

import { Icon, html } from "./html.js";
import { useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { browserStorage } from "../model/kept.js";
import { Snippets as Kept, fill, placeholders } from "../model/snippets.js";

/** done(text) with what is to stand in the field, or null. @param {{ typed: string, done: (text: string | null) => void }} props */
export function Snippets({ typed, done }) {
  // Read each time anew: another window may have changed them.
  const [kept] = useState(() => new Kept(browserStorage()));
  const [picked, setPicked] = useState("");
  const [renamed, setRenamed] = useState("");
  const [problem, setProblem] = useState("");
  const [changes, setChanges] = useState(0);
  const box = useRef(/** @type {any} */ (null));

  // Whatever shows now, its first control has the focus.
  useLayoutEffect(() => {
    const first = renamed ? ".name-it input" : picked ? "form input" : "button.item, button:not(:disabled)";
    box.current.querySelector(first)?.focus();
  }, [picked, renamed, changes]);

  const changed = (/** @type {string} */ wrong) => {
    setProblem(wrong);
    setRenamed("");
    if (!wrong) setChanges(changes + 1);
  };
  const pick = (/** @type {string} */ text) => {
    if (placeholders(text).length) setPicked(text);
    else done(fill(text, new Map()));
  };
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const fields = [...event.currentTarget.querySelectorAll("input")].map((/** @type {any} */ { value }) => value);
    const values = new Map(placeholders(picked).map((name, i) => [name, fields[i]]));
    kept.remember(values);
    done(fill(picked, values));
  };
  const rename = (/** @type {any} */ event) => {
    event.preventDefault();
    kept.rename(renamed, event.currentTarget.querySelector("input").value);
    changed("");
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const items = [...box.current.querySelectorAll("button.item")];
    if (event.key === "Escape" || (event.key === "j" && event.ctrlKey)) done(null);
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && items.length) {
      const at = items.findIndex((one) => one.parentNode.contains(event.target)) + (event.key === "ArrowDown" ? 1 : -1);
      items[(at + items.length) % items.length].focus();
    } else return;
    event.preventDefault();
  };

  return html`
    <div class="history snippets" id="snippets" role="group" aria-label="Snippets" ref=${box} onKeyDown=${onKeyDown}>
      ${picked
        ? html`
          <form onSubmit=${submit} autocomplete="off">
            <code>${picked}</code>
            ${placeholders(picked).map((name) => html`
              <label key=${name}>
                <span>${name}</span>
                <input type="text" defaultValue=${kept.values.get(name) ?? ""} spellcheck=${false} autocapitalize="off" onFocus=${(/** @type {any} */ event) => event.target.select()} />
              </label>
            `)}
            <p>
              <button type="submit" class="small">Put it in the field</button>
              <button type="button" class="small" onClick=${() => setPicked("")}>Back</button>
            </p>
          </form>
        `
        : html`
          ${kept.list.length === 0 && html`<p class="muted">Nothing is kept yet. Type a line, as in <code>USER {name}</code>, and keep it: what stands in braces is asked for each time.</p>`}
          <ul aria-label="Snippets">
            ${kept.list.map(({ name, text }) => html`
              <li key=${text} class="target">
                ${renamed === text
                  ? html`<form class="name-it" onSubmit=${rename}>
                      <input type="text" aria-label=${"Name of " + text} maxlength="60" defaultValue=${name} />
                      <button type="submit" class="small">Name it</button>
                    </form>`
                  : html`
                    <button type="button" class="item" onClick=${() => pick(text)}>${name && html`<b>${name}</b> `}<code>${text}</code></button>
                    <button type="button" class="icon" aria-label=${"Name " + (name || text)} title="Give it a name" onClick=${() => setRenamed(text)}>✎</button>
                    <button type="button" class="icon" aria-label=${"Remove " + (name || text)} title="Remove it" onClick=${() => (kept.remove(text), changed(""))}><${Icon} name="x" /></button>
                  `}
              </li>
            `)}
          </ul>
          <p>
            <button type="button" class="small" id="keep-snippet" disabled=${typed.trim() === ""} onClick=${() => changed(kept.add(typed))}>Keep what is typed</button>
            <button type="button" class="small" onClick=${() => done(null)}>Close</button>
            ${problem && html`<span class="problem" role="alert">${problem}</span>`}
          </p>
        `}
    </div>
  `;
}
