// What the browser keeps from one visit to the next, and so how the user likes
// the page. What is found there may come from another version or have been
// edited: all of it is read here, and a value that has not the shape of its key
// counts as never kept, value by value.

import { batch, computed, signal } from "../vendor/signals-core.js";

/**
 * What a key may hold: returns what is of use in a value, or undefined.
 * @template T
 * @typedef {(value: any) => T | undefined} Shape
 */

/** @template T @param {...T} values @returns {Shape<T>} */
const oneOf = (...values) => (value) => (values.includes(value) ? value : undefined);
const flag = oneOf(true, false);
/** @param {number} most characters @returns {Shape<string>} */
const text = (most) => (value) => (typeof value === "string" && value.length <= most ? value : undefined);
/** @template T @param {Shape<T>} shape @returns {Shape<T[]>} */
const listOf = (shape) => (value) =>
  Array.isArray(value) ? /** @type {T[]} */ (value.map(shape).filter((one) => one !== undefined)) : undefined;
/** Text by names. @param {number} most characters of each @returns {Shape<Record<string, string>>} */
const textsByName = (most) => (value) =>
  isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, one]) => text(most)(one) !== undefined)) : undefined;
const isObject = (/** @type {any} */ value) => typeof value === "object" && value !== null && !Array.isArray(value);

const longest = 1024 * 1024; // of a line: more is never sent

/** @type {Shape<import("../types").Target>} */
const target = (value) => {
  const [host, port] = [text(1024)(value?.host), text(32)(value?.port)];
  if (host === undefined || port === undefined) return undefined;
  return {
    host, port, tls: value.tls === true,
    mode: text(64)(value.mode) ?? "", options: textsByName(longest)(value.options) ?? {}, name: text(200)(value.name) ?? "",
    ...(value.stays === true && { stays: true }),
    ...(text(1024)(value.via) && { via: value.via }),
    ...(isObject(value.tlsChoices) && { tlsChoices: textsByName(8192)(value.tlsChoices) }),
    ...(isObject(value.ws) && { ws: textsByName(2048)(value.ws) }),
  };
};

/** @type {Shape<import("../types").Credential>} */
const credential = (value) => {
  const [id, kind] = [text(64)(value?.id), oneOf("ca", "client")(value?.kind)];
  if (id === undefined || kind === undefined) return undefined;
  return { id, kind: /** @type {"ca" | "client"} */ (kind), subject: text(4096)(value.subject) ?? "", fingerprint: text(64)(value.fingerprint) ?? "" };
};

/** @type {Shape<{ name: string, text: string }>} */
const snippet = (value) => {
  const line = text(longest)(value?.text);
  return line === undefined ? undefined : { name: text(longest)(value.name) ?? "", text: line };
};

/** @type {Shape<[string, string]>} */
const filled = (value) => (Array.isArray(value) && value.length === 2 && value.every((one) => text(longest)(one) !== undefined) ? [value[0], value[1]] : undefined);

/**
 * What a window keeps of its tabs from one load of the page to the next.
 * @typedef {{ i: number, line: number }} Place the number of the first entry that a lane shows, and the line of it
 * @typedef {{ mode: string, options: Record<string, string>, target: string, record: boolean, stays: boolean, elsewhere?: boolean, tlsChoices: Record<string, string>, via?: string, ws?: Record<string, string>,
 *   attach: string, transcript: string, name: string, draft: string, places: Record<string, Place>,
 *   followed: "" | "sent" | "received", filter: import("../types").Filter }} KeptTab name: given by a person; places: of lanes that do not follow the newest;
 *   followed: the direction that shows as one stream
 * @typedef {{ window: string, current: number, tabs: KeptTab[] }} KeptTabs window: that of the page that kept it
 */

/** @type {Shape<KeptTab>} */
const tab = (value) => {
  if (!isObject(value)) return undefined;
  const ways = /** @type {Shape<"" | "sent" | "received">} */ (oneOf("", "sent", "received"));
  const places = Object.entries(isObject(value.places) ? value.places : {}).filter(([, one]) => Number.isInteger(one?.i) && Number.isInteger(one?.line));
  return {
    mode: text(64)(value.mode) ?? "", options: textsByName(longest)(value.options) ?? {}, target: text(1100)(value.target) ?? "",
    record: value.record !== false, stays: value.stays === true, ...(value.elsewhere === true && { elsewhere: true }), tlsChoices: textsByName(8192)(value.tlsChoices) ?? {}, ...(text(1024)(value.via) && { via: value.via }),
    ...(isObject(value.ws) && { ws: textsByName(2048)(value.ws) }),
    attach: text(200)(value.attach) ?? "", transcript: text(200)(value.transcript) ?? "", name: text(200)(value.name) ?? "", draft: text(longest)(value.draft) ?? "", places: /** @type {Record<string, Place>} */ (Object.fromEntries(places)),
    followed: ways(value.followed) ?? "",
    filter: { direction: ways(value.filter?.direction) ?? "", text: text(longest)(value.filter?.text) ?? "", regexp: value.filter?.regexp === true },
  };
};

