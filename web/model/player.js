// The clock of a playback: which entry is due when. Pure; the caller tells it the
// time.

import { kindOf } from "./kinds.js";

/** How fast a playback may be, as the user picks it. */
export const speeds = [0.25, 0.5, 1, 2, 5, 20];

// A pause of the recording that is longer is cut to this many seconds: nobody
// wants to watch someone think for ten minutes.
const longestPause = 3;

/**
 * The times of a playback: the entries' own, with long pauses cut. so is where the
 * entries before these ended, and is moved on.
 * @param {import("../types").Entry[]} entries @param {{ last: number, at: number }} so
 */
export function timesOf(entries, so = { last: 0, at: 0 }) {
  return entries.map(({ t }) => {
    const now = t ?? so.last;
    so.at += Math.min(Math.max(0, now - so.last), longestPause);
    so.last = Math.max(so.last, now);
    return so.at;
  });
}

export class Player {
  /** How many entries have been played. */
  position = 0;
  playing = false;
  speed = 1;
  /** @type {number[]} */
  #times = [];
  #so = { last: 0, at: 0 };
  #began = 0; // ms of the clock at which the time of #from was
  #from = 0; // seconds into the playback

  /** @param {import("../types").Entry[]} entries */
  constructor(entries) {
    this.extend(entries);
  }

  /** Takes entries that follow those it has. @param {import("../types").Entry[]} entries */
  extend(entries) {
    for (const time of timesOf(entries, this.#so)) this.#times.push(time);
  }

  get length() {
    return this.#times.length;
  }

  get ended() {
    return this.position >= this.length;
  }

  /** Plays from the position on, or from the start when it is at the end. @param {number} now ms */
  play(now) {
    if (this.ended) this.position = 0;
    this.playing = this.length > 0;
    this.#anchor(now);
  }

  pause() {
    this.playing = false;
  }

  /** Goes to a position, a whole one within its length. @param {number} position @param {number} now ms */
  seek(position, now) {
    this.position = Math.trunc(Math.min(Math.max(0, position), this.length));
    this.#anchor(now);
  }

  /** @param {number} speed @param {number} now ms */
  setSpeed(speed, now) {
    this.tick(now);
    this.speed = speed;
    this.#anchor(now);
  }

  /** Moves on to what is due. Returns the milliseconds until the next is, or -1 when nothing will be. @param {number} now ms */
  tick(now) {
    if (!this.playing) return -1;
    const at = this.#from + ((now - this.#began) / 1000) * this.speed;
    while (!this.ended && this.#times[this.position] <= at) this.position++;
    if (this.ended) {
      this.playing = false;
      return -1;
    }
    return ((this.#times[this.position] - at) * 1000) / this.speed;
  }

  /** @param {number} now */
  #anchor(now) {
    this.#began = now;
    this.#from = this.position > 0 ? this.#times[this.position - 1] : 0;
  }
}

/**
 * The position of the message after (step 1) or before (step -1) a position:
 * a step goes over a whole event with its actions.
 * @param {import("../types").Entry[]} entries @param {number} position @param {1 | -1} step
 */
export function stepped(entries, position, step) {
  const begins = (/** @type {number} */ i) => i >= entries.length || entries[i].dir !== "<<";
  let at = position + step;
  while (at > 0 && at < entries.length && !begins(at)) at += step;
  return Math.min(Math.max(0, at), entries.length);
}

/**
 * The position before the next message that one of the peers sent, at or after a
 * position; the end where none follows.
 * @param {import("../types").Entry[]} entries @param {number} position
 */
export function beforeSent(entries, position) {
  while (position < entries.length && !isSent(entries[position])) position++;
  return Math.min(position, entries.length);
}

/** @param {import("../types").Entry} entry */
function isSent(entry) {
  const flow = entry.dir === ">>" && kindOf(entry)?.flow;
  return Boolean(flow) && (entry.text ?? entry.b64 ?? "") !== "";
}
