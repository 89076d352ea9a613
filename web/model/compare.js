// What other line modes would have done with the same events: which runs to begin
// with, and how an answer reads. Pure; wire/transcripts.js asks the workbench.

import { shownLine } from "./format.js";
import { kindOf } from "./kinds.js";

/** @typedef {import("../types").Entry} Entry */

/**
 * Two runs to begin with: the session as it was, and the same mode with the
 * option that says most about it set otherwise, or else another mode.
 * @param {string} mode @param {Record<string, string>} options in effect
 * @param {import("../types").Manifest[]} manifests
 * @returns {import("../types").Run[]}
 */
export function suggestedRuns(mode, options, manifests) {
  const manifest = manifests.find((one) => one.name === mode) ?? manifests[0];
  if (!manifest) return [];
  const filled = { ...Object.fromEntries(manifest.options.map((option) => [option.name, option.default])), ...options };
  const first = { mode: manifest.name, options: filled };
  const choice = manifest.options.find((option) => option.type === "choice" && (option.choices?.length ?? 0) > 1);
  if (choice) {
    const choices = choice.choices ?? [];
    const next = choices[(choices.indexOf(filled[choice.name]) + 1) % choices.length];
    return [first, { mode: manifest.name, options: { ...filled, [choice.name]: next } }];
  }
  const other = manifests.find((one) => one !== manifest);
  return other ? [first, { mode: other.name, options: {} }] : [first];
}

/**
 * The events of a stretch, each with its number, and what may be sent to be
 * compared: the entries from the first event of it to the last.
 * @param {Entry[]} entries @param {number} from @param {number} to numbers of events
 */
export function stretch(entries, from, to) {
  return entries.filter((entry) => entry.n !== undefined && entry.n >= from && entry.n <= to);
}

/** What is wrong with a stretch, or "". With event 0 it holds the opening, if nothing else. @param {Entry[]} entries @param {number} from @param {number} to */
export function stretchProblem(entries, from, to) {
  if (from <= to && (from <= 0 || stretch(entries, from, to).length > 0)) return "";
  return `There is no event from ${from} to ${to}. Pick a stretch within 0 to ${lastEvent(entries)}.`;
}

/** The last event's number. @param {Entry[]} entries */
export function lastEvent(entries) {
  return entries.reduce((last, entry) => Math.max(last, entry.n ?? 0), 0);
}

/** What an entry says, on one line, and whose it is. @param {Entry} entry @returns {{ words: string, side: string }} */
export function wordsOf(entry) {
  const { kind, side, name, after, text, b64 } = entry;
  const said = b64 !== undefined ? atob(b64).length + " bytes, no UTF-8" : shownLine(text ?? "");
  const flow = kindOf(entry)?.flow;
  if (flow) return { words: `${side} ${flow === "heard" || flow === "sent" ? "" : kind + " "}“${said}”`, side: side ?? "" };
  if (name !== undefined) return { words: `${kind} ${name}${after ? " " + after : ""}`, side: "words" };
  if (text !== undefined) return { words: `${side ? side + " " : ""}${kind} “${said}”`, side: "words" };
  return { words: `${kind}${side ? " " + side : ""}`, side: side ?? "words" };
}

/** Whether all runs answer an event alike. @param {(Entry[] | null | undefined)[]} answers a run each */
export function alike(answers) {
  const keys = answers.map((actions) => JSON.stringify((actions ?? []).map(({ dir, side, kind, name, after, text, b64 }) => [dir, side, kind, name, after, text, b64])));
  return keys.every((key) => key === keys[0]);
}
