// A recording's title, tags and note.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { tagsOf } from "../model/notes.js";
import { notesOf, saveNotes } from "../wire/transcripts.js";
import { Dialog } from "./Dialog.js";

/** @param {{ id: string, name: string, close: () => void, saved: (notes: import("../types").Notes) => void }} props name: of the recording, in words */
export function NotesForm({ id, name, close, saved }) {
  const [notes, setNotes] = useState(/** @type {import("../types").Notes | null} */ (null));
  const [tags, setTags] = useState("");
  const [problem, setProblem] = useState("");
  useEffect(() => {
    notesOf(id).then((found) => (setNotes(found), setTags((found.tags ?? []).join(", "))), (error) => setProblem(error.message));
  }, [id]);
  useEffect(() => {
    document.getElementById("notes-title-field")?.focus();
  }, [notes === null]);

  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const dialog = event.currentTarget.closest("dialog");
    const now = { ...notes, title: notes?.title?.trim() ?? "", tags: tagsOf(tags) };
    try {
      await saveNotes(id, now);
      saved(now);
      dialog.close(); // which gives the focus back
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };
  return html`
    <${Dialog} id="notes" title="Name, tags, note" close=${close}>
      <p class="muted">${name}</p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${notes && html`
        <form class="notes-form" onSubmit=${submit}>
          <div class="field">
            <label for="notes-title-field">Name</label>
            <input type="text" id="notes-title-field" value=${notes.title ?? ""} maxlength="100" autocomplete="off" onInput=${(/** @type {any} */ event) => setNotes({ ...notes, title: event.target.value })} />
          </div>
          <div class="field">
            <label for="notes-tags">Tags, separated by commas</label>
            <input type="text" id="notes-tags" value=${tags} autocomplete="off" placeholder="smtp, lesson 3" onInput=${(/** @type {any} */ event) => setTags(event.target.value)} />
          </div>
          <div class="field">
            <label for="notes-text">Note</label>
            <textarea id="notes-text" rows="5" value=${notes.text ?? ""} onInput=${(/** @type {any} */ event) => setNotes({ ...notes, text: event.target.value })}></textarea>
          </div>
          <p><button type="submit" class="small primary" id="save-notes">Save</button></p>
        </form>
      `}
    <//>
  `;
}