/** @type {Shape<import("./macros.js").Macro>} */
const macro = (value) => {
  const [name, steps] = [text(200)(value?.name), listOf(step)(value?.steps)];
  if (!name || !steps?.length) return undefined;
  return { name, mode: text(64)(value.mode) ?? "", target: text(1024)(value.target) ?? "", when: text(4096)(value.when) ?? "", steps: steps.slice(0, 100), ...(typeof value.most === "number" && { most: value.most }) };
};

/** @type {Shape<import("./macro.js").Step>} */
const step = (value) => {
  const [how, words] = [oneOf("line", "bytes", "hex", "reply", "any", "quiet", "pause", "repeat")(value?.do), text(longest)(value?.text ?? "")];
  if (how === undefined || words === undefined) return undefined;
  return { do: /** @type {import("./macro.js").Step["do"]} */ (how), text: words, ...(typeof value.seconds === "number" && { seconds: value.seconds }) };
};

/** All keys, without the "workbench." before them. */
export const shapes = {
  lanes: oneOf("both", "console", "wire", "ladder", "messages"),
  hex: flag,
  columns: oneOf("fit", "8", "16"),
  controls: flag,
  colours: flag,
  minimap: flag,
  inspect: flag,
  time: oneOf("relative", "absolute", "delta", "none"),
  details: flag,
  typehex: flag,
  presenting: flag,
  presenter: flag,
  theme: oneOf("", "light", "dark"),
  history: listOf(text(longest)),
  /** @type {Shape<KeptTabs>} */
  tabs: (value) => (isObject(value) ? { window: text(64)(value.window) ?? "", current: Number.isInteger(value.current) ? value.current : 0, tabs: listOf(tab)(value.tabs) ?? [] } : undefined),
  targets: listOf(target),
  /** What of a class the user has dealt with: what was sent, by its mark; that the teacher can watch. @type {Shape<{ sent: string, told: boolean }>} */
  class: (value) => (isObject(value) ? { sent: text(100)(value.sent) ?? "", told: value.told === true } : undefined),
  /** Which transcript a teacher's window shows to the class. @type {Shape<{ n: number, transcript: string }>} */
  shown: (value) => (isObject(value) && Number.isInteger(value.n) ? { n: value.n, transcript: text(200)(value.transcript) ?? "" } : undefined),
  credentials: listOf(credential),
  macros: listOf(macro),
  /** @type {Shape<{ list: { name: string, text: string }[], values: [string, string][] }>} */
  snippets: (value) => (isObject(value) ? { list: listOf(snippet)(value.list) ?? [], values: listOf(filled)(value.values) ?? [] } : undefined),
};

/** @typedef {keyof typeof shapes} Key */
/** @template {Key} K @typedef {NonNullable<ReturnType<typeof shapes[K]>>} Kept */
/** @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void } | null} Storage null for none */

/** The browser's storage, or null where even asking for it is forbidden. @returns {Storage} */
export function browserStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** What the browser keeps for this window alone, or null. @returns {Storage} */
export function windowStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

/** What is kept, as JSON; null for nothing. @param {Storage} storage @param {Key} key */
function textOf(storage, key) {
  try {
    return storage?.getItem("workbench." + key) ?? null;
  } catch {
    return null; // forbidden
  }
}

/** @template {Key} K @param {string | null} json @param {K} key @returns {Kept<K> | undefined} */
function valueOf(json, key) {
  try {
    return /** @type {any} */ (shapes[key](JSON.parse(json ?? "null")));
  } catch {
    return undefined; // not JSON
  }
}

/** What is kept of a key, or undefined. @template {Key} K @param {Storage} storage @param {K} key */
export function readKept(storage, key) {
  return valueOf(textOf(storage, key), key);
}

/**
 * Keeps a value, and returns its JSON, or null where that cannot be: then it is
 * forgotten at the next visit.
 * @template {Key} K @param {Storage} storage @param {K} key @param {Kept<K>} value
 */
export function keep(storage, key, value) {
  const json = JSON.stringify(value);
  try {
    storage?.setItem("workbench." + key, json);
    return json;
  } catch {
    return null; // full, or forbidden
  }
}

/**
 * A list that the browser remembers. The windows of the page share it: what one
 * of them changed is there in the others. Where there is no storage, or it is
 * full, the list lives as long as the page.
 * @template {"history" | "targets"} K
 */
