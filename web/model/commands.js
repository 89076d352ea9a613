// The commands that a line mode declares: what of them fits what is typed, how one is
// used, and what is wrong with a value before the workbench checks it. Pure.

import { count } from "./format.js";

/** @typedef {import("../types").Command} Command */
/** @typedef {import("../types").CommandField} CommandField */

export const mostShown = 8;

/** The commands that are there with these options. @param {Command[]} commands @param {Record<string, string>} options */
export function commandsFor(commands, options) {
  return commands.filter(({ when = {} }) => Object.entries(when).every(([name, values]) => values.includes(options[name])));
}

/** With which options a command is there, in words; "": with all. @param {Command} command */
export function conditions({ when = {} }) {
  return Object.entries(when).map(([name, values]) => `${name}=${values.join(" or ")}`).join(", ");
}

/** Whether a value may be left out. @param {CommandField} field */
export function mayBeLeftOut(field) {
  return Boolean(field.optional || field.default);
}

/** The word that a line begins with. @param {string} text */
function firstWord(text) {
  return text.trimStart().split(/[ \t]/, 1)[0];
}

/** The command that a line of text is, or undefined. @param {Command[]} commands @param {string} text */
export function commandOf(commands, text) {
  const word = firstWord(text).toLowerCase();
  return commands.find(({ name }) => name.toLowerCase() === word);
}

/** The commands whose names begin as the first word does, while that is typed. @param {Command[]} commands @param {string} text */
export function fitting(commands, text) {
  const typed = text.trimStart().toLowerCase();
  if (typed === "" || /[ \t\n]/.test(typed)) return [];
  return commands.filter(({ name }) => name.toLowerCase().startsWith(typed)).slice(0, mostShown);
}

/** The text once the command of a name is completed in it; what follows then is its first value. @param {Command} command */
export function completed({ name, fields }) {
  return fields?.length ? name + " " : name;
}

/** What Tab makes of the text, or "". @param {Command[]} commands @param {string} text */
export function completionOf(commands, text) {
  const found = fitting(commands, text)[0];
  return found && completed(found) !== text ? completed(found) : "";
}

/** Whether it has a value that is to be kept nowhere. @param {Command} command */
export function hasSecret({ fields = [] }) {
  return fields.some(({ type }) => type === "secret");
}

/** How a command is written: its fields, in brackets what may be left out. @param {Command} command */
export function usage({ name, fields = [] }) {
  const words = fields.map((field) => {
    const word = field.name + (field.rest ? " …" : "") + (field.default ? "=" + field.default : "");
    return mayBeLeftOut(field) ? `[${word}]` : word;
  });
  return [name, ...words].join(" ");
}

/** What a field takes, in words. @param {CommandField} field */
export function aboutField({ type, help, choices, min, max, default: preset, optional }) {
  const what = {
    text: help ? "" : "text", int: "a whole number" + (min !== undefined && max !== undefined ? ` from ${min} to ${max}` : min !== undefined ? ` from ${min}` : max !== undefined ? ` up to ${max}` : ""),
    choice: (choices ?? []).join(", "), bytes: "bytes, as 0x0d0a or with escapes as \\r\\n", bool: "yes or no", secret: "left out of recordings",
  }[type];
  return [help, what, preset ? `without it ${preset}` : optional ? "may be left out" : ""].filter(Boolean).join(" · ");
}

// A quoted word has blanks; one that is not closed yet goes to the end. Modes that take lines
// as text have single quotes too.
const quoting = { word: /"(?:\\.|[^"\\])*"?|[^ \t"][^ \t]*/g, open: /^"(?:\\.|[^"\\])*$/ };
const textQuoting = { word: /(["'])(?:\\.|(?!\1)[^\\])*\1?|[^ \t"'][^ \t]*/g, open: /^(["'])(?:\\.|(?!\1)[^\\])*$/ };

/**
 * Which field of its command the end of a line stands in, or -1: at its name, or past all.
 * @param {Command} command @param {string} text @param {boolean} [asText] whether the line goes as text
 */
export function fieldAt({ fields = [] }, text, asText) {
  const { word, open } = asText ? textQuoting : quoting;
  const words = text.trimStart().match(word) ?? [];
  const at = words.length - (/[ \t]$/.test(text) && !open.test(words.at(-1) ?? "") ? 0 : 1) - 1;
  const last = fields.length - 1;
  if (last >= 0 && fields[last].rest && at > last) return last;
  return at > last ? -1 : at;
}

/**
 * Which arguments are missing on a line that goes as text and begins with a command, or "".
 * @param {Command} command @param {string} text
 */
export function lacking({ name, fields = [] }, text) {
  const needed = fields.filter((field) => !mayBeLeftOut(field)).map((field) => field.name);
  const missing = needed.slice((text.trimStart().match(textQuoting.word) ?? []).length - 1);
  if (missing.length === 0) return "";
  const more = needed.length < fields.length || fields.at(-1)?.rest;
  return `${name} expects ${more ? "at least " : ""}${count(needed.length, "argument")}, ${listed(needed)}: ${listed(missing)} ${missing.length > 1 ? "are" : "is"} missing.`;
}

/** @param {string[]} names */
function listed(names) {
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
}

/** What is wrong with a value in a form, or "". "" is left out where that may be. @param {CommandField} field @param {string} value */
export function problemOf(field, value) {
  if (value === "") return mayBeLeftOut(field) || (field.type === "text" && !field.rest) ? "" : field.type === "choice" || field.type === "bool" ? "Choose one." : "Fill it in.";
  switch (field.type) {
    case "int": {
      if (!/^[+-]?\d{1,19}$/.test(value)) return "Write a whole number.";
      const n = BigInt(value.replace("+", ""));
      const { min, max } = field;
      if ((min !== undefined && n < min) || (max !== undefined && n > max)) {
        return max === undefined ? `It is at least ${min}.` : min === undefined ? `It is at most ${max}.` : `It is ${min} to ${max}.`;
      }
      return "";
    }
    case "bytes":
      if (/^0x/.test(value)) return /^0x([0-9a-f]{2})*$/i.test(value) ? "" : "After 0x come pairs of hex digits, as in 0x0d0a.";
      return /^(?:[^\\]|\\(?:[abfnrtv\\"]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[0-3][0-7]{2}))*$/i.test(value) ? "" : "Write \\\\ for a backslash; the escapes are \\r \\n \\t \\xNN.";
    default:
      return "";
  }
}

/**
 * The values of a form as they are sent: those that are left out are not among them.
 * @param {Command} command @param {Record<string, string>} typed @returns {Record<string, string>}
 */
export function valuesOf({ fields = [] }, typed) {
  return Object.fromEntries(fields.map((field) => [field.name, typed[field.name] ?? ""]).filter(([, value], i) => value !== "" || !mayBeLeftOut(fields[i])));
}
