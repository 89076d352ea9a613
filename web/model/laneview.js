// How the user looks at the two lanes: what is left out, what is looked for, which
// rows are picked. Each tab has one, and so has a playback. It does not know where
// on the screen anything is.

import { computed, signal } from "../vendor/signals-core.js";
import { Matcher } from "./search.js";
import { textOf } from "./format.js";

/**
 * @typedef {{ lane: string, number: number, id: number, from: number, to: number, places: import("./search.js").Place[] }} Hit
 *   a row, where in it, and all of the places in that row
 * @typedef {{ lane: string, anchor: number, focus: number, anchorAt?: number, focusAt?: number }} Selection rows from
 *   anchor to focus, either way; with focusAt just their bytes from anchorAt of the one to focusAt of the other
 * @typedef {{ lane: string, number: number, at: number }} Spot at: the byte or character of the row, as in search.js
 */

const maxHits = 10_000;

export class LaneView {
  /** Signal: which rows show. @type {import("../vendor/signals-core.js").Signal<import("../types").Filter>} */
  filter = signal({ direction: "", text: "", regexp: false });
  /** Signal: whether the filter's row is open. */
  filtering = signal(false);
  /** The text that rows need, or null. */
  sifter = computed(() => matcherOf(this.filter.value.text, this.filter.value.regexp));
  /** Whether a row shows, undefined while that is not known; null when all do. */
  passes = computed(() => {
    const { direction } = this.filter.value;
    const sifter = this.sifter.value?.problem.value ? null : this.sifter.value;
    if (!direction && !sifter && !this.followed.value) return null;
    return (/** @type {import("../types").Row} */ row) => {
      if (direction && row.kind !== direction) return false;
      const places = sifter?.places(row);
      return sifter && !places ? undefined : !places || places.length > 0;
    };
  });

  /** Signal: which direction of the wire shows as one stream, "" for its rows. @type {import("../vendor/signals-core.js").Signal<"" | "sent" | "received">} */
  followed = signal("");

  /** Signals: what is looked for, and whether it is a regular expression. */
  wanted = signal("");
  wantedRegexp = signal(false);
  sought = computed(() => matcherOf(this.wanted.value, this.wantedRegexp.value));
  /** Signal: where it was found, in the order in which things happened. @type {import("../vendor/signals-core.js").Signal<Hit[]>} */
  hits = signal([]);
  /** Signal: which of the hits is shown, or -1. */
  hit = signal(-1);

  /** Signal: the rows that are picked. @type {import("../vendor/signals-core.js").Signal<Selection | null>} */
  selection = signal(null);
  /** Where the lanes are that do not follow the newest row. @type {Record<string, import("./kept.js").Place>} */
  places = {};
  /** Signal: the times of the first and the last row in sight, by lane. @type {import("../vendor/signals-core.js").Signal<Record<string, [number, number]>>} */
  sight = signal({});
  /** Signal: rises when the lanes and the ladder shall follow the newest again. */
  toNewest = signal(0);
  /** Signal: what the lanes shall bring in sight. @type {import("../vendor/signals-core.js").Signal<Spot[]>} */
  reveal = signal([]);

  /** @type {Record<string, number>} */
  #scanned = {};
  /** @type {unknown[]} what #scanned is about */
  #scannedFor = [];
  /** @type {import("../types").Lanes | null} */
  #lanes = null;
  /** @type {{ of: import("../types").Lanes, stream: import("./stream.js").StreamLog } | null} */
  #stream = null;
  /** @type {typeof import("./stream.js").StreamLog | null} */
  #StreamLog = null;
  /** @type {(Matcher | null)[]} those that may be reading */
  #matchers = [];
  #step = 0; // what goTo was asked for before anything had been found

  /** Shows one direction of the wire as one stream, or with "" its rows. @param {"" | "sent" | "received"} direction */
  async follow(direction) {
    if (direction) this.#StreamLog ??= (await import("./stream.js")).StreamLog;
    this.#stream?.stream.stop();
    this.#stream = null;
    this.selection.value = null;
    this.followed.value = direction;
  }

  /** Tells what of a lane is in sight. @param {string} lane @param {number} from @param {number} to */
  see(lane, from, to) {
    const now = this.sight.peek();
    if (now[lane]?.[0] !== from || now[lane][1] !== to) this.sight.value = { ...now, [lane]: [from, to] };
  }

