// The macros that the browser keeps, for all modes and targets or for one; and files of
// them: its own JSON, packets of PacketSender, sequences of Docklight. Pure.

import { parseHex } from "./format.js";
import { keep, readKept, shapes } from "./kept.js";
import { stepProblem } from "./macro.js";

/**
 * mode and target: the only ones that it is shown for, "" for all. when: a regular
 * expression; what it fits is answered with the macro, which then only sends. "" for
 * one that is begun by hand. most: how often it answers in a row with nothing typed
 * in between; absent: mostInARow.
 * @typedef {{ name: string, mode: string, target: string, when: string, steps: import("./macro.js").Step[], most?: number }} Macro
 */

export const maxMacros = 100;
const maxSteps = 100;
const maxName = 40; // characters
export const maxInARow = 100_000;
const maxFile = 1024 * 1024; // characters

const sends = ["line", "bytes", "hex"];

/** What is wrong with a macro, in words, or "". @param {Macro} macro */
export function macroProblem({ name, when, steps, most = 1 }) {
  if (!name.trim()) return "Give it a name.";
  if (name.length > maxName) return `A name has at most ${maxName} characters.`;
  if (steps.length === 0) return "It has no step yet.";
  if (steps.length > maxSteps) return `A macro has at most ${maxSteps} steps.`;
  const wrong = steps.map(stepProblem);
  const at = wrong.findIndex(Boolean);
  if (at >= 0) return `Step ${at + 1}: ${wrong[at]}`;
  if (!when) return "";
  if (!(Number.isInteger(most) && most >= 1 && most <= maxInARow)) return `How often it answers in a row is a number from 1 to ${maxInARow.toLocaleString("en")}.`;
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
  if (/^\s*\[/.test(text) && /^hexString=/m.test(text)) return packetSender(iniPackets(text));
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return nothing("That is none of: macros of this page or packets of PacketSender (JSON, or its packets.ini), a Docklight project (.ptp).");
  }
  if (Array.isArray(value)) return packetSender(value);
  const all = shapes.macros(value?.macros);
  if (!all) return nothing("That JSON has neither macros of this page nor packets of PacketSender.");
  const macros = all.filter((macro) => !macroProblem(macro));
  return { macros, left: leftOut(value.macros.length - macros.length, "macro", "do not fit") };
}

/** @param {string} name @param {string} hex @returns {Macro | null} */
function hexMacro(name, hex, when = "") {
  const { bytes } = parseHex(hex);
  if (!bytes?.length || !name.trim()) return null;
  return { name: name.trim().slice(0, maxName), mode: "", target: "", when, steps: [{ do: "hex", text: hex.trim() }] };
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

// PacketSender's packets.ini, as Qt writes it: a section for each packet, and one that
// lists them. What has other than plain letters in it is quoted and escaped.
/** @param {string} text */
function iniPackets(text) {
  return text.split(/^\[.*\]\s*$/m).flatMap((section) => {
    const value = Object.fromEntries([...section.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, raw]) => [key, unquoted(raw.trim())]));
    return value.hexString === undefined ? [] : [{ name: value.name, hexstring: value.hexString, tcporudp: value.tcpOrUdp }];
  });
}

/** @param {string} raw */
function unquoted(raw) {
  const text = raw.replace(/^"(.*)"$/, "$1");
  return text.replace(/\\(?:x([\dA-Fa-f]{1,4})|(.))/g, (_, code, other) => (code ? String.fromCharCode(parseInt(code, 16)) : other));
}

// A Docklight project is sections between empty lines. SEND has an index, a name and
// the bytes in hex; RECEIVE has the index of the SEND that answers it behind its bytes,
// or -1. What they have further, and most wildcards, cannot be done here.
/** @param {string} text */
function docklight(text) {
  const sections = text.split(/\r?\n(?:\r?\n)+/).map((section) => section.trim().split(/\r?\n/)).filter(([kind]) => kind === "SEND" || kind === "RECEIVE");
  const has = (/** @type {string[]} */ more) => more.some((line) => /^CHECKSUM/.test(line));
  const sends = new Map(sections.filter(([kind, , , hex = "", ...more]) => kind === "SEND" && /^[\dA-Fa-f\s]+$/.test(hex) && !has(more)).map(([, index, , hex]) => [index, hex]));
  const macros = sections.flatMap(([kind, index, name = "", hex = "", ...more]) => {
    if (kind === "SEND") return hexMacro(name, sends.get(index) ?? "") ?? [];
    const when = has(more) ? "" : sequencePattern(hex);
    return (when && hexMacro(name, sends.get(more[0]) ?? "", when)) || [];
  });
  return { macros, left: leftOut(sections.length - macros.length, "sequence", "receive and answer nothing, or have a wildcard or a checksum") };
}

/**
 * Bytes to wait for in a line, as pairs; ?? is any one byte. "" for what cannot be: with
 * other wildcards, or a line feed before its end, since an answer looks at one line.
 * @param {string} hex
 */
function sequencePattern(hex) {
  const pairs = hex.trim().toLowerCase().replaceAll("??", "..").replace(/( ?0d)? ?0a$/, "").trim();
  return /^([\da-f]{2}|\.\.)( ([\da-f]{2}|\.\.))*$/.test(pairs) && !/(^| )0a/.test(pairs) ? pairs : "";
}

/** @param {number} n @param {string} noun @param {string} why */
function leftOut(n, noun, why) {
  return n > 0 ? `Left out: ${n} ${noun}${n === 1 ? "" : "s"} that ${why}.` : "";
}
