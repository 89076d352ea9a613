// What a class says of itself, as it changes: a WebSocket of JSON objects that comes back
// by itself. The page needs nothing of what was said while it was away: the first object
// on each connection is the whole.

import { signal } from "../vendor/signals-core.js";

const retryFirst = 250; // milliseconds before the page tries to come back, doubling …
const retryMost = 5000; // … up to this
const openMost = 10_000; // milliseconds that a connection may take to be made
const tick = 5000; // milliseconds between two looks at the clock
const slept = 15_000; // milliseconds between two of them that say that the machine was asleep

/**
 * Follows what a path of the workbench says, until close is called: each object goes to
 * take. away says whether the connection is gone, and the page tries to come back.
 *
 * @param {string} path as in /api/class/live
 * @param {(object: any) => void} take
 * @returns {{ away: import("../vendor/signals-core.js").Signal<boolean>, close(): void }}
 */
export function follow(path, take, { WebSocket = globalThis.WebSocket, location = globalThis.location, now = Date.now } = {}) {
  const away = signal(false);
  let retry = retryFirst;
  /** @type {WebSocket} */
  let socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const open = () => {
    clearTimeout(timer);
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`);
    socket = mine;
    timer = setTimeout(again, openMost);
    mine.onopen = () => clearTimeout(timer);
    mine.onmessage = ({ data }) => {
      if (socket !== mine) return;
      const object = JSON.parse(data);
      retry = retryFirst; // not before: one that is refused after it was opened would be asked without a rest
      away.value = false;
      take(object);
    };
    mine.onclose = () => socket === mine && later(); // onerror is not needed: onclose follows it
  };
  const later = () => {
    away.value = true;
    clearTimeout(timer);
    timer = setTimeout(again, retry);
    retry = Math.min(2 * retry, retryMost);
  };
  const again = () => {
    const old = socket;
    away.value = true;
    open();
    old.close(); // its onclose counts no longer
  };
  const hurry = () => away.value && again();
  const seen = () => globalThis.document.hidden || hurry();

  // A machine that slept may have lost its connection without a word of it: what the server
  // said to end it never came.
  let looked = now();
  const clock = setInterval(() => {
    if (now() - looked > slept && !globalThis.document?.hidden) again(); // the timers of a page that is out of sight are slow anyway
    looked = now();
  }, tick);

  globalThis.addEventListener?.("online", hurry);
  globalThis.document?.addEventListener?.("visibilitychange", seen); // out of sight its timers were slow
  open();
  return {
    away,
    close() {
      clearInterval(clock);
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", hurry);
      globalThis.document?.removeEventListener?.("visibilitychange", seen);
      const last = socket;
      socket = /** @type {any} */ (null);
      last.close(1000);
    },
  };
}
