// How the user likes the page; the browser remembers it where it may.

import { computed, signal } from "./vendor/signals-core.js";
import { browserStorage } from "./history.js";

/**
 * A signal whose value the browser remembers.
 * @template T
 * @param {string} name
 * @param {T} initial
 * @returns {import("./vendor/signals-core.js").Signal<T>}
 */
export function kept(name, initial) {
  const key = "workbench." + name;
  const storage = browserStorage();
  let value = initial;
  try {
    value = JSON.parse(storage?.getItem(key) ?? "null") ?? initial;
  } catch {
    // nothing kept: the initial value it is
  }
  const kept = signal(value);
  let first = true;
  kept.subscribe((now) => {
    if (first) return void (first = false);
    try {
      storage?.setItem(key, JSON.stringify(now));
    } catch {
      // forgotten at the next visit, no more
    }
  });
  return kept;
}

const narrow = globalThis.matchMedia?.("(max-width: 600px)").matches ?? false;

/** What the middle of the page shows: "both" lanes, "console", "wire", or "ladder". */
export const lanes = kept("lanes", "both");
/** Whether the wire shows hex beside the text. */
export const showHex = kept("hex", true);
/** Whether control characters show as pictures. */
export const showControls = kept("controls", true);
/** The time of a row: "relative" to the start, "absolute", "delta" since the row before, or "none". */
export const timeStyle = kept("time", narrow ? "none" : "relative");
/** Whether the picked mode's summary and options are unfolded; on a phone they begin folded. */
export const detailsOpen = kept("details", !narrow);
/** Whether bytes are typed as hex rather than as text with escapes. */
export const typeHex = kept("typehex", false);
/** Large type, for a room that watches. */
export const presenting = kept("presenting", false);
/** Only what a room watches, in large type: no form, no tools, no hints. */
export const presenter = kept("presenter", false);
/** Whether type is large, for either reason. */
export const largeType = computed(() => presenting.value || presenter.value);
/** The colours: "" as the system has them, "light" or "dark". */
export const theme = kept("theme", "");

/** Takes the theme, the size of type and what is hidden over to the page. */
export function applyLook() {
  theme.subscribe((now) => (document.documentElement.dataset.theme = now));
  largeType.subscribe((now) => document.documentElement.classList.toggle("presenting", now));
  presenter.subscribe((now) => document.documentElement.classList.toggle("presenter", now));
}
