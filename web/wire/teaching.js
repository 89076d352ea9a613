// What a teacher asks of the workbench for the class. Each rejects in words that a person
// can read.

import { change } from "./workbench.js";

/** @param {string} method @param {string} path @param {object} [body] */
async function ask(method, path, body) {
  const answer = await change("/api/class" + path, { method, ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }) })
    .catch(() => Promise.reject(new Error("The workbench does not answer. Is it still running?")));
  if (!answer.ok) throw new Error((await answer.text()).trim() || `The workbench answered ${answer.status}.`);
}

/** @param {boolean} paused */
export const pauseClass = (paused) => ask("POST", "/pause", { paused });

/** @param {string} student */
export const removeStudent = (student) => ask("DELETE", "/students/" + encodeURIComponent(student));

/** @param {string} student */
export const lowerHand = (student) => ask("DELETE", "/students/" + encodeURIComponent(student) + "/hand");

/** Sends all to a lesson or a target; with {} that is taken back. @param {{ lesson?: string, step?: number, target?: string, mode?: string }} what */
export const sendToAll = (what) => ask("POST", "/send", what);

export const newCode = () => ask("POST", "/code", {});

/** @param {{ student: string, attach: string, named: boolean }} what */
export const project = (what) => ask("PUT", "/projector", what);

export const clearProjector = () => ask("DELETE", "/projector");

/** Ends the class, and deletes all that it left; the workbench stops then. */
export const endClass = () => ask("DELETE", "", { delete: "everything" });

/** @param {number} n of the addresses at which the class is joined @param {string} code so that the browser asks again for another */
export const qrURL = (n, code) => `/api/class/qr.svg?n=${n}&code=${encodeURIComponent(code)}`;

export const resultsURL = "/api/class/results.csv";
export const submissionsURL = "/api/class/submissions.zip";
