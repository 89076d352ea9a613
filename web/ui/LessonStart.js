// Whom a step talks to, and the button that connects there in the lesson's tab.

import { html } from "./html.js";
import { fits } from "../model/lesson.js";
import { fieldsOf } from "../model/target.js";
import { defaultMode, modes, practice } from "../wire/workbench.js";
import { whilePaused } from "./ConnectBar.js";
import { current, openTab, tabs } from "./tabs.js";

/** @typedef {import("./tabs.js").Tab} Tab */

/** The tab of a lesson, by its name, which a reload keeps. @param {{ title: string }} lesson @returns {Tab | undefined} */
export function tabOf({ title }) {
  return tabs.value.find((tab) => tab.name.value === title);
}

/** Connects to whom a step wants, in the lesson's tab, one without a session or a new one. @param {import("../types").Lesson} lesson @param {import("../types").LessonStep} step */
function start(lesson, { with: { target = "", mode, options = {}, serving = {} } }) {
  const tab = tabOf(lesson) ?? (current.value.session.value ? openTab() : current.value);
  tab.name.value = lesson.title;
  current.value = tab;
  tab.use({ ...fieldsOf(target), mode: mode || tab.form.mode.value || defaultMode.value, options });
  tab.form.serving.value = { target, choices: serving };
  tab.form.record.value = true; // what is not recorded cannot be checked
  tab.connect();
}

/** @param {{ lesson: import("../types").Lesson, step: import("../types").LessonStep }} props */
export function LessonStart({ lesson, step }) {
  const { target, practice: server, mode, options = {}, serving = {}, yourServer } = step.with;
  if (yourServer || step.checks.every(({ kind }) => kind === "quiz")) return null;
  if (!target) {
    return server
      ? html`<div class="card lesson-with"><p class="caution">This step needs the practice server ${server}, which does not run here. ${server === "echo" ? "" : html`Start the workbench with <code>--practice</code>.`}</p></div>`
      : null;
  }
  const tab = tabOf(lesson);
  const session = tab?.session.value;
  const there = session && fits(step.with, session);
  if (there && tab?.live.value) return null; // its line says how it stands
  const title = modes.value.find(({ manifest }) => manifest.name === mode)?.manifest.title ?? mode;
  const whom = server ? html`the practice server <b>${server}</b>` : target === practice.value ? "the practice echo server" : html`<b>${target}</b>`;
  return html`
    <div class="card lesson-with">
      <p>With ${whom}${title && `, ${title}`}${Object.entries(options).map(([name, value]) => `, ${name} ${value}`)}${Object.entries(serving).map(([name, value]) => `, ${value === "on" ? name : `${name} ${value}`}`)}.</p>
      ${!lesson.recording && html`<p class="caution">This workbench does not record sessions, so nothing here can be checked. Start it without <code>--no-record</code>.</p>`}
      <button type="button" id="lesson-start" class=${there ? "small" : "primary"} ...${whilePaused()} onClick=${() => start(lesson, step)}>${there ? "Start again" : "Start"}</button>
    </div>
  `;
}
