// A macro as it runs: steps that send, and steps that wait. The stepper is told what
// comes and what time it is, and answers with what is to be sent; it has no clock, no
// session, and asks for regular expressions to be matched elsewhere, because some take
// longer than anyone waits. Pure.

import * as checksums from "./checksums.js";
import { count, parseEscapes, parseHex } from "./format.js";
import { patternOf } from "./search.js";

/**
 * do: line     sends text as a line, the way the line mode does
 *     bytes    sends text with escapes as bytes, past a mode of lines
 *     hex      sends pairs as bytes, past a mode of lines
 *     reply    waits for a line with the regular expression in text
 *     any      waits for any line
 *     quiet    waits until nothing has come for a number of milliseconds, in text
 *     pause    waits for a number of milliseconds
 *     repeat   does what stands before once more, until it was done a number of times
 * seconds: how long a wait may take, 10 if it is not there.
 * @typedef {{ do: "line" | "bytes" | "hex" | "reply" | "any" | "quiet" | "pause" | "repeat", text: string, seconds?: number }} Step
 * @typedef {string | Uint8Array} Message a line, or bytes
 * @typedef {{ id: number, lines: { bytes: Uint8Array }[], pattern: RegExp }} Question whether a pattern has a place in any of the lines
 */

/** The steps there are, in words for a list to choose from. */
export const doings = {
  line: "Send a line", bytes: "Send bytes", hex: "Send hex", reply: "Wait for a reply", any: "Wait for any line",
  quiet: "Wait for quiet, ms", pause: "Pause, ms", repeat: "Repeat all above, times",
};

export const patience = 10; // seconds that a wait takes at most, if the step does not say
const longestPause = 3_600_000; // milliseconds
const mostTimes = 10_000;
const mostKept = 64 * 1024; // bytes of an unfinished line
const mostLines = 1000; // lines since the last message
const mostAtOnce = 64; // messages without a rest
const rest = 20; // milliseconds
export const mostAnswers = 20; // in a second
export const mostInARow = 200; // answers with nothing typed in between, if the macro does not say

const encoder = new TextEncoder();
const hexOf = (/** @type {number} */ value, /** @type {number} */ digits) => value.toString(16).toUpperCase().padStart(digits, "0");

