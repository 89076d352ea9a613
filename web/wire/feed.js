// A feed takes entries as they come and keeps what the lanes show: four logs, of the
// console's rows, of the wire's, of messages, and of the entries themselves. It publishes
// them to the page a frame at a time. A live session is one, and so is the
// playback of a recorded one; a feed does not know which it is.

import { signal } from "../vendor/signals-core.js";
import { EntryReader } from "../model/entryrows.js";
import { alone, isCarried, standing } from "../model/links.js";
import { Offsets } from "../model/offsets.js";
import { Pages, RowLog } from "../model/rowlog.js";

// Milliseconds. After a frame that took longer than slowFrame comes a pause.
const slowFrame = 50;
const maxRest = 500;

const manyRows = 16; // of a lane in one frame: from there on the lanes take turns

const retryAfter = 3000; // milliseconds, for rows that could not be loaded

const unbounded = { maxRows: Infinity, maxSize: Infinity };

const mostLinks = 16; // of which the rows are kept
const boundOfLink = { rows: 20_000, size: 4 * 1024 * 1024 };

const encodedSize = (/** @type {import("../types").Entry} */ entry) => 100 + (entry.text?.length ?? 0) + (entry.b64?.length ?? 0);

/** What fields cost to keep, and whether one is wrong. @param {import("../types").Field[]} [fields] */
function weighed(fields = []) {
  let [size, wrong] = [0, false];
  for (const field of fields) {
    const inside = weighed(field.fields);
    size += 60 + (field.value ?? field.valueB64 ?? "").length + (field.wrong ?? field.wrongB64 ?? "").length + inside.size;
    wrong ||= inside.wrong || (field.wrong ?? field.wrongB64) !== undefined;
  }
  return { size, wrong };
}

export class Feed {
  /** @type {RowLog<import("../types").Row>} */
  console = new RowLog(unbounded);
  /** @type {RowLog<import("../types").Row>} */
  wire = new RowLog(unbounded);
  /** The rows of both, by pages, which bound them. @type {Pages} */
  pages;
  /**
   * The entries themselves, for the ladder and for comparing; fewer than the rows.
   * @type {RowLog<import("../types").Entry & { size: number }>}
   */
  entries = new RowLog({ maxRows: 20_000, maxSize: 4 * 1024 * 1024 });
  /** What the line mode has recognised. @type {RowLog<import("../types").MessageRow>} */
  messages = new RowLog({ maxRows: 200_000, maxSize: 64 * 1024 * 1024 });
  /** Which rows have the bytes that messages are of. */
  offsets = new Offsets();
  /** Signal: its further connections, by name, the newest last. @type {import("../vendor/signals-core.js").Signal<Map<string, LinkFeed>>} */
  links = signal(new Map());
  /** When the session began, in milliseconds since 1970. */
  began = Date.now();
  /** Signal: bytes that the pointer is on, in either lane. @type {import("../vendor/signals-core.js").Signal<import("../types").Hover | null>} */
  hover = signal(null);

  #reader = new EntryReader();
  #part = { id: 0, number: 0 }; // the last row of a message that was not whole
  #scheduled = false;
  #turn = 0; // whose it was, of the two lanes
  #rest = 0; // milliseconds until the next publish may be
  #wanted = /** @type {Record<"console" | "wire", import("../model/rowlog.js").Page[]>} */ ({ console: [], wire: [] }); // pages that are not in memory
  #loading = false;
  /** @type {{ page: import("../model/rowlog.js").Page | null, rows: Promise<import("../types").PageRows> | null }} what was read last */
  #read = { page: null, rows: null };

  /** @param {{ rows: number, size: number }} [bound] of each lane, in memory */
  constructor(bound) {
    this.pages = new Pages(this, bound);
  }

