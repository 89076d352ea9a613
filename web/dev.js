// What the development of a line mode says, as it comes. One connection,
// however many parts of the page show it.

import { signal } from "./vendor/signals-core.js";
import { loadModes } from "./store.js";

/** Signal: the last state. @type {import("./vendor/signals-core.js").Signal<import("./types").DevState | null>} */
export const dev = signal(null);

/** @type {EventSource | null} */
let source = null;

/** Begins to listen, once. */
export function listen() {
  if (source) return;
  source = new EventSource("/api/dev/events");
  source.onmessage = ({ data }) => {
    const before = dev.value?.build?.n;
    dev.value = JSON.parse(data);
    if (dev.value?.build?.n !== before) loadModes(); // the manifest may have changed
  };
}

/** Moves the sessions that stayed on the old build, whatever differs. Returns what went wrong, or "". */
export async function moveAnyway() {
  const answer = await fetch("/api/dev/move", { method: "POST" });
  return answer.ok ? "" : (await answer.text()).trim() || `The workbench answered ${answer.status}.`;
}
