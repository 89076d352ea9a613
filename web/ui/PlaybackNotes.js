// What was noted on a recording, and on its events, while it plays.

import { Icon, html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { rowsOf, withRow } from "../model/notes.js";
import { saveNotes } from "../wire/transcripts.js";
import { formatRoute } from "./route.js";

/**
 * event is the one that a note would be on: of the picked row, or the one shown last.
 * goTo(event) brings one in sight.
 * @param {{ id: string, notes: import("../types").Notes, setNotes: (notes: import("../types").Notes) => void, event: number, goTo: (event: number) => void, edit: () => void, close: () => void }} props
 */
export function PlaybackNotes({ id, notes, setNotes, event, goTo, edit, close }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const rows = rowsOf(notes);
  const own = notes.rows?.[event] ?? "";
  useEffect(() => setText(own), [event, own]);
  const put = async (/** @type {number} */ on, /** @type {string} */ words) => {
    const now = withRow(notes, on, words);
    try {
      await saveNotes(id, now);
      setNotes(now);
      setProblem("");
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };
  return html`
    <section class="card playback-notes" aria-label="Notes">
      <header>
        ${notes.title && html`<strong>${notes.title}</strong>`}
        ${notes.tags?.map((tag) => html`<a class="tag" key=${tag} href=${formatRoute("transcripts", "", { text: tag })}>${tag}</a>`)}
        <button type="button" class="small" id="edit-notes" onClick=${edit}>Edit …</button>
        <button type="button" class="icon" aria-label="Hide the notes" title="Hide" onClick=${close}><${Icon} name="x" /></button>
      </header>
      ${notes.text && html`<p class="note-text">${notes.text}</p>`}
      ${rows.length > 0 && html`
        <ul>
          ${rows.map((row) => html`
            <li key=${row.event}>
              <button type="button" class="small" onClick=${() => goTo(row.event)}>Event ${row.event}</button>
              <span>${row.text}</span>
              <button type="button" class="icon" aria-label=${"Remove the note on event " + row.event} onClick=${() => put(row.event, "")}><${Icon} name="x" /></button>
            </li>
          `)}
        </ul>
      `}
      <form class="row-note" onSubmit=${(/** @type {any} */ submit) => (submit.preventDefault(), put(event, text))}>
        <label for="row-note">On event ${event}</label>
        <input type="text" id="row-note" value=${text} maxlength="600" autocomplete="off" placeholder="What happens here?" onInput=${(/** @type {any} */ input) => setText(input.target.value)} />
        <button type="submit" class="small" id="keep-row-note" disabled=${text.trim() === own}>Keep</button>
      </form>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    </section>
  `;
}
