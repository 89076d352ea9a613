// Recordings that are played to live peers, by /api/transcripts/ID/play: the workbench
// tells what happens as it does. A play goes on while another view shows, and ends with
// stop, or with the page.

import { signal } from "../vendor/signals-core.js";
import { PlayLog } from "../model/play.js";
import { change } from "./workbench.js";

/** Signal: the plays of this page, by what keyOf says. @type {import("../vendor/signals-core.js").Signal<Map<string, Play>>} */
export const plays = signal(new Map());

/** @typedef {"server" | "client"} Part */

/** @param {string} id of the recording @param {Part} as */
export function keyOf(id, as) {
  return as + " " + id;
}

export class Play {
  log = new PlayLog();
  /** Signal: rises with what happens. */
  version = signal(0);
  /** Signal: whether it goes on. */
  going = signal(true);
  /** Signal: why it could not begin, or broke off, in words; "" for nothing. */
  problem = signal("");

  #stopping = new AbortController();

  /** Begins a play, in the place of one that has ended. @param {string} id @param {Part} as @param {object} request as docs/play.md has it */
  constructor(id, as, request) {
    plays.value = new Map(plays.value).set(keyOf(id, as), this);
    this.#run(`/api/transcripts/${encodeURIComponent(id)}/play/${as}`, request);
  }

  stop() {
    this.#stopping.abort();
  }

  /** @param {string} url @param {object} request */
  async #run(url, request) {
    const { signal } = this.#stopping;
    try {
      const answer = await change(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request), signal });
      if (answer.ok) await this.#read(answer);
      else this.problem.value = (await answer.text()).trim() || `The workbench answered ${answer.status}.`;
    } catch {
      if (!signal.aborted) this.problem.value = "The connection to the workbench broke, and the play ended with it.";
    }
    this.going.value = false;
  }

  /** @param {Response} answer JSON lines */
  async #read(answer) {
    const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
    const decoder = new TextDecoder();
    for (let left = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (left + decoder.decode(value, { stream: true })).split("\n");
      left = /** @type {string} */ (lines.pop());
      for (const line of lines) this.log.take(JSON.parse(line));
      this.version.value++;
    }
  }
}