/** Bytes of each checksum. @type {Record<string, number>} */
const widths = { crc8: 1, sum: 1, xor: 1, crc16: 2, crc32: 4 };
const places = /\{\{|\{(crc8|crc16|crc32|sum|xor)(:le)?\}|\{n\}|\{base64:([^{}]*)\}/g;

/**
 * What a step sends: its placeholders filled in. A checksum is of the bytes before it
 * in the step: in a line as hex digits, in bytes as bytes, the highest first, with :le
 * the lowest. {n} is the number of the round.
 * @param {Step} step @param {number} n @returns {{ message?: Message, error?: string }}
 */
export function messageOf({ do: how, text }, n) {
  /** @type {number[]} */
  const bytes = [];
  const add = (/** @type {Uint8Array} */ more) => {
    for (const byte of more) bytes.push(byte);
  };
  const read = (/** @type {string} */ part) => (how === "bytes" ? parseEscapes(part) : how === "hex" ? parseHex(part) : { bytes: encoder.encode(part), error: undefined });
  let at = 0;
  for (const match of [...text.matchAll(places), null]) {
    const { bytes: plain, error } = read(text.slice(at, match?.index));
    if (!plain) return { error };
    add(plain);
    if (!match) break;
    at = match.index + match[0].length;
    const [all, sum, low, encoded] = match;
    if (sum) add(checksum(sum, Uint8Array.from(bytes), low !== undefined, how === "line"));
    else if (all === "{{") add(encoder.encode("{"));
    else if (all === "{n}") add(how === "hex" ? Uint8Array.of(n & 0xff) : encoder.encode(String(n)));
    else add(encoder.encode(base64(encoded ?? "")));
  }
  if (how !== "line") return bytes.length ? { message: Uint8Array.from(bytes) } : { error: "There are no bytes to send." };
  return { message: new TextDecoder().decode(Uint8Array.from(bytes)) };
}

/** @param {string} name @param {Uint8Array} bytes @param {boolean} low @param {boolean} asText */
function checksum(name, bytes, low, asText) {
  const value = /** @type {any} */ (checksums)[name](bytes);
  const pairs = hexOf(value, 2 * widths[name]).match(/../g) ?? [];
  if (low) pairs.reverse();
  return asText ? encoder.encode(pairs.join("")) : Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** @param {string} text */
function base64(text) {
  return globalThis.btoa(String.fromCharCode(...encoder.encode(text)));
}

/** What is wrong with a step, in words, or "". @param {Step} step */
export function stepProblem(step) {
  const { do: how, text, seconds = patience } = step;
  if (!(seconds >= 0.1 && seconds <= 3600)) return "A wait takes from 0.1 to 3600 seconds.";
  switch (how) {
    case "line":
      if (/[\r\n]/.test(text)) return "A line has no line end of its own: make two steps of it.";
      return messageOf(step, 1).error ?? "";
    case "bytes":
    case "hex":
      return messageOf(step, 1).error ?? "";
    case "reply":
      return text === "" ? "Say what to wait for, or wait for any line." : (patternOf(text, true).error ?? "");
    case "any":
      return "";
    case "repeat":
      return isWhole(text, 1, mostTimes) ? "" : `How many times is a number from 1 to ${count(mostTimes, "")}`.trim() + ".";
  }
  return isWhole(text, 1, longestPause) ? "" : "How long is a number of milliseconds, up to an hour.";
}

/** @param {string} text @param {number} from @param {number} to */
function isWhole(text, from, to) {
  return /^\d{1,7}$/.test(text.trim()) && Number(text) >= from && Number(text) <= to;
}

/** Lines of what comes, without their ends; what is not a whole line is the rest. */
class Lines {
  /** @type {{ bytes: Uint8Array }[]} */
  whole = [];
  rest = new Uint8Array(0);

  /** Takes bytes, and returns the lines that they finish. @param {Uint8Array} bytes */
  take(bytes) {
    const finished = [];
    let all = new Uint8Array(this.rest.length + bytes.length);
    all.set(this.rest);
    all.set(bytes, this.rest.length);
    for (let end; (end = all.indexOf(0x0a)) >= 0 || all.length > mostKept; ) {
      const cut = end < 0 ? mostKept : end;
      finished.push({ bytes: all.slice(0, all[cut - 1] === 0x0d && end >= 0 ? cut - 1 : cut) });
      all = all.slice(end < 0 ? cut : cut + 1);
    }
    this.rest = all;
    this.whole = [...this.whole, ...finished].slice(-mostLines);
    return finished;
  }

  clear() {
    this.whole = [];
    this.rest = new Uint8Array(0);
  }
}

export class MacroRun {
  /** The index of the step that is done, or waits. */
  at = 0;
  /** The number of the round, from 1. */
  round = 1;
  over = false;
  /** Why it stopped before its end, in words, or "". */
  problem = "";
  /** When the clock has something to say, in milliseconds; 0: never. */
  wake = 0;

  #steps;
  #lines = new Lines();
  #resting = false; // between two rounds that do not wait
  #wait = 0; // rises with each step that waits
  /** @type {Question | null} */
  #question = null;
  #asked = 0; // whole lines of the last question

  /** @param {Step[]} steps */
  constructor(steps) {
    this.#steps = steps;
  }

  /** The step that waits, or undefined. */
  get step() {
    return this.over ? undefined : this.#steps[this.at];
  }

  /** Begins. Like received, tick and answer, it returns what is to be sent now. @param {number} now in milliseconds @returns {Message[]} */
  start(now) {
    return this.#go(now);
  }

  /** @param {Uint8Array} bytes that came from the server @param {number} now */
  received(bytes, now) {
    if (this.over || bytes.length === 0) return [];
    this.#lines.take(bytes);
    const { step } = this;
    if (step?.do === "any" && this.#lines.whole.shift()) return this.#next(now);
    if (step?.do === "quiet") this.wake = now + Number(step.text);
    if (step?.do === "reply") this.#ask(step);
    return [];
  }

  /** The clock has come to wake, or past it. @param {number} now */
  tick(now) {
    const { step } = this;
    if (!step || !this.wake || now < this.wake) return [];
    if (this.#resting) return this.#go(now);
    if (step.do === "pause" || step.do === "quiet") return this.#next(now);
    this.stop(`Step ${this.at + 1} waited ${step.seconds ?? patience} s in vain for ${step.do === "any" ? "a line" : step.text}.`);
    return [];
  }

  /** What is to be matched now, or null; each question is asked once. */
  question() {
    const question = this.#question;
    this.#question = null;
    return question;
  }

  /** @param {number} id of the question @param {boolean} yes @param {number} now */
  answer(id, yes, now) {
    if (!yes || this.over || id !== this.#wait || this.step?.do !== "reply") return [];
    this.#lines.whole.splice(0, this.#asked); // what was waited for has been there
    return this.#next(now);
  }

  /** @param {string} why in words */
  stop(why) {
    if (this.over) return;
    this.over = true;
    this.problem = why;
    this.wake = 0;
  }

  /** @param {number} now */
  #next(now) {
    this.at++;
    return this.#go(now);
  }

  // Does steps up to the first that waits. Many that do not wait take a rest, so that
  // somebody can stop them.
  /** @param {number} now @returns {Message[]} */
  #go(now) {
    /** @type {Message[]} */
    const messages = [];
    this.wake = 0;
    this.#resting = false;
    this.#question = null;
    for (; !this.over; this.at++) {
      const step = this.#steps[this.at];
      if (!step) {
        this.over = true;
      } else if (messages.length >= mostAtOnce) {
        this.#resting = true;
        this.wake = now + rest;
        break;
      } else if (step.do === "repeat") {
        if (this.round >= Number(step.text)) continue;
        this.round++;
        this.at = -1;
      } else if (step.do === "line" || step.do === "bytes" || step.do === "hex") {
        const { message, error } = messageOf(step, this.round);
        if (message === undefined) this.stop(`Step ${this.at + 1}: ${error}`);
        else messages.push(message);
        this.#lines.clear();
      } else if (step.do !== "any" || !this.#lines.whole.shift()) {
        this.#begin(step, now);
        break;
      }
    }
    return messages;
  }

  // Begins to wait.
  /** @param {Step} step @param {number} now */
  #begin(step, now) {
    this.#wait++;
    this.wake = now + (step.do === "pause" || step.do === "quiet" ? Number(step.text) : (step.seconds ?? patience) * 1000);
    if (step.do === "reply") this.#ask(step);
  }

  /** @param {Step} step */
  #ask(step) {
    const { whole, rest } = this.#lines;
    const { pattern } = patternOf(step.text, true);
    this.#asked = whole.length;
    this.#question = pattern && { id: this.#wait, lines: rest.length ? [...whole, { bytes: rest }] : [...whole], pattern };
    if (!pattern) this.stop(`Step ${this.at + 1}: ${stepProblem(step)}`);
  }
}

/**
 * Answers by itself: it is told what comes, and says which lines are to be looked at.
 * At most mostAnswers in a second, and so many in a row with nothing typed in between;
 * then it is over, because two that answer each other would never end.
 */
export class Answerer {
  over = false;
  problem = "";
  /** How often it has answered. */
  answers = 0;

  #steps;
  #pattern;
  #most;
  #inARow = 0;
  #lines = new Lines();
  /** @type {{ bytes: Uint8Array }[]} */
  #waiting = [];
  /** @type {number[]} */
  #times = [];

  /** @param {string} when a regular expression @param {Step[]} steps that only send @param {number} [most] in a row */
  constructor(when, steps, most = mostInARow) {
    this.#steps = steps;
    this.#most = most;
    const { pattern, error } = patternOf(when, true);
    this.#pattern = pattern;
    if (!pattern) this.stop(error ?? "It does not say what it answers.");
  }

  /** @param {Uint8Array} bytes that came from the server */
  received(bytes) {
    if (!this.over) this.#waiting.push(...this.#lines.take(bytes));
  }

  /** A person has sent something. */
  typed() {
    this.#inARow = 0;
  }

  /** The lines that have come since the last question, or null. @returns {Question | null} */
  question() {
    const { rest } = this.#lines;
    const lines = rest.length ? [...this.#waiting, { bytes: rest }] : this.#waiting;
    this.#waiting = [];
    return this.over || !this.#pattern || lines.length === 0 ? null : { id: rest.length, lines, pattern: this.#pattern };
  }

  /**
   * Returns what is to be sent.
   * @param {Question} question @param {boolean[]} yes for each of its lines @param {number} now in milliseconds @returns {Message[]}
   */
  answer({ id }, yes, now) {
    if (this.over) return [];
    if (id && yes.at(-1)) { // what was answered is not answered again, also if its line has ended meanwhile
      const [line] = this.#waiting;
      if (line) this.#waiting[0] = { bytes: line.bytes.slice(id) };
      else this.#lines.rest = this.#lines.rest.slice(id);
    }
    /** @type {Message[]} */
    const messages = [];
    for (let hits = yes.filter(Boolean).length; hits > 0 && !this.over; hits--) {
      this.#times = [...this.#times.filter((time) => time > now - 1000), now];
      if (this.#times.length > mostAnswers) {
        this.stop(`It answered ${mostAnswers} times within a second, so it was switched off: it may be answering itself.`);
        break;
      }
      if (this.#inARow >= this.#most) {
        this.stop(`It answered ${count(this.#most, "time")} with nothing typed in between, so it was switched off: two may be answering each other. The macro says how often it may.`);
        break;
      }
      this.#inARow++;
      this.answers++;
      for (const step of this.#steps) {
        const { message, error } = messageOf(step, this.answers);
        if (message === undefined) this.stop(error ?? "");
        else messages.push(message);
      }
    }
    return messages;
  }

  /** @param {string} why in words */
  stop(why) {
    if (this.over) return;
    this.over = true;
    this.problem = why;
  }
}

/**
 * The steps of a dialogue that was pasted: each line, and the reply to it. Whether the
 * server speaks first and has not yet: then its greeting is waited for too.
 * @param {string[]} lines @param {boolean} greeting @returns {Step[]}
 */
export function dialogueSteps(lines, greeting) {
  /** @type {Step} */
  const wait = { do: "reply", text: reply };
  let body = false; // lines of a mail have no replies, until the dot
  const steps = lines.flatMap((/** @type {string} */ text) => {
    if (body) body = text !== ".";
    else body = /^data$/i.test(text.trim());
    const inBody = body && !/^data$/i.test(text.trim());
    return /** @type {Step[]} */ (inBody ? [{ do: "line", text: escaped(text) }] : [{ do: "line", text: escaped(text) }, wait]);
  });
  return greeting ? [wait, ...steps] : steps;
}

// The last line of a reply of SMTP, POP3, FTP, NNTP.
const reply = "^([0-9]{3}( |$)|[+-](OK|ERR))";

/** @param {string} text */
function escaped(text) {
  return text.replace(/\{(?=\{|(crc8|crc16|crc32|sum|xor)(:le)?\}|n\}|base64:)/g, "{{");
}

/** What a step waits for, in words. @param {Step} step */
export function waitWords({ do: how, text }) {
  if (how === "reply") return `waits for ${text}`;
  if (how === "any") return "waits for a line";
  return how === "quiet" ? `waits for ${text} ms of quiet` : `pauses ${text} ms`;
}
