// What the address names: a view, and what it shows. All of it stands behind
// the #, so that the workbench serves one page.
//
//     #/                         the sessions
//     #/transcripts              the list; ?mode=&target=&text= search it
//     #/transcripts/ID?at=12     playback of one, at its entry 12
//     #/plugins                  the line modes' processes
//     #/compare?transcript=ID    what other modes would have done

import { signal } from "./vendor/signals-core.js";

/**
 * @typedef {{ view: string, id: string, query: Record<string, string> }} Route
 */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [view = "", id = ""] = path.split("/").map(decode);
  return { view, id, query: Object.fromEntries(new URLSearchParams(query)) };
}

/**
 * @param {string} view
 * @param {string} [id]
 * @param {Record<string, string | number | undefined>} [query] empty values are left out
 */
export function formatRoute(view, id = "", query = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(filled.map(([name, value]) => [name, String(value)])).toString();
  return "#/" + view + (id && "/" + encodeURIComponent(id)) + (search && "?" + search);
}

/** Signal: where the page is. */
export const route = signal(parseRoute(globalThis.location?.hash ?? ""));

globalThis.addEventListener?.("hashchange", () => (route.value = parseRoute(location.hash)));

/** @param {string} hash of formatRoute */
export function go(hash) {
  location.hash = hash;
}

/** Changes the address without a step in the browser's history. @param {string} hash */
export function replaceRoute(hash) {
  history.replaceState(null, "", hash);
  route.value = parseRoute(hash);
}

/** Names the page, as the browser's tabs and history show it. @param {string} words */
export function setTitle(words) {
  document.title = words + " – Protocol Workbench";
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand, not ours
  }
}
