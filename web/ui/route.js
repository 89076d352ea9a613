// What the address names: after the #, a view and what it shows, so that the
// workbench serves one page; before it, what the first session's form begins
// with.
//
//     /?mode=NAME&option.NAME=VALUE&target=host:port&record=off&server-eof=stay
//      &tls.verify=none&tls.name=NAME&tls.alpn=NAMES&tls.min=1.0&tls.cert=ID
//
//     #/                         the sessions
//     #/s/ID                     one that lives in the workbench, by its "attach"
//     #/transcripts              the list; ?mode=&target=&text= search it
//     #/transcripts/ID?at=12     playback of one, at its entry 12
//     #/lessons                  the lessons
//     #/lessons/NAME?step=2      one, at its step 2
//     #/plugins                  the line modes' processes
//     #/diff?a=ID&b=ID           two recordings side by side
//     #/replay?transcript=ID     a recording, fed to a line mode
//     #/redact?transcript=ID     one without its secrets
//     #/play?transcript=ID&as=server   one played to live peers, or as=client
//     #/tap                      the taps
//     #/tap/ID                   a connection of one, by its "attach"
//     #/compare?transcript=ID    what other modes would have done
//     #/class?watch=anna,ben     a teacher's class, with the sessions of two students
//     #/projector                what the class sees on the projector
//     #/show?back=HASH           what the teacher of a class shows, and where one was before

import { signal } from "../vendor/signals-core.js";
import { tlsProblem } from "../model/target.js";

const maxOption = 1024; // bytes of a value, as the workbench has it

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
  return { view: view === "s" ? "" : view, id, query: Object.fromEntries(new URLSearchParams(query)) };
}

/**
 * @param {string} view
 * @param {string} [id]
 * @param {Record<string, string | number | undefined>} [query] empty values are left out
 */
export function formatRoute(view, id = "", query = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(filled.map(([name, value]) => [name, String(value)])).toString();
  return "#/" + (id ? view || "s" : view) + (id && "/" + encodeURIComponent(id)) + (search && "?" + search);
}

/**
 * What a query asks of the form, as far as it can be; problems says in words
 * what of it cannot. target may be whatever Host takes, or "".
 * @param {string} search @param {import("../types").Mode[]} modes @param {string} standard the mode when none is asked for
 */
export function formOf(search, modes, standard) {
  const query = new URLSearchParams(search);
  const form = { mode: standard, options: /** @type {Record<string, string>} */ ({}), target: "", record: true, stays: false, tls: /** @type {import("../model/target.js").TLSChoices} */ ({}), problems: /** @type {string[]} */ ([]) };
  const wanted = query.get("mode") ?? standard;
  const manifest = modes.find((mode) => mode.manifest.name === wanted)?.manifest;
  if (manifest) form.mode = wanted;
  else form.problems.push(`There is no line mode ${quoted(wanted)}; there are ${modes.map((mode) => mode.manifest.name).join(", ")}.`);

  for (const name of new Set(query.keys())) {
    const value = query.get(name) ?? "";
    if (query.getAll(name).length > 1) form.problems.push(`${quoted(name)} is in the address more than once; the first counts.`);
    if (name === "target") form.target = value;
    else if (name === "record" && ["on", "off"].includes(value)) form.record = value === "on";
    else if (name === "server-eof" && ["end", "stay"].includes(value)) form.stays = value === "stay";
    else if (name === "server-eof") form.problems.push(`server-eof is ${quoted(value)} in the address; it is end or stay.`);
    else if (name === "record") form.problems.push(`record is ${quoted(value)} in the address; it is on or off.`);
    else if (name.startsWith("tls.")) {
      const problem = tlsProblem(name.slice("tls.".length), value);
      if (problem) form.problems.push(`${quoted(name)} is ${quoted(value)} in the address. ${problem}`);
      else form.tls[name.slice("tls.".length)] = value;
    } else if (name.startsWith("option.") && manifest) {
      const option = name.slice("option.".length);
      const problem = optionProblem(manifest, option, value);
      if (problem) form.problems.push(problem);
      else form.options[option] = value;
    } else if (name !== "mode" && !name.startsWith("option.")) {
      form.problems.push(`The address has ${quoted(name)}; there are mode, option.NAME, target, record, server-eof and tls.NAME.`);
    }
  }
  return form;
}

/** Why an option of a mode cannot be that, or "". @param {import("../types").Manifest} manifest @param {string} name @param {string} value */
function optionProblem(manifest, name, value) {
  const option = manifest.options.find((one) => one.name === name);
  if (!option) return `${manifest.name} has no option ${quoted(name)}; it has ${manifest.options.map((one) => one.name).join(", ") || "none"}.`;
  const choices = { choice: option.choices, bool: ["true", "false"], int: null, text: null }[option.type];
  if (choices && !choices.includes(value)) return `Option ${name} is ${quoted(value)} in the address; it is one of ${choices.join(", ")}.`;
  if (option.type === "int" && !/^[+-]?\d{1,18}$/.test(value)) return `Option ${name} is ${quoted(value)} in the address; it is a whole number.`;
  if (new TextEncoder().encode(value).length > maxOption) return `Option ${name} is longer than ${maxOption} bytes in the address.`;
  return "";
}

/** @param {string} text */
function quoted(text) {
  return JSON.stringify(text.length > 60 ? text.slice(0, 60) + "…" : text);
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
