// Sends all students to a step of a lesson, or to a target.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { listLessons } from "../wire/lessons.js";
import { hasLessons, modes, practices } from "../wire/workbench.js";
import { sendToAll } from "../wire/teaching.js";
import { Dialog } from "./Dialog.js";
import { ModeOptions } from "./ModeOptions.js";

/** @param {{ close: () => void }} props */
export function ClassSend({ close }) {
  const [to, setTo] = useState(hasLessons.value ? "lesson" : "target");
  const [lessons, setLessons] = useState(/** @type {import("../types").LessonInList[]} */ ([]));
  const [fields, setFields] = useState({ lesson: "", step: 1, target: "", mode: "" });
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (!hasLessons.value) return;
    listLessons().then((all) => (setLessons(all), setFields((now) => ({ ...now, lesson: all[0]?.name ?? "" }))), (error) => setProblem(error.message));
  }, []);
  const set = (/** @type {Partial<typeof fields>} */ more) => setFields({ ...fields, ...more });
  const steps = lessons.find(({ name }) => name === fields.lesson)?.steps ?? [];
  const pickTarget = (/** @type {string} */ target) => set({ target, mode: practices.value.find((one) => one.target === target)?.mode ?? fields.mode });
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const dialog = event.currentTarget.closest("dialog");
    const { lesson, step, target, mode } = fields;
    const what = to === "lesson" ? { lesson, step } : { target: target.trim(), mode: mode || modes.value[0]?.manifest.name };
    sendToAll(what).then(() => dialog.close(), (error) => setProblem(error.message));
  };
  return html`
    <${Dialog} id="class-sending" title="Send to all" close=${close}>
      <p class="muted">Each student’s page shows it, with a button to go there. Who comes later gets it too.</p>
      <form class="class-sending" onSubmit=${submit}>
        ${hasLessons.value && html`
          <fieldset class="segments">
            <legend class="unseen">Send to</legend>
            ${[["lesson", "A lesson"], ["target", "A target"]].map(([value, label]) => html`
              <label key=${value}><input type="radio" name="send-to" value=${value} checked=${to === value} onChange=${() => setTo(value)} /><span>${label}</span></label>
            `)}
          </fieldset>
        `}
        ${to === "lesson"
          ? html`
            <div class="field"><label for="send-lesson">Lesson</label>
              <select id="send-lesson" value=${fields.lesson} onChange=${(/** @type {any} */ event) => set({ lesson: event.target.value, step: 1 })}>
                ${lessons.map(({ name, title }) => html`<option key=${name} value=${name} selected=${name === fields.lesson}>${title}</option>`)}
              </select></div>
            <div class="field"><label for="send-step">Step</label>
              <select id="send-step" value=${fields.step} onChange=${(/** @type {any} */ event) => set({ step: Number(event.target.value) })}>
                ${steps.map(({ n, title }) => html`<option key=${n} value=${n} selected=${n === fields.step}>${n}. ${title}</option>`)}
              </select></div>
          `
          : html`
            <div class="field"><label for="send-target">Target (host:port)</label>
              <input type="text" id="send-target" list="send-targets" value=${fields.target} autocomplete="off" spellcheck=${false} required onInput=${(/** @type {any} */ event) => pickTarget(event.target.value)} />
              <datalist id="send-targets">${practices.value.map(({ name, target }) => html`<option key=${target} value=${target}>${name}</option>`)}</datalist></div>
            <div class="field"><label for="send-mode">Line mode</label>
              <select id="send-mode" value=${fields.mode} onChange=${(/** @type {any} */ event) => set({ mode: event.target.value })}>
                <${ModeOptions} modes=${modes.value} picked=${fields.mode} />
              </select></div>
          `}
        <p class="problem" role="alert">${problem}</p>
        <p class="dialog-tools"><button type="submit" class="primary" id="send-now" disabled=${to === "lesson" && !fields.lesson}>Send</button></p>
      </form>
    <//>
  `;
}
