// What the development of a line mode says, by /api/dev, as it comes. One
// connection, however many parts of the page show it, and however many tabs.

import { signal } from "../vendor/signals-core.js";
import { change, loadModes } from "./workbench.js";

/** Signal: the last state. @type {import("../vendor/signals-core.js").Signal<import("../types").DevState | null>} */
export const dev = signal(null);

let listening = false;

/** Starts listening, once. */
export function listen() {
  if (listening) return;
  listening = true;
  const alone = () => (new EventSource("/api/dev/events").onmessage = take);
  if (!globalThis.SharedWorker) return void alone();
  const worker = new globalThis.SharedWorker(new URL("./dev.worker.js", import.meta.url));
  worker.onerror = alone; // it did not start
  worker.port.onmessage = take;
  addEventListener("pagehide", ({ persisted }) => persisted || worker.port.postMessage("leaving"));
}

/** @param {{ data: string }} message */
function take({ data }) {
  const before = dev.value?.build?.n;
  dev.value = JSON.parse(data);
  if (dev.value?.build?.n !== before) loadModes(); // the manifest may have changed
}

const doings = { building: "building", starting: "starting the plugin", replaying: "replaying the goldens" };

/** What is being done, and for how long if that is a second or more. @param {NonNullable<import("../types").DevState["doing"]>} doing */
export function doingWords(doing) {
  return doings[doing.what] + (doing.for >= 1 ? `, for ${doing.for.toFixed(0)} s` : "") + " …";
}

/** Moves the sessions that stayed on the old build, even though their answers differ. Returns what went wrong, or "". */
export async function moveAnyway() {
  const answer = await change("/api/dev/move", { method: "POST" });
  return answer.ok ? "" : (await answer.text()).trim() || `The workbench answered ${answer.status}.`;
}
