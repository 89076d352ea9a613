// How the user looks at a feed: what is left out, what is looked for, which
// rows are picked. Each tab has one, and so has a playback.

import { computed, signal } from "./vendor/signals-core.js";
import { filterOf, fits, patternOf } from "./search.js";

/**
 * @typedef {{ lane: string, number: number, id: number }} Hit
 * @typedef {{ lane: string, anchor: number, focus: number }} Selection rows from anchor to focus, either way
 */

const maxHits = 10_000;

export class Viewer {
  /** Signal: which rows show. @type {import("./vendor/signals-core.js").Signal<import("./types").Filter>} */
  filter = signal({ direction: "", text: "", regexp: false });
  /** Signal: whether the filter's row is open. */
  filtering = signal(false);
  /** Whether a row shows; null when all do. */
  passes = computed(() => filterOf(this.filter.value));

  /** Signals: what is looked for, and whether it is a regular expression. */
  wanted = signal("");
  wantedRegexp = signal(false);
  sought = computed(() => patternOf(this.wanted.value, this.wantedRegexp.value));
  /** Signal: where it was found, in the order in which things happened. @type {import("./vendor/signals-core.js").Signal<Hit[]>} */
  hits = signal([]);
  /** Signal: which of the hits is shown, or -1. */
  hit = signal(-1);

  /** Signal: the rows that are picked. @type {import("./vendor/signals-core.js").Signal<Selection | null>} */
  selection = signal(null);
  /** Signal: a row that a lane shall bring in sight. @type {import("./vendor/signals-core.js").Signal<{ lane: string, number: number } | null>} */
  reveal = signal(null);

  /** @type {Record<string, number>} */
  #scanned = {};
  /** @type {unknown} */
  #scannedFor = null;
  /** @type {unknown} */
  #feed = null;

  /**
   * Looks through the rows that it has not looked through yet.
   * @param {import("./feed.js").Feed} feed @param {string[]} lanes "console", "wire"
   */
  search(feed, lanes) {
    const pattern = this.sought.value.pattern;
    const key = [pattern, this.passes.value, ...lanes].join();
    let hits = this.hits.peek();
    if (key !== this.#scannedFor || feed !== this.#feed) {
      this.#scannedFor = key;
      this.#feed = feed;
      this.#scanned = {};
      hits = [];
      this.hit.value = -1;
    }
    /** @type {Hit[]} */
    const found = [];
    for (const lane of lanes) {
      const log = laneOf(feed, lane);
      for (let i = Math.max(this.#scanned[lane] ?? 0, log.first); pattern && i < log.end; i++) {
        const row = log.row(i);
        if (fits(row, pattern) && (this.passes.value?.(row) ?? true)) found.push({ lane, number: i, id: row.id });
      }
      this.#scanned[lane] = log.end;
    }
    const gone = hits.findIndex((hit) => hit.number >= laneOf(feed, hit.lane).first);
    if (found.length === 0 && gone <= 0 && hits === this.hits.peek()) return;
    if (gone !== 0) hits = gone < 0 ? [] : hits.slice(gone);
    if (gone > 0) this.hit.value = Math.max(-1, this.hit.peek() - gone);
    found.sort((a, b) => a.id - b.id);
    this.hits.value = [...hits, ...found].slice(-maxHits);
  }

  /** Goes to the next hit (1) or the one before (-1). @param {1 | -1} step */
  goTo(step) {
    const hits = this.hits.value;
    if (hits.length === 0) return;
    const at = this.hit.value < 0 && step < 0 ? hits.length - 1 : (this.hit.value + step + hits.length) % hits.length;
    this.hit.value = at;
    this.pick(hits[at].lane, hits[at].number);
    this.reveal.value = { lane: hits[at].lane, number: hits[at].number };
  }

  /** Picks a row, or with extend the rows up to it. @param {string} lane @param {number} number */
  pick(lane, number, extend = false) {
    const now = this.selection.value;
    this.selection.value = extend && now?.lane === lane ? { ...now, focus: number } : { lane, anchor: number, focus: number };
  }

  /**
   * The rows that are picked, or else all that show in a lane.
   * @param {import("./feed.js").Feed} feed @param {string} lane for when none are picked
   */
  picked(feed, lane) {
    const now = this.selection.value;
    const log = laneOf(feed, now?.lane ?? lane);
    const from = now ? Math.min(now.anchor, now.focus) : log.first;
    const to = now ? Math.max(now.anchor, now.focus) : log.end - 1;
    const rows = [];
    for (let i = Math.max(from, log.first); i <= Math.min(to, log.end - 1); i++) {
      const row = log.row(i);
      if (this.passes.value?.(row) ?? true) rows.push(row);
    }
    return rows;
  }
}

/** @param {import("./feed.js").Feed} feed @param {string} lane */
export function laneOf(feed, lane) {
  return lane === "wire" ? feed.wire : feed.console;
}
