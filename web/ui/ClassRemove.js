// Taking a student out of the class.

import { html } from "./html.js";
import { useState } from "../vendor/hooks.js";
import { removeStudent } from "../wire/teaching.js";
import { Dialog } from "./Dialog.js";

/** @param {{ id: string, name: string, close: () => void }} props */
export function ClassRemove({ id, name, close }) {
  const [problem, setProblem] = useState("");
  const remove = (/** @type {any} */ event) => {
    const dialog = event.currentTarget.closest("dialog");
    removeStudent(id).then(() => dialog.close(), (error) => setProblem(error.message));
  };
  return html`
    <${Dialog} id="class-remove" title=${`Remove ${name}?`} close=${close}>
      <p>The sessions of ${name} end, and the browser is not known here any more. With the code one can join again, as somebody new.</p>
      <p>What was recorded stays until the class ends.</p>
      <p class="problem" role="alert">${problem}</p>
      <p class="dialog-tools"><button type="button" class="danger" id="class-remove-now" onClick=${remove}>Remove</button></p>
    <//>
  `;
}
