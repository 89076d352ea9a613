// Earlier lines, searched as they are typed: Ctrl+R of a shell.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { count } from "../model/format.js";

const most = 50; // lines that are listed

/** done(line) with the line that was picked, or null. @param {{ history: import("../model/kept.js").History, done: (line: string | null) => void }} props */
export function HistorySearch({ history, done }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef(/** @type {any} */ (null));
  const list = useRef(/** @type {any} */ (null));
  const lines = history.search(text).slice(0, most);

  useEffect(() => field.current.focus(), []);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);

  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") done(null);
    else if (event.key === "Enter") done(lines[at] ?? null);
    else if (event.key === "ArrowDown" || (event.key === "r" && event.ctrlKey)) setAt(Math.min(at + 1, lines.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };

  return html`
    <div class="history" role="group" aria-label="Earlier lines">
      <input type="text" id="history-field" ref=${field} value=${text} placeholder="search earlier lines" aria-label="Search earlier lines"
        role="combobox" aria-expanded="true" aria-controls="history-list" aria-activedescendant=${lines.length ? "history-" + at : undefined}
        spellcheck=${false} autocomplete="off" onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => (setText(event.target.value), setAt(0))} />
      <ul id="history-list" ref=${list} role="listbox" aria-label="Earlier lines">
        ${lines.map((line, i) => html`
          <li key=${line} id=${"history-" + i} role="option" aria-selected=${i === at ? "true" : "false"} onClick=${() => done(line)}><${Earlier} line=${line} /></li>
        `)}
      </ul>
      ${lines.length === 0 && html`<p class="muted">${text ? "No earlier line has that in it." : "Nothing has been sent yet."}</p>`}
    </div>
  `;
}

// One line high, however many were pasted at once.
/** @param {{ line: string }} props */
function Earlier({ line }) {
  const lines = line.trimEnd().split("\n");
  return html`<span>${lines[0]}</span>${lines.length > 1 && html` <small>${count(lines.length, "line")}</small>`}`;
}
