// The macros that the browser keeps, for all modes and targets or for one; and files of
// them: its own JSON, packets of PacketSender, sequences of Docklight. Pure.

import { parseHex } from "./format.js";
import { keep, readKept, shapes } from "./kept.js";
import { stepProblem } from "./macro.js";

/**
 * mode and target: the only ones that it is shown for, "" for all. when: a regular
 * expression; what it fits is answered with the macro, which then only sends. "" for
 * one that is begun by hand.
 * @typedef {{ name: string, mode: string, target: string, when: string, steps: import("./macro.js").Step[] }} Macro
 */

export const maxMacros = 100;
const maxSteps = 100;
const maxName = 40; // characters
const maxFile = 1024 * 1024; // characters

const sends = ["line", "bytes", "hex"];

/** What is wrong with a macro, in words, or "". @param {Macro} macro */
export function macroProblem({ name, when, steps }) {
  if (!name.trim()) return "Give it a name.";
  if (name.length > maxName) return `A name has at most ${maxName} characters.`;
  if (steps.length === 0) return "It has no step yet.";
  if (steps.length > maxSteps) return `A macro has at most ${maxSteps} steps.`;
  const wrong = steps.map(stepProblem);
  const at = wrong.findIndex(Boolean);
  if (at >= 0) return `Step ${at + 1}: ${wrong[at]}`;
  if (!when) return "";
  const pattern = stepProblem({ do: "reply", text: when });
  if (pattern) return pattern;
  return steps.every((step) => sends.includes(step.do)) ? "" : "An answer only sends: take its other steps away, or leave empty what it answers.";
}

export class Macros {
  #storage;
  /** @type {Macro[]} */
  list = [];

  /** @param {import("./kept.js").Storage} storage */
  constructor(storage) {
    this.#storage = storage;
    this.list = (readKept(storage, "macros") ?? []).filter((macro) => !macroProblem(macro)).slice(0, maxMacros);
  }

  /** Those for a mode and a target. @param {string} mode @param {string} target */
  fitting(mode, target) {
    return this.list.filter((macro) => (!macro.mode || macro.mode === mode) && (!macro.target || macro.target === target));
  }

  /** Keeps a macro, in the place of another or at the end, and returns what is wrong, or "". @param {Macro} macro @param {Macro} [instead] */
  put(macro, instead) {
    const problem = macroProblem(macro);
    if (problem) return problem;
    const clean = { ...macro, name: macro.name.trim() };
    if (this.list.some((one) => one !== instead && one.name === clean.name)) return "Another macro has that name.";
    const at = instead ? this.list.indexOf(instead) : -1;
    if (at < 0 && this.list.length >= maxMacros) return `There are ${maxMacros} macros: remove one first.`;
    this.list = at < 0 ? [...this.list, clean] : this.list.map((one, i) => (i === at ? clean : one));
    keep(this.#storage, "macros", this.list);
    return "";
  }

  /** @param {Macro} macro */
  remove(macro) {
    this.list = this.list.filter((one) => one !== macro);
    keep(this.#storage, "macros", this.list);
  }

  /** Keeps macros of a file beside those that are here; returns what came of it, in words. @param {Macro[]} macros */
  add(macros) {
    let added = 0;
    for (const macro of macros) {
      let { name } = macro;
      for (let i = 2; this.list.some((one) => one.name === name); i++) name = `${macro.name.slice(0, maxName - 4)} ${i}`;
      if (this.put({ ...macro, name }) === "") added++;
    }
    const left = macros.length - added;
    return `${added} of ${macros.length} ${macros.length === 1 ? "macro is" : "macros are"} here now.${left ? ` ${left} would not fit.` : ""}`;
  }
}

/** Macros as a file. @param {Macro[]} macros */
export function macrosFile(macros) {
  return JSON.stringify({ macros }, null, 2) + "\n";
}

/**
 * The macros in a file; left: how much of it was left out, in words, or "".
 * @param {string} text @returns {{ macros: Macro[], left: string, problem?: string }}
 */
export function macrosOf(text) {
  const nothing = (/** @type {string} */ problem) => ({ macros: [], left: "", problem });
  if (text.length > maxFile) return nothing("That file is larger than 1 MiB.");
  if (/^VERSION\r?\n\d+\r?\n/.test(text)) return docklight(text);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return nothing("That is none of: macros of this page or packets of PacketSender (both JSON), a Docklight project (.ptp).");
  }
  if (Array.isArray(value)) return packetSender(value);
  const all = shapes.macros(value?.macros);
  if (!all) return nothing("That JSON has neither macros of this page nor packets of PacketSender.");
  const macros = all.filter((macro) => !macroProblem(macro));
  return { macros, left: leftOut(value.macros.length - macros.length, "macro", "do not fit") };
}

/** @param {string} name @param {string} hex @returns {Macro | null} */
function hexMacro(name, hex) {
  const { bytes } = parseHex(hex);
  if (!bytes?.length || !name.trim()) return null;
  return { name: name.trim().slice(0, maxName), mode: "", target: "", when: "", steps: [{ do: "hex", text: hex.trim() }] };
}

/** PacketSender's Export Packets: an array of objects with name, hexstring, tcporudp. @param {any[]} packets */
function packetSender(packets) {
  const macros = packets.flatMap((packet) => {
    const { name, hexstring, tcporudp = "TCP" } = packet ?? {};
    if (typeof name !== "string" || typeof hexstring !== "string" || !/^(tcp|ssl)$/i.test(String(tcporudp).trim())) return [];
    return hexMacro(name, hexstring) ?? [];
  });
  return { macros, left: leftOut(packets.length - macros.length, "packet", "are not bytes over TCP or TLS") };
}

// A Docklight project is sections between empty lines. SEND has an index, a name and
// the bytes in hex; what it has further, and wildcards, cannot be done here.
/** @param {string} text */
function docklight(text) {
  const sections = text.split(/\r?\n(?:\r?\n)+/).map((section) => section.split(/\r?\n/)).filter(([kind]) => kind === "SEND" || kind === "RECEIVE");
  const macros = sections.flatMap(([kind, , name = "", hex = "", ...more]) => {
    if (kind !== "SEND" || !/^[\dA-Fa-f\s]+$/.test(hex) || more.some((line) => /^CHECKSUM/.test(line))) return [];
    return hexMacro(name, hex) ?? [];
  });
  return { macros, left: leftOut(sections.length - macros.length, "sequence", "receive, or have a wildcard or a checksum") };
}

/** @param {number} n @param {string} noun @param {string} why */
function leftOut(n, noun, why) {
  return n > 0 ? `Left out: ${n} ${noun}${n === 1 ? "" : "s"} that ${why}.` : "";
}
