// Rules on faults: one made of what a form says, and what a session's remarks tell of them.
// docs/faults.md has the rules.

/** @typedef {{ n: number, text: string, times: number, last: string }} Fault a rule, how often it has acted, and what it did last */

/**
 * What the form says.
 * @typedef {{ flow: "from-server" | "to-server", where: string, times: string, regexp: string, what: string,
 *   extent: string, bytes: string, time: string, rate: string, forged: string }} Wanted
 */

/** @type {Wanted} */
export const firstWanted = {
  flow: "from-server", where: "line", times: "1", regexp: "", what: "delay", extent: "line", bytes: "1", time: "2s", rate: "100", forged: "",
};

/** What a rule may wait for, and how that is called. @type {[string, string][]} */
export const places = [
  ["now", "now, before the next byte"],
  ["message", "after the next message"],
  ["line", "after the next line"],
  ["on", "where a regexp matches"],
  ["match", "after a regexp has matched"],
];

/** What it may do. @type {[string, string][]} */
export const doings = [
  ["delay", "delay"],
  ["cut", "split into single bytes"],
  ["drop", "drop"],
  ["replace", "change"],
  ["duplicate", "duplicate"],
  ["forge", "insert bytes"],
  ["answer", "answer in the server’s place"],
  ["limit", "limit the rate"],
  ["half-close", "half-close"],
  ["reset", "reset the connection"],
  ["stall", "stall"],
];

/** Whether a place can be waited for. @param {string} where @param {Wanted} wanted @param {boolean} decodes whether the line mode makes messages */
export const hasPlace = (where, { flow }, decodes) => where !== "message" || (decodes && flow === "to-server");

/** @param {string} what @param {Wanted} wanted */
export const canDo = (what, { flow }) => what !== "answer" || flow === "to-server";

/** The bytes that it is about. @param {Wanted} wanted @returns {[string, string][]} */
export function extents({ where }) {
  return [["line", "the line"], ...(where === "on" ? [/** @type {[string, string]} */ (["match", "the match"])] : []), ["bytes", "a number of bytes"]];
}

export const hasExtent = (/** @type {string} */ what) => ["cut", "drop", "replace", "duplicate", "answer"].includes(what);
export const hasBytes = (/** @type {string} */ what) => ["replace", "forge", "answer"].includes(what);

/** The form with what goes together only. @param {Wanted} wanted @param {boolean} decodes */
export function fitted(wanted, decodes) {
  const fits = { ...wanted };
  if (!hasPlace(fits.where, fits, decodes)) fits.where = "line";
  if (!canDo(fits.what, fits)) fits.what = "delay";
  if (!extents(fits).some(([extent]) => extent === fits.extent)) fits.extent = "line";
  return fits;
}

/** The rule, as a file has it. @param {Wanted} wanted */
export function ruleOf({ flow, where, times, regexp, what, extent, bytes, time, rate, forged }) {
  const nth = times.trim() === "" ? "1" : times.trim();
  const again = nth === "1" ? "" : nth + " ";
  const place = where === "now" ? "at 0"
    : where === "line" || where === "message" ? `after ${where} ${nth}`
      : `${where === "on" ? "on match" : "after match"} ${again}${JSON.stringify(regexp)}`;
  const which = hasExtent(what) ? " " + (extent === "bytes" ? `${bytes.trim()} bytes` : extent) : "";
  const quoted = hasBytes(what) ? ` "${quotable(forged)}"` : "";
  const more = what === "delay" ? " " + time.trim() : what === "limit" ? " " + rate.trim() : "";
  return `${flow} ${place}: ${what}${more}${which}${quoted}`;
}

/** What was typed with escapes such as \r\n, to stand between quotes. @param {string} text */
function quotable(text) {
  return text.replace(/\\[^]|["\\\n\r\t]/g, (found) => (found.length > 1 ? found : found === '"' || found === "\\" ? "\\" + found : JSON.stringify(found).slice(1, -1)));
}

/** The rules with what an entry tells of them; the same, if nothing. @param {Fault[]} faults @param {{ dir?: string, code?: string, text?: string }} entry @returns {Fault[]} */
export function toldOf(faults, { dir, code, text = "" }) {
  if (dir !== "--" || (code !== "fault" && code !== "fault-rule")) return faults;
  const [, rule, n = "", words = ""] = /^fault (rule )?(\d+):? ([^]*)$/.exec(text) ?? [];
  if (rule) return [...faults.filter((one) => one.n !== Number(n)), { n: Number(n), text: words, times: 0, last: "" }];
  return faults.map((one) => (one.n === Number(n) ? { ...one, times: one.times + 1, last: words } : one));
}

/** What there is to say of a rule. @param {Fault} fault */
export function standingOf({ times, text, last }) {
  if (times === 0) return "waits";
  const goesOn = /^\S+ (after|on) every /.test(text) || times > 1;
  return `${goesOn ? `has acted ${times === 1 ? "once" : times + " times"}, last` : "has acted"}: ${last}`;
}