export class KeptList {
  #storage;
  #key;
  #read;
  /** The list as it was in the storage when it was last read or written. @type {string | null} */
  #text = null;
  /** @type {Kept<K>} */
  #list = /** @type {any} */ ([]);

  /** @param {Storage} storage @param {K} key @param {(list: Kept<K>) => Kept<K>} read takes what is of use from what was kept */
  constructor(storage, key, read) {
    this.#storage = storage;
    this.#key = key;
    this.#read = read;
  }

  get list() {
    const text = textOf(this.#storage, this.#key);
    if (text !== null && text !== this.#text) {
      this.#text = text;
      const list = valueOf(text, this.#key);
      if (list) this.#list = this.#read(list);
    }
    return this.#list;
  }

  set list(list) {
    this.#list = list;
    this.#text = keep(this.#storage, this.#key, list) ?? this.#text;
  }
}

const maxLines = 200;

/** The lines that were sent, walked with ↑ and ↓ as in a shell. */
export class History {
  #kept;
  /** The lines that are walked: as they were at the draft. @type {string[]} */
  #lines = [];
  #at = 0; // index of the line shown; #lines.length is the draft
  #draft = "";

  /** @param {Storage} storage */
  constructor(storage) {
    this.#kept = new KeptList(storage, "history", (lines) => lines.slice(-maxLines));
  }

  /** Remembers a line and goes back to an empty draft. Empty lines and repeats are not kept. @param {string} line */
  add(line) {
    const before = this.#kept.list;
    if (line !== "" && line !== before.at(-1)) this.#kept.list = [...before, line].slice(-maxLines);
    this.#lines = [];
    this.#at = 0;
    this.#draft = "";
  }

  /** The line before; `current` is what stands in the field. At the oldest it stays. @param {string} current */
  older(current) {
    if (this.#at === this.#lines.length) {
      this.#draft = current;
      this.#lines = this.#kept.list;
      this.#at = this.#lines.length;
    }
    if (this.#at > 0) this.#at--;
    return this.#lines[this.#at] ?? current;
  }

  /** The line after; past the newest comes what was being typed. @param {string} current */
  newer(current) {
    if (this.#at === this.#lines.length) return current;
    this.#at++;
    return this.#lines[this.#at] ?? this.#draft;
  }

  /** The lines that hold a text, the newest first, each once. @param {string} text */
  search(text) {
    const lower = text.toLowerCase();
    return [...new Set([...this.#kept.list].reverse())].filter((line) => line.toLowerCase().includes(lower));
  }
}

/** Puts all settings back to how they are at a first visit. */
export function resetSettings() {
  batch(() => resets.forEach((reset) => reset()));
}

/** @type {(() => void)[]} */
const resets = [];

/**
 * A signal whose value the browser remembers.
 * @template {Key} K
 * @param {K} key @param {Kept<K>} initial
 */
function setting(key, initial) {
  const storage = browserStorage();
  const value = signal(readKept(storage, key) ?? initial);
  let first = true;
  value.subscribe((now) => {
    if (!first) keep(storage, key, now);
    first = false;
  });
  resets.push(() => (value.value = initial));
  return value;
}

const narrow = globalThis.matchMedia?.("(max-width: 600px)").matches ?? false;

/** What the middle of the page shows: "both" lanes, "console", "wire", "ladder", or "messages" beside both. */
export const lanes = setting("lanes", "both");
/** Whether the wire shows hex beside the text. */
export const showHex = setting("hex", true);
/** How many bytes of hex stand in a line: "8", "16", or as many as "fit"; fewer where there is no room. */
export const hexColumns = setting("columns", "fit");
/** Whether control characters show as pictures. */
export const showControls = setting("controls", true);
/** Whether what the server said shows in the terminal colours that it set. */
export const showColours = setting("colours", false);
/** Whether a long session has a map. */
export const showMap = setting("minimap", true);
/** Whether what is picked on the wire is explained under it. */
export const inspecting = setting("inspect", true);
/** The time of a row: "relative" to the start, "absolute", "delta" since the row before, or "none". */
export const timeStyle = setting("time", narrow ? "none" : "relative");
/** Whether the picked mode's summary and options are unfolded; on a phone they begin folded. */
export const detailsOpen = setting("details", !narrow);
/** Whether bytes are typed as hex rather than as text with escapes. */
export const typeHex = setting("typehex", false);
/** Large type, for a room that watches. */
export const presenting = setting("presenting", false);
/** Only what a room watches, in large type: no form, no tools, no hints. */
export const presenter = setting("presenter", false);
/** Whether type is large, for either reason. */
export const largeType = computed(() => presenting.value || presenter.value);
/** The colours: "" as the system has them, "light" or "dark". */
export const theme = setting("theme", "");
