// The end of a class: all that it left is deleted.

import { html } from "./html.js";
import { useState } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { endClass, resultsURL, submissionsURL } from "../wire/teaching.js";
import { Dialog } from "./Dialog.js";

const word = "delete";

/** @param {{ students: number, close: () => void, ended: () => void }} props */
export function ClassEnd({ students, close, ended }) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    setBusy(true);
    endClass().then(ended, (error) => (setBusy(false), setProblem(error.message)));
  };
  return html`
    <${Dialog} id="class-ending" title="End the class" close=${close}>
      <p>All sessions end, the workbench stops, and this is deleted:</p>
      <ul>
        <li>the code, and the ${students === 1 ? "name" : "names"} of ${count(students, "student")}</li>
        <li>what they have reached in lessons</li>
        <li>all recordings of the class, yours too</li>
      </ul>
      <p>Nothing of it can be had back. Save first what you want to keep:${" "}<a href=${resultsURL} download>results (CSV)</a>, <a href=${submissionsURL} download>submissions (zip)</a>.</p>
      <form class="class-ending" onSubmit=${submit}>
        <label for="class-end-word">Type <b>${word}</b> to end it</label>
        <input type="text" id="class-end-word" value=${typed} autocomplete="off" autocapitalize="off" spellcheck=${false} onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} />
        <button type="submit" class="danger" id="class-end-now" disabled=${busy || typed.trim().toLowerCase() !== word}>End class and delete</button>
      </form>
      <p class="problem" role="alert">${problem}</p>
    <//>
  `;
}
