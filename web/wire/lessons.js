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

/** Plays the stages of a step to a server on this machine, and returns the IDs of their transcripts. @param {string} name of the lesson @param {number} step @param {number} port @returns {Promise<string[]>} */
export async function playStages(name, step, port) {
  const answer = await change(`/api/lessons/${encodeURIComponent(name)}/stages`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ step, port }) });
  return (await read(answer)).transcripts;
}

/**
 * The verdict on a try at one step.
 * @param {string} name of the lesson @param {{ step: number, transcripts: string[], answers: Record<string, string> }} attempt
 * @returns {Promise<import("../types").Verdict>}
 */
export async function checkStep(name, attempt) {
  return read(await change(`/api/lessons/${encodeURIComponent(name)}/check`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(attempt) }));
}
