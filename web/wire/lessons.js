// Lessons, by /api/lessons: the list, one of them, the verdict on a try.

import { change } from "./workbench.js";

/** @typedef {import("../types").Lesson} Lesson */

/** @param {Response} answer */
async function read(answer) {
  if (!answer.ok) throw new Error((await answer.text()).trim() || `The workbench answered ${answer.status}.`);
  return answer.json();
}

/** @returns {Promise<import("../types").LessonInList[]>} */
export async function listLessons() {
  return read(await fetch("/api/lessons"));
}

/** @param {string} name @returns {Promise<Lesson>} */
export async function getLesson(name) {
  return read(await fetch("/api/lessons/" + encodeURIComponent(name)));
}

/**
 * The verdict on a try at one step.
 * @param {string} name of the lesson @param {{ step: number, transcripts: string[], answers: Record<string, string> }} attempt
 * @returns {Promise<import("../types").Verdict>}
 */
export async function checkStep(name, attempt) {
  return read(await change(`/api/lessons/${encodeURIComponent(name)}/check`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(attempt) }));
}
