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

const maxHits = 10_000; // that are held; further ones are found again as one goes on

const lookFor = 8; // milliseconds at once, while something is typed

/** @typedef {import("./rowlog.js").Page} Page */

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
  /** Signal: where it was found, in the order in which things happened, among the rows that were looked through. @type {import("../vendor/signals-core.js").Signal<Hit[]>} */
  hits = signal([]);
  /** Signal: whether there may be more hits before or after them. */
  more = signal(false);
  /** Signal: how much of a session was looked through for the next hit, from 0 to 1; -1 while nothing is looked for. */
  seeking = signal(-1);
  /** Signal: why some rows could not be looked through, in words, or "". */
  unsought = signal("");
  /** Signal: which of the hits is shown, or -1. */
  hit = signal(-1);

  /** Signal: the rows that are picked. @type {import("../vendor/signals-core.js").Signal<Selection | null>} */
  selection = signal(null);
  /** Signal: the bytes of the message that is marked. @type {import("../vendor/signals-core.js").Signal<import("../types").Hover | null>} */
  marked = signal(null);
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
  /** @type {Page | null} the first page that was looked through, and the first after that was not; null: there is no such page */
  #low = null;
  /** @type {Page | null} */
  #high = null;
  #seek = {}; // what is looked for now
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;
  /** @type {string[]} */
  #searched = [];
  /** @type {WeakMap<import("../types").Row, import("./search.js").Place[]>} */
  #outside = new WeakMap();

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
      this.stopSeeking();
      this.unsought.value = "";
      this.#outside = new WeakMap();
      this.#step = 0;
      this.#startAtNewest(shown);
      hits = [];
    }
    this.#lanes = shown;
    this.#searched = lanes;
    hits = hits.filter((hit) => hit.number >= laneOf(shown, hit.lane).first && (this.#high || hit.number < (this.#scanned[hit.lane] ?? 0)));
    if (sought && !this.#high) {
      const isGone = () => lanes.some((lane) => this.#leftUnseen(laneOf(shown, lane), lane));
      if (isGone()) {
        this.#startAtNewest(shown);
        hits = [];
      }
      for (const lane of lanes) for (const hit of this.#scan(sought, lane, laneOf(shown, lane))) hits.push(hit);
    }
    this.#show(hits.sort(inOrder), 1);
    this.#widen();
    if (this.#step && this.hits.peek().length) this.goTo(/** @type {1 | -1} */ (this.#step));
  }

  // What is looked through begins with the newest page, and grows to what is in memory.
  /** @param {import("../types").Lanes} shown */
  #startAtNewest(shown) {
    const pages = shown.pages?.list ?? [];
    this.#low = pages.length > 1 ? pages[pages.length - 1] : null;
    this.#high = null;
    this.#scanned = this.#low ? { console: this.#low.console, wire: this.#low.wire } : {};
  }

  // Looks through pages before those that were, as long as they are in memory and there
  // is time; the rest a little later.
  #widen() {
    const [shown, sought] = [this.#lanes, this.sought.value];
    const until = performance.now() + lookFor;
    if (this.#later) clearTimeout(this.#later); // Node 18 loses a mocked timer when it clears none
    while (shown?.pages && sought && this.#low && this.seeking.peek() < 0 && this.hits.peek().length < maxHits / 2) {
      const page = shown.pages.list[shown.pages.list.indexOf(this.#low) - 1];
      if (!page?.loaded) return;
      /** @type {Hit[]} */
      const found = [];
      for (const lane of /** @type {("console" | "wire")[]} */ (this.#searched)) {
        for (let number = page[lane]; number < this.#low[lane]; number++) {
          const row = laneOf(shown, lane).row(number);
          const places = row && this.#placesIn(row, sought);
          if (!places) return; // not known yet
          for (const [from, to] of places) found.push({ lane, number, id: row.id, from, to, places });
        }
      }
      this.#low = page === shown.pages.list[0] ? null : page;
      this.#show([...found.sort(inOrder), ...this.hits.peek()], -1);
      if (performance.now() < until) continue;
      this.#later = setTimeout(() => this.#widen(), 0);
      return;
    }
  }

  // Whether rows have left memory before they were looked through.
  /** @param {import("./rowlog.js").RowLog<import("../types").Row>} log @param {string} lane */
  #leftUnseen(log, lane) {
    const next = Math.max(this.#scanned[lane] ?? 0, log.first);
    return next < log.end && log.row(next) === undefined;
  }

  // Shows hits, of which those at one end give way if they are too many: the first
  // (1) or the last (-1).
  /** @param {Hit[]} hits @param {1 | -1} step */
  #show(hits, step) {
    const before = this.hits.peek();
    const now = before[this.hit.peek()];
    const pages = this.#lanes?.pages;
    if (hits.length > maxHits) {
      const pageOf = (/** @type {Hit} */ hit) => (pages ? pages.at(/** @type {"console"} */ (hit.lane), hit.number) : 0);
      if (!pages) {
        hits = hits.slice(-maxHits);
        this.more.value = true;
      } else if (step > 0) {
        const k = Math.min(pageOf(hits[hits.length - maxHits]) + 1, pageOf(hits[hits.length - 1]));
        hits = hits.filter((hit) => pageOf(hit) >= k);
        if (k > 0) this.#low = pages.list[k];
      } else {
        const k = Math.max(pageOf(hits[maxHits]), pageOf(hits[0]) + 1);
        if (k < pages.list.length) {
          hits = hits.filter((hit) => pageOf(hit) < k);
          this.#high = pages.list[k];
        }
      }
    }
    if (pages || hits.length < maxHits) this.more.value = this.#low !== null || this.#high !== null;
    if (hits.length === before.length && hits.every((hit, i) => sameHit(hit, before[i]))) return;
    this.hit.value = now ? hits.findIndex((hit) => sameHit(hit, now)) : -1;
    this.hits.value = hits;
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
      if (!row) break;
      const places = this.#placesIn(row, sought);
      if (!places) break; // not known yet
      for (const [from, to] of places) hits.push({ lane, number, id: row.id, from, to, places });
      if (hits.length > 10 * maxHits) hits = hits.slice(-maxHits);
      if (!row.part && whole === number) whole++;
    }
    this.#scanned[lane] = whole;
    return hits;
  }

  // Where a row that shows has what is looked for; undefined while that is not known.
  /** @param {import("../types").Row} row @param {Matcher} sought */
  #placesIn(row, sought) {
    const passed = this.passes.value ? this.passes.value(row) : true;
    return passed ? sought.places(row) : passed === false ? [] : undefined;
  }

  /** The places of what is looked for in a row. @param {import("../types").Row} row */
  placesIn(row) {
    const hits = this.hits.value;
    const sought = this.sought.value;
    if (sought && this.more.value && !(row.id >= (hits[0]?.id ?? Infinity) && row.id <= hits[hits.length - 1].id)) {
      const known = this.#outside.get(row) ?? sought.places(row);
      if (known) this.#outside.set(row, known);
      return known?.length ? known : null;
    }
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
    const last = hits.length - 1;
    const at = this.hit.value < 0 ? (step < 0 ? last : 0) : this.hit.value + step;
    if (at >= 0 && at <= last) return void this.#goToHit(hits[at]);
    if (step < 0 ? this.#low : this.#high) return void this.#goOn(step);
    if (!this.more.value) return hits.length ? void this.#goToHit(hits[step > 0 ? 0 : last]) : undefined;
    // Around the end of the session, to the other one.
    if (!this.#lanes?.pages) return;
    if (step > 0) [this.#low, this.#high] = [null, this.#lanes.pages.list[0]];
    else this.#startAtNewest(this.#lanes);
    this.hits.value = [];
    this.hit.value = -1;
    this.#goOn(step);
  }

  /** Looks no further for the next hit. */
  stopSeeking() {
    this.#seek = {};
    this.seeking.value = -1;
  }

  // Looks through the pages beyond those that were, up to the next with a hit. After
  // the last one comes what is looked through as it comes.
  /** @param {1 | -1} step */
  async #goOn(step) {
    const [shown, sought, seek] = [this.#lanes, this.sought.value, (this.#seek = {})];
    const { pages } = shown ?? {};
    if (!shown?.read || !pages || !sought) return;
    this.seeking.value = 0;
    const isWanted = () => seek === this.#seek && shown === this.#lanes && sought === this.sought.value;
    const all = pages.list.length;
    let ahead = { page: /** @type {Page | undefined} */ (undefined), rows: /** @type {Promise<import("../types").PageRows> | undefined} */ (undefined) };
    for (let looked = 1; ; looked++) {
      const { list } = pages;
      if (step < 0 && !this.#low) { // joined with what was searched before, or at the first row
        this.stopSeeking();
        if (this.hits.value.length) this.goTo(-1);
        return;
      }
      const k = step < 0 ? list.indexOf(/** @type {Page} */ (this.#low)) - 1 : list.indexOf(/** @type {Page} */ (this.#high));
      if (k < 0) {
        this.#low = step < 0 ? null : this.#low;
        if (step < 0) continue;
        return this.stopSeeking();
      }
      const page = list[k];
      if (step > 0 && k === list.length - 1) {
        const before = this.hits.value.length;
        this.#high = null;
        this.#scanned = { console: page.console, wire: page.wire };
        this.search(shown, this.#searched);
        this.stopSeeking();
        const hits = this.hits.value;
        if (hits.length > before || !this.more.value) this.goTo(1);
        return;
      }
      /** @type {Hit[]} */
      let found = [];
      try {
        const rows = await (ahead.page === page && ahead.rows ? ahead.rows : shown.read(page));
        ahead = { page: list[k + step], rows: list[k + step] && shown.read(list[k + step]) }; // while these are looked through
        ahead.rows?.catch(() => {});
        found = await this.#hitsIn(page, rows, sought);
      } catch (error) {
        this.unsought.value = `Some rows were not looked through: ${/** @type {Error} */ (error).message}.`;
      }
      if (!isWanted()) return;
      const hits = this.hits.peek();
      if (step < 0) this.#low = k > 0 ? page : null;
      else this.#high = list[k + 1];
      this.#show(step < 0 ? [...found, ...hits] : [...hits, ...found], step);
      this.seeking.value = Math.min(1, looked / all);
      if (!found.length) continue;
      this.stopSeeking();
      return void this.#goToHit(found[step < 0 ? found.length - 1 : 0]);
    }
  }

  /** @param {Page} page @param {import("../types").PageRows} rows @param {Matcher} sought */
  async #hitsIn(page, rows, sought) {
    /** @type {Hit[]} */
    const hits = [];
    for (const lane of /** @type {("console" | "wire")[]} */ (this.#searched)) {
      await this.sifter.value?.know(rows[lane]);
      await sought.know(rows[lane]);
      rows[lane].forEach((row, k) => {
        const places = this.#placesIn(row, sought) ?? [];
        for (const [from, to] of places) hits.push({ lane, number: page[lane] + k, id: row.id, from, to, places });
      });
    }
    return hits.sort(inOrder);
  }

  // Brings a hit in sight, once its row is in memory.
  /** @param {Hit} hit */
  async #goToHit(hit) {
    const { lane, number, from } = hit;
    const shown = this.#lanes;
    this.#step = 0;
    this.hit.value = this.hits.value.findIndex((one) => sameHit(one, hit));
    if (shown?.pages && laneOf(shown, lane).row(number) === undefined) {
      const page = shown.pages.list[shown.pages.at(/** @type {"console"} */ (lane), number)];
      const rows = await shown.read?.(page).catch(() => undefined);
      if (rows) shown.pages.load(page, rows);
      shown.console.publish();
      shown.wire.publish();
    }
    this.pick(lane, number);
    this.reveal.value = [{ lane, number, at: from }, ...(shown ? counterpart(shown, lane, number, from) : [])];
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
      if (row && (!passes || passes(row))) rows.push(now ? chosen(row, i, now) : row);
    }
    return rows;
  }
}

/** How many rows that are picked, or all of a lane, are not in memory. @param {LaneView} laneView @param {import("../types").Lanes} feed @param {string} lane for when none are picked */
export function away(laneView, feed, lane) {
  const now = laneView.selection.value;
  const log = laneOf(laneView.lanes(feed), now?.lane ?? lane);
  if (!now) return log.end - log.first - log.loaded;
  let n = 0;
  for (let i = Math.max(log.first, Math.min(now.anchor, now.focus)); i <= Math.min(log.end - 1, Math.max(now.anchor, now.focus)); i++) n += log.row(i) ? 0 : 1;
  return n;
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
function inOrder(a, b) {
  return a.id - b.id || a.from - b.from;
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
    if (!one || one.stream !== row.stream) continue;
    if (one.from < 0 || row.from < 0) {
      if (one.n === row.n && found < 0) found = i;
      continue;
    }
    if (one.from > byte) break;
    if (one.to > byte || one.n === row.n) found = i; // a line's end is not part of the message, but belongs to it
    if (one.to > byte) break;
  }
  if (found < 0) return [];
  const one = /** @type {import("../types").Row} */ (log.row(found));
  return [{ lane: other, number: found, at: one.from >= 0 && row.from >= 0 && countsBytes(one) ? byte - one.from : 0 }];
}

// Whether a place in a row is a byte of it: where it has bytes, and where each
// of its characters is one.
/** @param {import("../types").Row} row */
function countsBytes(row) {
  return row.bytes !== undefined || textOf(row).length === row.to - row.from;
}
