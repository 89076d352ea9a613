// Runs macros in a session: hands them what comes and the time, and sends what they
// say. It goes on while another tab shows.

import { signal } from "../vendor/signals-core.js";
import { Answerer, MacroRun } from "../model/macro.js";
import { kindOf, payload } from "../model/kinds.js";
import { placesInAll } from "../model/regexps.js";

/** @typedef {{ name: string, at: number, steps: import("../model/macro.js").Step[] }} Running at: the index of the step */

/** @type {WeakMap<import("./session.js").Session, MacroRunner>} */
const runners = new WeakMap();

/** The one that runs a session's macros. @param {import("./session.js").Session} session */
export function runnerOf(session) {
  const runner = runners.get(session) ?? new MacroRunner(session);
  runners.set(session, runner);
  return runner;
}

export class MacroRunner {
  /** Signal: the macro that runs, or null. @type {import("../vendor/signals-core.js").Signal<Running | null>} */
  running = signal(null);
  /** Signal: how the last one ended, and whether that is a problem. */
  said = signal({ words: "", problem: false });
  /** Signal: the names of the answers that are switched on. @type {import("../vendor/signals-core.js").Signal<string[]>} */
  answering = signal([]);

  #session;
  #sent = 0; // messages of macros that have not come back as entries yet
  #next; // the number of the entry to read next
  /** @type {MacroRun | null} */
  #run = null;
  /** @type {Map<string, Answerer>} */
  #answerers = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.#session = session;
    this.#next = session.entries.next;
    session.entries.version.subscribe(() => this.#read());
    session.state.subscribe(() => {
      if (session.live) return;
      this.stop("The session ended.");
      for (const name of [...this.#answerers.keys()]) this.answer(name, null);
    });
  }

  /** A person has sent something, or begun a macro. */
  #typed() {
    for (const answerer of this.#answerers.values()) answerer.typed();
  }

  /** Begins a macro; another one that runs is stopped. @param {string} name @param {import("../model/macro.js").Step[]} steps */
  start(name, steps) {
    this.stop("Another macro was begun.");
    this.#typed();
    const run = new MacroRun(steps);
    this.#run = run;
    this.running.value = { name, at: 0, steps };
    this.said.value = { words: "", problem: false };
    this.#after(run, run.start(Date.now()));
  }

  /** Stops the macro that runs. @param {string} [why] in words */
  stop(why = "Stopped.") {
    if (!this.#run) return;
    this.#run.stop(why);
    this.#after(this.#run, []);
  }

  /** Switches an answer on, or with null off. @param {string} name @param {{ when: string, steps: import("../model/macro.js").Step[], most?: number } | null} macro */
  answer(name, macro) {
    if (macro) this.#answerers.set(name, new Answerer(macro.when, macro.steps, macro.most));
    else this.#answerers.delete(name);
    this.answering.value = [...this.#answerers.keys()];
  }

  #read() {
    const { entries } = this.#session;
    const now = Date.now();
    for (const entry of entries.rows(this.#next)) {
      const flow = kindOf(entry)?.flow;
      if (flow === "said" || flow === "raw") {
        if (this.#sent > 0) this.#sent--;
        else this.#typed();
      }
      if (flow !== "heard") continue;
      const bytes = payload(entry);
      for (const answerer of this.#answerers.values()) answerer.received(bytes);
      if (this.#run) this.#after(this.#run, this.#run.received(bytes, now));
    }
    this.#next = Math.max(this.#next, entries.end);
    for (const [name, answerer] of this.#answerers) this.#match(name, answerer);
  }

  /** Sends what a step says, and asks what it asks. @param {MacroRun} run @param {import("../model/macro.js").Message[]} messages */
  #after(run, messages) {
    clearTimeout(this.#timer);
    const problem = this.#send(messages);
    if (problem) run.stop(problem);
    if (run !== this.#run) return;
    if (run.over) {
      this.#run = null;
      const { name } = /** @type {Running} */ (this.running.value);
      this.running.value = null;
      this.said.value = { words: `${name}: ${run.problem || "done."}`, problem: run.problem !== "" };
      return;
    }
    if (this.running.value && this.running.value.at !== run.at) this.running.value = { ...this.running.value, at: run.at };
    if (run.wake) this.#timer = setTimeout(() => this.#after(run, run.tick(Date.now())), Math.max(0, run.wake - Date.now()) + 1);
    const question = run.question();
    if (!question) return;
    placesInAll(question.lines, question.pattern).then(
      (places) => this.#run === run && this.#after(run, run.answer(question.id, places.some((one) => one.length > 0), Date.now())),
      (error) => this.#run === run && this.stop(error.message),
    );
  }

  /** @param {string} name @param {Answerer} answerer */
  async #match(name, answerer) {
    const question = answerer.question();
    if (!question) return;
    try {
      const places = await placesInAll(question.lines, question.pattern);
      if (this.#answerers.get(name) !== answerer) return; // it was switched off meanwhile
      const problem = this.#send(answerer.answer(question, places.map((one) => one.length > 0), Date.now()));
      if (problem) answerer.stop(problem);
    } catch (error) {
      answerer.stop(/** @type {Error} */ (error).message);
    }
    if (!answerer.over || this.#answerers.get(name) !== answerer) return;
    this.answer(name, null);
    this.said.value = { words: `${name}: ${answerer.problem}`, problem: true };
  }

  /** Returns what is wrong, in words, or "". @param {import("../model/macro.js").Message[]} messages */
  #send(messages) {
    const past = this.#session.mode.input === "bytes" ? "" : "raw";
    for (const message of messages) {
      const problem = this.#session.send(message, typeof message === "string" ? "" : past);
      if (problem) return problem;
      this.#sent++;
    }
    return "";
  }
}
