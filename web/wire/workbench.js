// What the workbench says of itself, by /api/modes: which line modes there are
// and how they stand, the practice server, the sandbox, whether it records. The
// answers are signals. It knows no session.

import { batch, computed, signal } from "../vendor/signals-core.js";

/** Signal: line modes as /api/modes lists them. @type {import("../vendor/signals-core.js").Signal<import("../types").Mode[]>} */
export const modes = signal([]);
/** Signal: the mode that is picked first. */
export const defaultMode = signal("");
/** Signal: the practice server's "host:port", or "" when there is none. */
export const practice = signal("");
/** Signal: the practice servers beside the echo server. @type {import("../vendor/signals-core.js").Signal<import("../types").Practice[]>} */
export const practices = signal([]);
/** Signal: whether there are lessons. */
export const hasLessons = signal(false);
/** Signal: whether the user may begin taps. */
export const canTap = signal(false);
/** Signal: whether the workbench records sessions at all. */
export const recording = signal(false);
/** Signal: how many sessions live in the workbench, this window's included. */
export const kept = signal(0);
/** Signal: the user's name, "" for the account that runs the workbench. */
export const user = signal("");
/** Signal: what the user is in the class that is held: "teacher", "student", or "". */
export const inClass = signal("");
/** Signal: whether the class is paused, for a student, who opens no session then. */
export const paused = signal(false);
/** Signal: whether the workbench does not know this browser any more. */
export const unknown = signal(false);
/** Signal: whether the workbench answers every account of its machine (--auth none). */
export const isOpen = signal(false);
/** Signal: the mode that is being developed, or "". */
export const devMode = signal("");
/** Signal: why the list of modes could not be loaded, or "". */
export const modesProblem = signal("");

/** Signal: what holds plugin processes back; null: not known. @type {import("../vendor/signals-core.js").Signal<import("../types").Sandbox | null>} */
export const sandbox = signal(/** @type {import("../types").Sandbox | null} */ (null));
/** Signal: whether the workbench could not find out if all of it holds. */
export const sandboxDoubt = computed(() => sandbox.value?.mechanisms.some(({ state }) => state === "unknown") ?? false);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let polling;

/** Asks the workbench for its modes, again until none is starting or overloaded and the sandbox is in no doubt. */
export async function loadModes() {
  clearTimeout(polling);
  try {
    const answer = await fetch("/api/modes");
    if (answer.status === 401) {
      unknown.value = true;
      modesProblem.value = inClass.value === "student"
        ? "You are not in this class any more. To be in it again, join with its code."
        : "The workbench does not know this browser any more. Open a new link to it: workbench token link prints one.";
      return;
    }
    if (!answer.ok) throw new Error(`the workbench answered ${answer.status}`);
    const list = await answer.json();
    const all = /** @type {import("../types").Mode[]} */ (list.modes);
    batch(() => {
      modes.value = all.map((mode) => ({ ...mode, manifest: { ...mode.manifest, options: mode.manifest.options ?? [] } }));
      practice.value = list.practice ?? "";
      practices.value = list.practices ?? [];
      hasLessons.value = list.lessons ?? false;
      canTap.value = list.taps ?? false;
      recording.value = list.recording ?? false;
      kept.value = list.kept ?? 0;
      user.value = list.user ?? "";
      inClass.value = list.class ?? "";
      isOpen.value = list.open ?? false;
      devMode.value = list.dev?.mode ?? "";
      sandbox.value = list.sandbox ?? null;
      defaultMode.value = devMode.value || list.default || all[0]?.manifest.name || "";
      modesProblem.value = "";
    });
    if (all.some((mode) => mode.state === "starting" || mode.overload)) polling = setTimeout(loadModes, 1000);
    else if (sandboxDoubt.value) polling = setTimeout(loadModes, 5000);
  } catch {
    modesProblem.value = "The list of line modes could not be loaded. Is the workbench still running?";
    polling = setTimeout(loadModes, 3000);
  }
}

/**
 * Fetches with the header by which the workbench tells the page from a form, which any
 * other page could send. init names the method.
 * @param {string} url @param {RequestInit & { headers?: Record<string, string> }} init
 */
export function change(url, init) {
  return fetch(url, { ...init, headers: { ...init.headers, "X-Workbench": "1" } });
}
