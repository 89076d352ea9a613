// What the server may wait for, when nothing comes: one line above the field, over
// the lanes, so that nothing else moves.

import { html } from "./html.js";
import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { HintReader } from "../model/hints.js";
import { modes } from "../wire/workbench.js";

const most = 200; // entries that are read of one batch: of more, the first and the last

/** @param {{ session: import("../wire/session.js").Session }} props */
export function Hint({ session }) {
  const reader = useMemo(() => ({ hints: new HintReader({ input: session.mode.input, mode: session.mode.name, target: session.target, modes: modes.peek().map(({ manifest }) => manifest) }, Date.now()), from: 0, over: false }), []);
  const [dismissed, setDismissed] = useState(/** @type {string[]} */ ([]));
  const [, look] = useState(0);
  const { entries } = session;
  entries.version.value;
  const now = Date.now();
  const { end } = entries;
  for (let i = Math.max(reader.from, entries.first); i < end; i++) {
    if (end - reader.from > most && i === reader.from + most / 2) i = end - most / 2;
    const entry = entries.row(i);
    if (entry) reader.hints.read(entry, now);
  }
  reader.from = end;
  const { live } = session;
  if (!live && !reader.over) {
    reader.over = true;
    reader.hints.read({ dir: ">>", side: "client", kind: "closed" }, now);
  }
  const wait = reader.hints.next(now);
  useEffect(() => {
    if (!wait || !live) return;
    const timer = setTimeout(() => look((n) => n + 1), wait);
    return () => clearTimeout(timer);
  });
  const hint = reader.hints.hint(now);
  const shown = hint && !dismissed.includes(hint.id) ? hint : null;
  const dismiss = () => {
    setDismissed([...dismissed, shown?.id ?? ""]);
    /** @type {HTMLElement | null} */ (document.querySelector("#command"))?.focus();
  };
  return html`
    <div class=${shown ? "session-hint" : "session-hint none"}>
      <span role="status">${shown?.text}</span>
      ${shown && html`<button type="button" class="icon" aria-label="Dismiss the hint" title="Not again in this session" onClick=${dismiss}>×</button>`}
    </div>
  `;
}