  /** @param {import("../types").Entry[]} list */
  take(list) {
    for (const entry of list) {
      if (this.pages.endsBefore(entry, this.#reader)) {
        this.pages.begin(this.#reader.cut(), entry.i ?? this.pages.list.at(-1)?.to ?? 1);
        this.#part = { id: 0, number: 0 };
      }
      this.pages.took(entry);
      if (entry.link !== undefined) this.ofLink(entry, entry.link);
      const rows = rowsOf(this.#reader, entry);
      const number = rows.instead === this.#part.id ? this.#part.number : this.console.next;
      if (rows.console && number !== this.console.next) this.console.replace(number, rows.console);
      else if (rows.console) this.console.append(rows.console);
      if (rows.console?.part) this.#part = { id: rows.console.id, number };
      if (rows.wire) this.wire.append(rows.wire);
      if (rows.console) this.offsets.add("console", rows.console, number);
      if (rows.wire) this.offsets.add("wire", rows.wire, this.wire.next - 1);
      if (entry.missing) this.offsets.lose();
      const { message, n, t } = entry;
      let size = encodedSize(entry);
      if (message) {
        const { size: more, wrong } = weighed(message.fields);
        size += (message.summary ?? message.summaryB64 ?? "").length + more;
        this.messages.append({ number: this.messages.next, n, t, message, wrong, size });
      }
      this.entries.append({ ...entry, size });
    }
    this.pages.bound();
    this.publishSoon();
  }

  /** Takes an entry of a further connection, which has rows of its own. @param {import("../types").Entry} entry @param {string} name */
  ofLink(entry, name) {
    let link = this.links.peek().get(name);
    if (!link) {
      link = new LinkFeed(this.began);
      this.links.value = new Map([...this.links.peek(), /** @type {const} */ ([name, link])].slice(-mostLinks));
    }
    link.take([entry]);
  }

  /**
   * Reads entries once more, by their numbers [from, to), as many as come at once; or
   * rejects, in words.
   * @type {((from: number, to: number) => Promise<import("../types").Entry[]>) | null}
   */
  again = null;

  /** The rows of lane from..to are in sight: those that have left memory are loaded. @param {"console" | "wire"} lane @param {number} from @param {number} to */
  need(lane, from, to) {
    const now = performance.now();
    this.#wanted[lane] = this.pages.use(lane, from, to).filter((page) => !page.loaded && (!page.problem || now - page.tried > retryAfter));
    if (!this.#loading) this.#load();
  }

  async #load() {
    this.#loading = true;
    for (let page; (page = this.#wanted.console.shift() ?? this.#wanted.wire.shift()); ) {
      if (page.loaded) continue;
      page.tried = performance.now();
      try {
        this.pages.load(page, await this.read(page));
        page.problem = "";
      } catch (error) {
        page.problem = /** @type {Error} */ (error).message;
        const end = this.pages.endOf(page);
        this.console.changed.push([page.console, end.console]); // they say so
        this.wire.changed.push([page.wire, end.wire]);
      }
      this.publishSoon();
    }
    this.#loading = false;
  }

  /** The rows of a page, in memory or not; rejects, in words, if they cannot be loaded. @param {import("../model/rowlog.js").Page} page @returns {Promise<import("../types").PageRows>} */
  async read(page) {
    const end = this.pages.endOf(page);
    if (page.loaded) return { console: between(this.console, page.console, end.console), wire: between(this.wire, page.wire, end.wire) };
    if (this.#read.page !== page || !this.#read.rows) this.#read = { page, rows: this.#again(page, end.console - page.console, end.wire - page.wire) };
    try {
      return await /** @type {Promise<import("../types").PageRows>} */ (this.#read.rows);
    } catch (error) {
      this.#read = { page: null, rows: null };
      throw error;
    }
  }

  /** Reads a page's entries once more, which make as many rows as they did. @param {import("../model/rowlog.js").Page} page @param {number} onConsole @param {number} onWire */
  async #again(page, onConsole, onWire) {
    const reader = new EntryReader(page.state);
    /** @type {import("../types").PageRows} */
    const rows = { console: [], wire: [] };
    let part = { id: 0, at: 0 };
    const take = (/** @type {import("../types").Entry} */ entry) => {
      const made = rowsOf(reader, entry);
      let at = rows.console.length;
      if (made.instead && made.instead === part.id) at = part.at;
      if (made.console) rows.console[at] = made.console;
      if (made.console?.part) part = { id: made.console.id, at };
      if (made.wire) rows.wire.push(made.wire);
    };
    const own = [...page.own];
    let next = page.from;
    const takeOwn = (/** @type {number} */ before) => {
      while (own.length && own[0].after < before) {
        const { after, entry } = /** @type {import("../model/rowlog.js").Own} */ (own.shift());
        take(entry);
        next = Math.max(next, after + 1 + (entry.missing ?? 0));
      }
    };
    takeOwn(next);
    while (next < page.to) {
      const before = next;
      for (const entry of (await this.again?.(next, page.to)) ?? []) {
        const i = entry.i ?? 0;
        if (i < next || i >= page.to) continue;
        takeOwn(i);
        if (i < next) continue;
        take(entry);
        next = i + 1;
        takeOwn(next);
      }
      if (next === before) throw new Error("the workbench no longer has these rows");
    }
    if (rows.console.length !== onConsole || rows.wire.length !== onWire) throw new Error("the workbench no longer has these rows as they were");
    return rows;
  }

  /** What there is to say of rows that left for good, after "to keep it quick". */
  get goneWhy() {
    return ".";
  }

  /** What went each way so far. */
  get counts() {
    return this.#reader.counts;
  }

  /** Removes the rows; later ones still show. */
  clear() {
    this.console.clear();
    this.wire.clear();
    this.messages.clear();
    this.pages.clear();
    for (const link of this.links.peek().values()) link.clear();
  }

  /** Forgets all that was taken. */
  restart() {
    this.clear();
    this.entries.clear();
    this.#reader = new EntryReader();
    this.offsets = new Offsets();
    this.hover.value = null;
    this.links.value = new Map();
  }

  // However fast entries come, the page changes once a frame. Where the browser
  // cannot draw that fast, it pauses for as long as drawing took, because taking in
  // entries goes first. A hidden page has no frames; its rows, which are bounded,
  // wait for a slow timer.
  publishSoon() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.hidden) setTimeout(() => this.#publish(), 250);
    else if (this.#rest > 0) setTimeout(() => this.#publish(), this.#rest);
    else requestAnimationFrame(() => this.#publish());
  }

  // The lanes that change now: while rows come faster than anyone reads, one lane a
  // frame, so that a frame takes half as long.
  #inTurn() {
    const lanes = [this.console, this.wire];
    if (!lanes.some((log) => log.next - log.end > manyRows)) return lanes;
    this.#turn = 1 - this.#turn;
    this.publishSoon();
    return [lanes[this.#turn]];
  }

  #publish() {
    const began = performance.now();
    this.#scheduled = false;
    for (const log of this.#inTurn()) log.publish();
    this.entries.publish();
    this.messages.publish();
    requestAnimationFrame(() => {
      const took = performance.now() - began;
      this.#rest = took > slowFrame ? Math.min(2 * took, maxRest) : 0;
    });
  }
}

/** What a further connection of a session carried, as rows on a wire of its own. */
export class LinkFeed extends Feed {
  /** Signal: how it stands, in words. */
  standing = signal("");

  /** @param {number} began */
  constructor(began) {
    super(boundOfLink);
    this.began = began;
  }

  /** @param {import("../types").Entry[]} list */
  take(list) {
    for (const entry of list) this.standing.value = standing(entry) ?? this.standing.peek();
    super.take(list.map(alone));
  }

  /** It has none itself. */
  ofLink() {}
}

// The rows of an entry in the lanes of the session, with its number.
/** @param {EntryReader} reader @param {import("../types").Entry} entry */
function rowsOf(reader, entry) {
  const rows = reader.read(entry);
  if (isCarried(entry)) rows.wire = undefined; // its own lane has it
  for (const row of [rows.console, rows.wire]) if (row) row.i = entry.i;
  return rows;
}

/** @param {RowLog<import("../types").Row>} log @param {number} from @param {number} to */
function between(log, from, to) {
  const rows = [];
  for (let i = Math.max(from, log.first); i < to; i++) rows.push(/** @type {import("../types").Row} */ (log.row(i)));
  return rows;
}
