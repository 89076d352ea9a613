// The taps of the user, by /api/taps: the workbench tells how they stand as it changes.

import { Taps } from "../model/taps.js";
import { follow } from "./classroom.js";
import { change } from "./workbench.js";

/** The taps, while somebody listens. */
export const taps = new Taps();

/** Follows the taps, until what is returned is called. @param {(away: import("../vendor/signals-core.js").Signal<boolean>) => void} [began] gets whether the connection to the workbench is gone */
export function listenToTaps(began) {
  const stream = follow("/api/taps/live", (said) => taps.take(said));
  began?.(stream.away);
  return () => stream.close();
}

/** @param {Response} answer */
async function done(answer) {
  if (!answer.ok) throw new Error((await answer.text()).trim() || `The workbench answered ${answer.status}.`);
  return answer;
}

const broken = "The workbench does not answer. Is it still running?";

/** @param {string} url @param {RequestInit & { headers?: Record<string, string> }} init */
async function ask(url, init) {
  const answer = await change(url, init).catch(() => {
    throw new Error(broken);
  });
  return done(answer);
}

/**
 * Begins a tap, and returns its id and where it listens; rejects, in words, if there is none.
 * @param {{ listen: string, target: string, mode: string, options: Record<string, string>, through: boolean, via: string, tls: Record<string, string>, record: boolean, faults: string }} tap
 * @returns {Promise<{ id: string, listen: string }>}
 */
export async function beginTap(tap) {
  return (await ask("/api/taps", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(tap) })).json();
}

/** Stops a tap, or forgets one that was stopped. @param {string} id */
export async function endTap(id) {
  await ask("/api/taps/" + encodeURIComponent(id), { method: "DELETE" });
}

/** Ends a connection. @param {string} attach */
export async function endConnection(attach) {
  await ask("/api/sessions/" + encodeURIComponent(attach), { method: "DELETE" });
}
