// The workbench's transcripts, by /api/transcripts: the list, the entries of one,
// its removal; and by /api/compare what several modes would have done with the
// events of one, or of a session.

import { change } from "./workbench.js";

/** @typedef {import("../types").Info} Info */

const noStore = "This workbench does not record sessions, so there are no transcripts.";

/** @param {Response} answer */
async function reasonOf(answer) {
  const words = (await answer.text()).trim();
  return answer.status === 404 && !/transcript/i.test(words) ? noStore : words || `The workbench answered ${answer.status}.`;
}

/** The transcripts that match, newest first; before: an ID, only those after it. @param {{ mode?: string, target?: string, text?: string, before?: string, limit?: number }} query @returns {Promise<Info[]>} */
export async function listTranscripts(query) {
  const filled = Object.entries(query).filter(([, value]) => value).map(([name, value]) => [name, String(value)]);
  const answer = await fetch("/api/transcripts?" + new URLSearchParams(filled));
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer.json();
}

/** One transcript as the list has it, or null. @param {string} id @returns {Promise<Info | null>} */
export async function transcriptInfo(id) {
  const answer = await fetch(`/api/transcripts/${encodeURIComponent(id)}/info`);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer.json();
}

/**
 * The entries of one transcript, at most `max`.
 * @param {string} id
 * @returns {Promise<{ entries: import("../types").Entry[], cut: boolean }>} cut: there are more
 */
export async function transcriptEntries(id, max = 200_000) {
  return entriesAt(`/api/transcripts/${encodeURIComponent(id)}?format=jsonl`, max);
}

/** The entries of the transcript that the teacher of a class shows, at most `max`. */
export async function shownEntries(max = 200_000) {
  return entriesAt("/api/class/show/transcript", max);
}

/** @param {string} url @param {number} max */
async function entriesAt(url, max) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await reasonOf(answer));
  const entries = [];
  for await (const list of entriesIn(answer)) {
    for (const entry of list) {
      if (entries.length === max) return { entries, cut: true };
      entries.push(entry);
    }
  }
  return { entries, cut: false };
}

/**
 * The entries of one whose session runs, from one on, as they come, to the session's end.
 * @param {string} id @param {number} from how many are known @param {AbortSignal} signal
 */
export async function* followTranscript(id, from, signal) {
  const answer = await fetch(`/api/transcripts/${encodeURIComponent(id)}/follow`, { signal });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  for await (const list of entriesIn(answer)) {
    if (list.length > from) yield list.slice(from);
    from = Math.max(0, from - list.length);
  }
}

/** Entries that come as JSON lines, as many at a time as came together. @param {Response} answer @returns {AsyncGenerator<import("../types").Entry[]>} */
async function* entriesIn(answer) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  let left = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (left + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split("\n");
      left = done ? "" : /** @type {string} */ (lines.pop());
      yield lines.filter(Boolean).map((line) => JSON.parse(line));
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const maxImport = 64 * 2 ** 20; // bytes, as the workbench has it

/**
 * Gives the workbench a capture, a HAR, a transcript or a text, to be kept as recordings.
 * @param {File} file @param {string} mode the line mode of what has none
 * @returns {Promise<{ made: { id: string, words: string }[], warnings: string[], problem?: string }>} problem: why that is not all
 */
export async function importFile(file, mode) {
  if (file.size > maxImport) throw new Error(`${file.name} has ${Math.ceil(file.size / 2 ** 20)} MiB; the page takes up to 64. The command line takes any: workbench transcript import.`);
  const answer = await change("/api/transcripts/import?" + new URLSearchParams({ name: file.name, mode }), { method: "POST", body: file });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer.json();
}

/**
 * Two transcripts side by side; by: "rules" for the wire, where what rules allow does not count, or "".
 * @param {string} a @param {string} b @param {string} by @returns {Promise<import("../types").SideBySide>}
 */
export async function diffTranscripts(a, b, by) {
  const answer = await fetch(`/api/transcripts/${encodeURIComponent(a)}/diff?` + new URLSearchParams({ with: b, ...(by && { by }) }));
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer.json();
}

/** Keeps a copy of one with the rules for what differs in another. @param {string} a @param {string} b @returns {Promise<{ id: string, written: number, unexplained: number }>} */
export async function keepRules(a, b) {
  const answer = await change(`/api/transcripts/${encodeURIComponent(a)}/rules`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ with: b }),
  });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer.json();
}

/**
 * Feeds a transcript's events to a line mode.
 * @param {string} id @param {{ mode: string, options: Record<string, string> | null }} run "" and null: the transcript's own
 * @returns {Promise<import("../types").Replayed>}
 */
export async function replayTranscript(id, run) {
  const answer = await change(`/api/transcripts/${encodeURIComponent(id)}/replay`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(run),
  });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer.json();
}

/** @typedef {{ match: string, literal: boolean }} Secret what is secret; literal: as it stands, and not a regular expression */

/** @param {string} id @param {Secret} secret @param {"" | "recording" | "file"} as */
async function redact(id, secret, as) {
  const answer = await change(`/api/transcripts/${encodeURIComponent(id)}/redact`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...secret, as }),
  });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer;
}

/** What would be masked. @param {string} id @param {Secret} secret @returns {Promise<import("../types").Redacted>} */
export async function redactTranscript(id, secret) {
  return (await redact(id, secret, "")).json();
}

/** Keeps a redacted copy as a recording, and returns its id. @param {string} id @param {Secret} secret @returns {Promise<string>} */
export async function redactedCopy(id, secret) {
  return (await (await redact(id, secret, "recording")).json()).id;
}

/** The text of a redacted copy. @param {string} id @param {Secret} secret */
export async function redactedText(id, secret) {
  return (await redact(id, secret, "file")).blob();
}

/** What a person says of a transcript. @param {string} id @returns {Promise<import("../types").Notes>} */
export async function notesOf(id) {
  const answer = await fetch(`/api/transcripts/${encodeURIComponent(id)}/notes`);
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer.json();
}

/** @param {string} id @param {import("../types").Notes} notes */
export async function saveNotes(id, notes) {
  const answer = await change(`/api/transcripts/${encodeURIComponent(id)}/notes`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(notes),
  });
  if (!answer.ok) throw new Error(await reasonOf(answer));
}

/** @param {string} id */
export async function deleteTranscript(id) {
  const answer = await change("/api/transcripts/" + encodeURIComponent(id), { method: "DELETE" });
  if (!answer.ok) throw new Error(await reasonOf(answer));
}

/** The address that the browser saves a transcript from. @param {string} id @param {string} format transcript, golden, or one of the workbench's exports */
export function exportURL(id, format) {
  const url = "/api/transcripts/" + encodeURIComponent(id);
  if (format === "transcript") return url + "?download=1";
  if (format === "golden") return url + "?golden=1&download=1";
  return `${url}/export?as=${format}`;
}

/**
 * Asks the workbench. The source is a transcript, or entries.
 * @param {{ transcript: string, from: number, to: number } | { entries: import("../types").Entry[], serverEOF: "end" | "stay", seed?: string, start?: string }} source @param {import("../types").Run[]} runs
 * @returns {Promise<import("../types").Comparison>}
 */
export async function compareRuns(source, runs) {
  const answer = await change("/api/compare", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...source, runs }),
  });
  if (!answer.ok) throw new Error((await answer.text()).trim() || `The workbench answered ${answer.status}.`);
  return answer.json();
}
