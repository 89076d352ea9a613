// The teacher's wall: a tile for each student, put together from what the workbench says,
// in the order of who needs help. The order that shows stays until settle is called, so
// that no tile moves under the mouse.

import { batch, signal } from "../vendor/signals-core.js";

/** @typedef {import("../types").Tile} Tile */

/** What a tile's state is called, and its icon. @type {Record<string, { words: string, icon: string }>} */
export const states = {
  hand: { words: "Hand up", icon: "hand" },
  stuck: { words: "Stuck", icon: "triangle-alert" },
  idle: { words: "Idle", icon: "hourglass" },
  working: { words: "Working", icon: "pencil" },
  done: { words: "Done", icon: "check" },
  away: { words: "Away", icon: "unplug" },
};

const needs = ["hand", "stuck error", "stuck progress", "idle", "working", "done", "away"]; // who comes first

/** @param {Tile} tile */
function need({ state, why }) {
  const at = needs.indexOf(state === "stuck" ? `stuck ${why}` : state);
  return at < 0 ? needs.indexOf("working") : at; // a state that this page does not know
}

/** Who of two students comes first: the one who needs help more, then for longer, then by name. @param {Tile} a @param {Tile} b */
export function byNeed(a, b) {
  return need(a) - need(b) || Date.parse(a.since) - Date.parse(b.since) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
}

/** Why a student is stuck, in words, or "". @param {Tile} tile */
export function whyWords({ state, why, error }) {
  if (state !== "stuck") return "";
  return why === "error" ? `the same error three times: ${error}` : "no progress on the step";
}

/** How long something has lasted, roughly. @param {number} ms */
export function spanWords(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "under a minute";
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Which tiles show: of a state, "" for all, and with a text in their name, which may be
 * typed without accents.
 * @typedef {{ name: string, state: string }} Filter
 */

/** @param {Tile} tile @param {Filter} filter */
export function fits(tile, { name, state }) {
  return (!state || tile.state === state) && (plain(tile.name).includes(plain(name.trim())) || tile.id.includes(name.trim().toLowerCase()));
}

/** @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export class Wall {
  /** Signal: what is said of the class, without its students; null until that was heard. @type {import("../vendor/signals-core.js").Signal<import("../types").WallSaid | null>} */
  said = signal(null);
  /** Signal: the ids of the tiles that show, in their order. @type {import("../vendor/signals-core.js").Signal<string[]>} */
  order = signal([]);
  /** Signal: how many tiles would come, go or move if it were settled. */
  moved = signal(0);
  /** Signal: how many there are, how many of them are here, and how many in each state. @type {import("../vendor/signals-core.js").Signal<{ all: number, here: number, in: Record<string, number> }>} */
  counts = signal({ all: 0, here: 0, in: {} });
  /** What the workbench's clock is ahead of the page's, in milliseconds. */
  ahead = 0;

  /** @type {Map<string, import("../vendor/signals-core.js").Signal<Tile>>} */
  #tiles = new Map();
  /** @type {Filter} */
  #filter = { name: "", state: "" };

  /** The signal of a student's tile, or undefined. @param {string} id */
  tile(id) {
    return this.#tiles.get(id);
  }

  /** Takes what the workbench says: all, or what has changed. @param {import("../types").WallMessage} message */
  take({ students, gone = [], all, ...said }) {
    const first = this.said.peek() === null;
    this.ahead = Date.parse(said.now) - Date.now();
    batch(() => {
      const left = new Set(all ? this.#tiles.keys() : gone);
      const come = students.filter(({ id }) => !this.#tiles.has(id));
      for (const tile of students) {
        left.delete(tile.id);
        const known = this.#tiles.get(tile.id);
        if (known) known.value = tile;
        else this.#tiles.set(tile.id, signal(tile));
      }
      for (const id of left) this.#tiles.delete(id);
      this.said.value = said;
      this.#count();
      if (first) this.settle();
      else this.#keepOrder(come);
    });
  }

  /** Shows only the tiles that fit. @param {Filter} filter */
  show(filter) {
    this.#filter = filter;
    this.settle();
  }

  /** Puts the tiles in order. */
  settle() {
    const order = this.#wanted();
    const now = this.order.peek();
    if (order.length !== now.length || order.some((id, i) => id !== now[i])) this.order.value = order;
    this.moved.value = 0;
  }

  /** Those who left go, and those who come are last; the others stay where they are. @param {Tile[]} come */
  #keepOrder(come) {
    const now = this.order.peek();
    const stay = now.filter((id) => this.#tiles.has(id));
    const last = come.filter((tile) => fits(tile, this.#filter)).map(({ id }) => id);
    if (last.length || stay.length < now.length) this.order.value = [...stay, ...last];
    this.moved.value = outOfPlace(this.order.peek(), this.#wanted());
  }

  #wanted() {
    const tiles = [...this.#tiles.values()].map((one) => one.peek());
    return tiles.filter((tile) => fits(tile, this.#filter)).sort(byNeed).map(({ id }) => id);
  }

  #count() {
    const counts = { all: this.#tiles.size, here: 0, in: /** @type {Record<string, number>} */ ({}) };
    for (const one of this.#tiles.values()) {
      const { here, state } = one.peek();
      if (here) counts.here++;
      counts.in[state] = (counts.in[state] ?? 0) + 1;
    }
    if (JSON.stringify(counts) !== JSON.stringify(this.counts.peek())) this.counts.value = counts;
  }
}

/** How many of a list have to come, go or move for it to be another one. @param {string[]} now @param {string[]} wanted */
export function outOfPlace(now, wanted) {
  const place = new Map(wanted.map((id, i) => [id, i]));
  // Those that may stay are a longest rising run of places: ends[n] is the least place at
  // which one of n + 1 ends.
  const ends = /** @type {number[]} */ ([]);
  for (const id of now) {
    const at = place.get(id);
    if (at === undefined) continue;
    const longer = ends.findIndex((end) => end > at);
    ends[longer < 0 ? ends.length : longer] = at;
  }
  return now.filter((id) => !place.has(id)).length + wanted.length - ends.length;
}