  /** The lanes as they show: the wire's rows, or the stream that is followed. @param {import("../types").Lanes} feed @returns {import("../types").Lanes} */
  lanes(feed) {
    const direction = this.followed.value;
    if (!direction || !this.#StreamLog) return feed;
    if (this.#stream?.of !== feed) {
      this.#stream?.stream.stop();
      this.#stream = { of: feed, stream: new this.#StreamLog(feed.wire, direction) };
    }
    return { console: feed.console, wire: this.#stream.stream.log };
  }

  /**
   * Looks through the rows that it has not looked through yet.
   * @param {import("../types").Lanes} feed @param {string[]} lanes "console", "wire"
   */
  search(feed, lanes) {
    const [sought, sifter, passes] = [this.sought.value, this.sifter.value, this.passes.value];
    const shown = this.lanes(feed);
    const logs = lanes.map((lane) => laneOf(shown, lane));
    for (const old of this.#matchers) if (old !== sought && old !== sifter) old?.read([]);
    this.#matchers = [sifter, sought];
    for (const matcher of this.#matchers) matcher?.read(logs);
    const scanFor = [sought, passes, ...logs];
    const before = this.hits.peek();
    let hits = before;
    if (scanFor.length !== this.#scannedFor.length || scanFor.some((one, i) => one !== this.#scannedFor[i])) {
      this.#scannedFor = scanFor;
      this.#scanned = {};
      this.#step = 0;
      hits = [];
    }
    this.#lanes = shown;
    hits = hits.filter((hit) => hit.number >= laneOf(shown, hit.lane).first && hit.number < (this.#scanned[hit.lane] ?? 0));
    if (sought) for (const lane of lanes) hits.push(...this.#scan(sought, lane, laneOf(shown, lane)));
    const now = before[this.hit.peek()];
    hits = hits.sort((a, b) => a.id - b.id || a.from - b.from).slice(-maxHits);
    if (hits.length === before.length && hits.every((hit, i) => sameHit(hit, before[i]))) return;
    this.hit.value = now ? hits.findIndex((hit) => sameHit(hit, now)) : -1;
    this.hits.value = hits;
    if (this.#step && hits.length) this.goTo(/** @type {1 | -1} */ (this.#step));
  }

  // Looks through the rows from the first that it has not looked through. One that
  // is not whole yet is looked through again.
  /** @param {Matcher} sought @param {string} lane @param {import("./rowlog.js").RowLog<import("../types").Row>} log */
  #scan(sought, lane, log) {
    /** @type {Hit[]} */
    let hits = [];
    let number = Math.max(this.#scanned[lane] ?? 0, log.first);
    let whole = number;
    for (; number < log.end; number++) {
      const row = log.row(number);
      const passed = this.passes.value ? this.passes.value(row) : true;
      const places = passed === false ? [] : sought.places(row);
      if (passed === undefined || !places) break; // not known yet
      for (const [from, to] of places) hits.push({ lane, number, id: row.id, from, to, places });
      if (hits.length > 2 * maxHits) hits = hits.slice(-maxHits);
      if (!row.part && whole === number) whole++;
    }
    this.#scanned[lane] = whole;
    return hits;
  }

  /** The places of what is looked for in a row. @param {import("../types").Row} row */
  placesIn(row) {
    const hits = this.hits.value;
    let [low, high] = [0, hits.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (hits[middle].id < row.id) low = middle + 1;
      else high = middle;
    }
    return hits[low]?.id === row.id ? hits[low].places : null;
  }

  /** Goes to the next hit (1) or the one before (-1), if need be when there is one. @param {1 | -1} step */
  goTo(step) {
    const hits = this.hits.value;
    this.#step = this.sought.value?.reading ? step : 0;
    if (hits.length === 0) return;
    this.#step = 0;
    const at = this.hit.value < 0 && step < 0 ? hits.length - 1 : (this.hit.value + step + hits.length) % hits.length;
    this.hit.value = at;
    const { lane, number, from } = hits[at];
    this.pick(lane, number);
    this.reveal.value = [{ lane, number, at: from }, ...(this.#lanes ? counterpart(this.#lanes, lane, number, from) : [])];
  }

  /**
   * Picks a row, or with extend the rows up to it, or the bytes up to one of it.
   * @param {string} lane @param {number} number @param {boolean} [extend] @param {number} [at] the byte, where it was a byte that was pointed at
   */
  pick(lane, number, extend = false, at) {
    const now = this.selection.value;
    if (!extend || now?.lane !== lane) this.selection.value = { lane, anchor: number, focus: number, anchorAt: at };
    else this.selection.value = { ...now, focus: number, focusAt: now.anchorAt === undefined ? undefined : at };
  }

  /**
   * The rows that are picked, or else all that show in a lane.
   * @param {import("../types").Lanes} feed @param {string} lane for when none are picked
   */
  picked(feed, lane) {
    const now = this.selection.value;
    const log = laneOf(this.lanes(feed), now?.lane ?? lane);
    const from = now ? Math.min(now.anchor, now.focus) : log.first;
    const to = now ? Math.max(now.anchor, now.focus) : log.end - 1;
    const passes = this.passes.value;
    const rows = [];
    for (let i = Math.max(from, log.first); i <= Math.min(to, log.end - 1); i++) {
      const row = log.row(i);
      if (!passes || passes(row)) rows.push(now ? chosen(row, i, now) : row);
    }
    return rows;
  }
}

/**
 * Which bytes of a row are picked, [from, to), where it is bytes that are picked
 * and not rows; else null.
 * @param {number} number of the row @param {number} length in bytes @param {Selection | null} selection
 * @returns {[number, number] | null}
 */
export function chosenBytes(number, length, selection) {
  if (selection?.anchorAt === undefined || selection.focusAt === undefined) return null;
  const ends = [[selection.anchor, selection.anchorAt], [selection.focus, selection.focusAt]].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const [[first, from], [last, to]] = ends;
  if (number < first || number > last) return null;
  return [number === first ? from : 0, number === last ? Math.min(length, to + 1) : length];
}

/** @param {import("../types").Row} row @param {number} number @param {Selection} selection */
function chosen(row, number, selection) {
  const part = row.bytes && chosenBytes(number, row.bytes.length, selection);
  return part ? { ...row, bytes: row.bytes?.subarray(...part) } : row;
}

/** @param {Hit} a @param {Hit} b */
function sameHit(a, b) {
  return a.id === b.id && a.lane === b.lane && a.from === b.from && a.to === b.to;
}

/** @param {string} text @param {boolean} isRegexp */
function matcherOf(text, isRegexp) {
  return text === "" ? null : new Matcher(text, isRegexp);
}

/** @param {import("../types").Lanes} feed @param {string} lane */
export function laneOf(feed, lane) {
  return lane === "wire" ? feed.wire : feed.console;
}

/**
 * What belongs to a place of a row in the other lane: the byte itself where it
 * is known which that is, else the row of the same event; or nothing.
 * @param {import("../types").Lanes} feed @param {string} lane @param {number} number of the row @param {number} at in it
 * @returns {Spot[]}
 */
export function counterpart(feed, lane, number, at) {
  const row = laneOf(feed, lane).row(number);
  if (row?.n === undefined) return [];
  const byte = row.from + (countsBytes(row) ? at : 0);
  const other = lane === "wire" ? "console" : "wire";
  const log = laneOf(feed, other);
  let found = -1;
  for (let i = log.first; i < log.end; i++) {
    const one = log.row(i);
    if (one.stream !== row.stream) continue;
    if (one.from < 0 || row.from < 0) {
      if (one.n === row.n && found < 0) found = i;
      continue;
    }
    if (one.from > byte) break;
    if (one.to > byte || one.n === row.n) found = i; // a line's end is not part of the message, but belongs to it
    if (one.to > byte) break;
  }
  if (found < 0) return [];
  const one = log.row(found);
  return [{ lane: other, number: found, at: one.from >= 0 && row.from >= 0 && countsBytes(one) ? byte - one.from : 0 }];
}

// Whether a place in a row is a byte of it: where it has bytes, and where each
// of its characters is one.
/** @param {import("../types").Row} row */
function countsBytes(row) {
  return row.bytes !== undefined || textOf(row).length === row.to - row.from;
}
