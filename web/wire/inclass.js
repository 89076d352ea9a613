// The class that the page is in, as each of those in it sees it: who one is there, whether
// it is paused, what the teacher has sent and shows. One connection, however many parts of
// the page look at it.

import { batch, computed, effect, signal } from "../vendor/signals-core.js";
import { follow } from "./classroom.js";
import { change, loadModes, paused, unknown } from "./workbench.js";
import { keep, readKept, windowStorage } from "../model/kept.js";
import { Pace } from "../model/pace.js";

/** Signal: what the class has said last, or null. @type {import("../vendor/signals-core.js").Signal<import("../types").InClass | null>} */
export const room = signal(/** @type {import("../types").InClass | null} */ (null));
/** Signal: what the teacher shows, or null. */
export const shown = computed(() => room.value?.show ?? null);
/** Signal: whether the class does not answer. */
export const away = signal(false);

const absent = 3000; // milliseconds that it does not answer before the page asks whether it may still be here

let listening = false;

/** Begins to listen, once. */
export function listen() {
  if (listening) return;
  listening = true;
  const line = follow("/api/class/live", (/** @type {import("../types").InClass} */ now) => {
    batch(() => {
      know(now.show);
      room.value = now;
      paused.value = now.paused && now.role === "student";
    });
  });
  let was = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  line.away.subscribe((gone) => {
    away.value = gone;
    clearTimeout(timer);
    if (gone) timer = setTimeout(loadModes, absent);
    else if (was) loadModes(); // it may have been started anew
    was = gone;
  });
  effect(() => {
    if (unknown.value) line.close(); // it will answer nothing any more
  });
  addEventListener("pagehide", ({ persisted }) => persisted || line.close());
}

/** @param {Response} answer */
async function check(answer) {
  if (!answer.ok) throw new Error((await answer.text()).trim() || `The workbench answered ${answer.status}.`);
}

/** @param {string} method @param {string} path after /api/class/ @param {object} [body] */
async function tell(method, path, body) {
  const answer = await change("/api/class/" + path, { method, ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }) });
  await check(answer);
}

/** Raises one's hand, or lowers it. @param {boolean} up */
export function raiseHand(up) {
  return tell("POST", "hand", { up });
}

/** Shows a session that lives to the class. @param {string} attach what it is come back to by */
export function showSession(attach) {
  return tell("PUT", "show", { session: attach });
}

let asked = ""; // the transcript that this window has shown, until the class says so
/** Signal: which transcript that is that the class is shown, where this window has shown it. */
const known = signal(readKept(windowStorage(), "shown") ?? { n: 0, transcript: "" });

/** Signal: the ID of the transcript that this window shows to the class, or "". */
export const shownTranscript = computed(() => (shown.value?.kind === "transcript" && shown.value.n === known.value.n ? known.value.transcript : ""));

/** @param {import("../types").Shown | undefined} show */
function know(show) {
  if (!asked || show?.kind !== "transcript" || show.n === known.value.n) return;
  known.value = { n: show.n, transcript: asked };
  asked = "";
  keep(windowStorage(), "shown", known.value);
}

/** Shows a transcript to the class, or another moment of it. @param {string} transcript @param {number} at */
export async function showTranscript(transcript, at) {
  if (shownTranscript.value !== transcript) asked = transcript;
  await tell("PUT", "show", { transcript, at });
}

/** How often the class is told the position of what is shown: every so many milliseconds. */
const every = 250;

/** Tells the class the position of a transcript that is shown, as it moves. @type {Pace} */
export const position = new Pace(({ transcript, at }) => showTranscript(transcript, at), every);

export function stopShowing() {
  return tell("DELETE", "show");
}
