// One session: how it stands, and a feed of what came. It lives in the workbench. When
// the page loses its connection, the session goes on, and this comes back to it: from
// the entry after the last that came, and with what the workbench has not taken yet of
// what was sent. It does not know who shows it.

import { signal } from "../vendor/signals-core.js";
import { Feed } from "./feed.js";
import { Socket, attachURL, socketURL, maxMessage } from "./socket.js";
import { advice, endAdvice } from "../model/advice.js";
import { isSecure, isWebSocket, takesTLS } from "../model/target.js";
import { change } from "./workbench.js";

let sessions = 0;

const retryFirst = 250; // milliseconds before the page tries to come back, doubling …
const retryMost = 5000; // … up to this

/** Names this page among all that watch a session. */
export const pageWindow = Array.from({ length: 3 }, () => Math.random().toString(36).slice(2)).join("").slice(0, 24);

/**
 * @typedef {{ mode: import("../types").Manifest, options: Record<string, string>, target: string, record: boolean, stays: boolean, elsewhere?: boolean,
 *   tlsChoices: import("../model/target.js").TLSChoices, serving?: Record<string, string>, via?: string,
 *   ws?: import("../model/target.js").WebSocketChoices }} Choice what a session is opened with
 */

export class Session extends Feed {
  /** Tells sessions of this page apart; from 1. */
  id = ++sessions;
  /** Signal: how it stands. @type {import("../vendor/signals-core.js").Signal<import("../types").State>} */
  state;
  /** Signal: the hello entry, once connected. @type {import("../vendor/signals-core.js").Signal<import("../types").Hello | null>} */
  hello = signal(null);
  /** Signal: whether the input was ended (half-close); nothing may be sent after. */
  finished = signal(false);
  /** Signal: what an upgrade to TLS came to, in words; "" before it. */
  upgraded = signal("");
  /** Signal: whether an upgrade was asked for here, and its outcome has not come. */
  upgrading = signal(false);
  /** Signal: how often the workbench has remarked on it. */
  remarks = signal(0);
  /** Signal: the rules on faults that it has. @type {import("../vendor/signals-core.js").Signal<import("../model/faults.js").Fault[]>} */
  faults = signal([]);
  /** Signal: what is wrong with the rules that it was given last, in words; "": nothing. */
  faultProblem = signal("");
  /** Signal: how its recording stands; null where there is none. @type {import("../vendor/signals-core.js").Signal<import("../types").RecordingState | null>} */
  recording = signal(null);
  /** Signal: who else watches, and who has the keyboard; null where the session ends with the page. @type {import("../vendor/signals-core.js").Signal<import("../types").Watch | null>} */
  watch = signal(null);
  /** When it ended, in milliseconds since 1970; 0 while it lives. */
  ended = 0;

  /** What to come back to it by, or "". */
  attach = "";
  /** The ID of its recording, or "". */
  transcript = "";
  /** Whose it is, where it is somebody else's, who can only be watched; else null. @type {Record<string, string> | null} */
  of;
  #refusal = /** @type {import("../types").Refusal | null} */ (null); // of an upgrade
  #was = ""; // the window that this one replaces
  #socket;
  #connected = false; // the socket has
  #next = 1; // the number of the entry that comes next
  #number = 0; // of the last message
  #unsent = /** @type {{ m: number, message: object, size: number }[]} */ ([]); // that the workbench has not taken yet
  #waiting = 0; // their size in all
  #retry = retryFirst;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #telling = Promise.resolve(); // of faults

  /**
   * Opens a session; or comes to the one that attach names, in the place of the
   * window was. of says whose that is, if it is somebody else's: { student: NAME } for a
   * student's, { show: "1" } for what the teacher shows.
   * @param {Choice} choice @param {{ attach: string, was: string, transcript: string, of?: Record<string, string> }} [at] transcript: what came of it, should the workbench have forgotten it
   */
  constructor({ mode, options, target, record, stays, elsewhere = false, tlsChoices, serving = {}, via = "", ws = {} }, at) {
    super();
    this.mode = mode;
    this.options = options;
    this.target = target;
    this.record = record;
    this.stays = stays;
    this.elsewhere = elsewhere;
    this.tlsChoices = tlsChoices;
    this.serving = serving;
    this.via = via;
    this.ws = ws;
    this.attach = at?.attach ?? "";
    this.#was = at?.was ?? "";
    this.transcript = at?.transcript ?? "";
    this.of = at?.of ?? null;
    this.state = signal({ name: "connecting", words: `to ${target} …` });
    this.#socket = this.#open();
    if (this.attach) globalThis.addEventListener?.("online", this.#hurry);
  }

  #open() {
    const url = this.attach
      ? attachURL(location, this.attach, { window: pageWindow, was: this.#was, from: this.#next, ...(this.of && { of: this.of }) })
      : socketURL(location, this.mode.name, this.options, this.record, this.stays, this.tlsChoices, pageWindow, this.serving, this.via, this.canUpgrade, this.ws, this.elsewhere);
    return new Socket(url, this.attach ? null : this.target, {
      waiting: (address) => {
        this.state.value = { name: "connecting", words: `for a client at ${address} …`, waits: true };
      },
      connected: () => {
        this.#connected = true;
        this.#retry = retryFirst;
        if (!this.attach) this.began = Date.now();
        this.#become("connected", `to ${this.target}`);
      },
      entries: (list) => this.#take(list),
      refused: (reason, refusal) => {
        if (this.attach && !refusal) this.#unanswered();
        else if (refusal?.code === "session-unknown") this.#forgotten();
        else if (refusal?.code.startsWith("tls-")) this.#become("failed", reason, "See below for what you can do.", { refusal });
        else this.#become("failed", reason, refusal ? advice(refusal.code) : "");
      },
      ended: ({ code, words, cause }) => {
        this.#connected = false;
        if (this.attach && !cause && code !== 1000 && code !== 1008) this.#comeBack();
        else if (code === 1000 || code === 1001) this.#become("disconnected", words);
        else if (this.#refusal) this.#become("failed", words, "See below for what you can do.", { broke: true, refusal: this.#refusal });
        else this.#become("failed", words, endAdvice(cause), { broke: true });
      },
    });
  }

  /** The workbench has forgotten the session, or was started anew: what came of it is in the recording at most. */
  async #forgotten() {
    const recorded = this.transcript !== "" && !this.of;
    this.#become("failed", "the session is over, and the workbench no longer keeps it", recorded ? "Its recording is under Transcripts." : "", { broke: true });
    if (!recorded || this.#next > 1) return; // the rows are here
    const { transcriptEntries } = await import("./transcripts.js");
    const { entries } = await transcriptEntries(this.transcript).catch(() => ({ entries: [] }));
    this.take(entries);
  }

  /** The handshake failed: the workbench is away, or it does not know this browser, as another one behind the same address may not. */
  async #unanswered() {
    this.#comeBack();
    const answer = await fetch("/api/modes").catch(() => null);
    if (answer?.status !== 401 || !this.state.value.away) return;
    clearTimeout(this.#timer);
    this.#become("failed", "the workbench that answers now does not know this browser", "Open a new link to it: workbench token link prints one. Or reload the page, and sign in.", { broke: true });
  }

  /** Tries to come back to the session, again and again. */
  #comeBack() {
    this.state.value = { name: "connected", words: `to ${this.target}`, hint: "The connection to the workbench broke. The session goes on there; trying to come back …", away: true };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#hurry, this.#retry);
    this.#retry = Math.min(2 * this.#retry, retryMost);
  }

  /** Tries to come back now, where that is due. */
  #hurry = () => {
    if (!this.state.value.away) return;
    clearTimeout(this.#timer);
    this.#socket.close();
    this.#socket = this.#open();
  };

  /** @override */
  again = async (/** @type {number} */ from, /** @type {number} */ to) => {
    const response = await fetch(`/api/sessions/${encodeURIComponent(this.attach)}/entries?from=${from}&count=${Math.min(to - from, 10_000)}${this.of ? "&" + new URLSearchParams(this.of) : ""}`);
    if (response.status === 404) throw new Error("the workbench no longer keeps this session");
    if (!response.ok) throw new Error((await response.text()).trim());
    return response.json();
  };

  /** @override */
  get goneWhy() {
    if (this.of) return ".";
    const kept = this.transcript && !["recording-full", "recording-stopped"].includes(this.recording.value?.code ?? "") ? "They are in its recording, under Transcripts." : "They are not recorded.";
    return `, since the workbench does not keep this session. ${kept}`;
  }

  get connected() {
    return this.state.value.name === "connected";
  }

  get live() {
    return this.connected || this.state.value.name === "connecting";
  }

  /** Bytes that were sent and that the workbench has not taken yet. */
  get waiting() {
    return this.attach ? this.#waiting : this.#socket.waiting;
  }

  /** Whether this window has the keyboard. */
  get hasKeyboard() {
    const watch = this.watch.value;
    return !this.of && (!watch || watch.keyboard === watch.window);
  }

  /**
   * Sends a line (a string) or bytes: to the line mode, a line also as a "part"
   * to which no line end belongs, or bytes "raw", past the line mode. Returns what
   * is wrong, in words, or "".
   * @param {string | Uint8Array} message @param {"" | "part" | "raw"} [how]
   */
  send(message, how = "") {
    const why = this.#maySay();
    if (why) return why;
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    if (bytes.length > maxMessage) return "That is more than 1 MiB; send it in parts.";
    if (how === "raw") this.#say({ raw: base64(bytes) });
    else if (typeof message === "string") this.#say(how === "part" ? { text: message, eol: false } : { text: message });
    else if (this.attach) this.#say({ bytes: base64(bytes) });
    else this.#socket.sendBytes(message);
    return "";
  }

  /**
   * Uses a command of the line mode: a line, or with values a command's name. The workbench
   * checks it, and says in the session what is wrong. Returns why it cannot be said, or "".
   * @param {string} line @param {Record<string, string>} [values]
   */
  command(line, values) {
    const why = this.#maySay();
    if (!why) this.#say(values ? { command: line, values } : { command: line });
    return why;
  }

  /** Why nothing may be said to the session, or "". */
  #maySay() {
    if (!this.connected) return "Not connected: press Connect first.";
    if (this.of) return "You can only watch this session.";
    if (!this.hasKeyboard) return `Window ${this.watch.value?.keyboard} has the keyboard; you can ask for it above.`;
    return this.finished.value ? "You ended your input; only the server may still speak." : "";
  }

  /** @param {object} message */
  #say(message) {
    if (!this.attach) return this.#socket.send(message);
    const m = ++this.#number;
    const size = JSON.stringify(message).length;
    this.#unsent.push({ m, message, size });
    this.#waiting += size;
    if (this.#connected) this.#socket.send({ ...message, m });
  }

  /** Adds rules on faults, as a file has them. Returns why it cannot be said, or "". @param {string} rules */
  addFaults(rules) {
    const why = this.finished.value && this.connected && this.hasKeyboard ? "" : this.#maySay();
    this.faultProblem.value = "";
    if (!why) this.#say({ fault: rules });
    return why;
  }

  /** Half-close. */
  finish() {
    if (!this.connected || this.finished.value || !this.hasKeyboard) return;
    this.finished.value = true;
    this.#say({ eof: true });
  }

  /** Whether the target was dialled with TLS. */
  get isTLS() {
    return isSecure(this.target);
  }

  /** Whether the connection to the server could become TLS in mid-stream. */
  get canUpgrade() {
    return !this.isTLS && takesTLS(this.target) && !isWebSocket(this.target);
  }

  /** Has the workbench upgrade the connection to the server to TLS. */
  startTLS() {
    if (!this.connected || !this.hasKeyboard || this.finished.value || !this.canUpgrade || this.upgraded.value || this.upgrading.value) return;
    this.upgrading.value = true;
    this.#say({ starttls: true });
  }

  /** Asks for the keyboard, which is given at once where nobody has it. */
  askForKeyboard() {
    if (this.#connected) this.#socket.send({ keyboard: "take" });
  }

  /** Hands the keyboard over. @param {number} window */
  giveKeyboard(window) {
    if (this.#connected) this.#socket.send({ keyboard: "give", to: window });
  }

  /** Ends the session, or where another window has its keyboard, leaves it; does nothing if it is over. */
  close() {
    if (!this.live) return;
    const wasConnected = this.connected;
    if (this.attach && this.hasKeyboard) {
      if (this.#connected) this.#socket.send({ end: true });
      else change("/api/sessions/" + encodeURIComponent(this.attach), { method: "DELETE", keepalive: true }).catch(() => {});
    }
    const words = !wasConnected ? "you stopped connecting" : this.hasKeyboard ? "you closed the session" : "you left the session, which goes on";
    this.leave();
    this.#become("disconnected", words);
  }

  /** Watches no longer. The session goes on. */
  leave() {
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#hurry);
    this.#socket.close();
  }

  /** @param {import("../types").State["name"]} name @param {string} words @param {Partial<import("../types").State>} [more] */
  #become(name, words, hint = "", more = {}) {
    if (name !== "connected") {
      this.ended = Date.now();
      this.leave();
    }
    this.state.value = { name, words, hint, ...more };
    this.publishSoon();
  }

  /** @param {import("../types").Entry[]} list */
  #take(list) {
    /** @type {import("../types").Entry[]} */
    const entries = [];
    for (const entry of list) {
      const one = /** @type {any} */ (entry);
      if (entry.kind === "hello") this.#greeted(one);
      else if (entry.kind === "watch") this.#watched(one);
      else if (entry.kind === "not-taken") this.#notTaken(one);
      else if (entry.kind === "gap") {
        this.#next = one.from + one.entries;
        entries.push({ dir: "--", kind: "remark", missing: one.entries, text: `here ${one.entries.toLocaleString("en")} entries are missing: they are no longer in memory, and the recording does not have them` });
      } else if (entry.i === undefined || entry.i >= this.#next) {
        this.#next = (entry.i ?? this.#next - 1) + 1;
        entries.push(entry);
      }
    }
    if (entries.some((entry) => entry.dir === "--")) this.remarks.value++;
    for (const entry of entries) {
      const { recording, refusal, side, kind, dir, text, code } = entry;
      if (code?.startsWith("fault")) this.#told(entry);
      if (recording) this.recording.value = recording;
      if (refusal) this.#refusal = refusal;
      if (dir === ">>" && side === "server" && kind === "tls") {
        this.upgraded.value = text || "tls";
        this.upgrading.value = false;
      }
    }
    this.take(entries);
  }

  /** @param {import("../types").Hello} hello */
  #greeted(hello) {
    if (hello.attach && !this.attach) globalThis.addEventListener?.("online", this.#hurry);
    this.attach = hello.attach ?? "";
    this.pages.again = this.attach !== "";
    this.#was = "";
    if (hello.age !== undefined) this.began = Date.now() - 1000 * hello.age;
    this.options = hello.options;
    this.transcript = hello.transcript ?? "";
    this.recording.value = hello.recording ?? null;
    this.hello.value = hello;
    if (!hello.watch) return;
    this.#watched(hello.watch);
    for (const { m, message } of this.#unsent) this.#socket.send({ ...message, m });
  }

  /** @param {import("../types").Watch} watch */
  #watched(watch) {
    while (this.#unsent.length > 0 && this.#unsent[0].m <= watch.taken) this.#waiting -= /** @type {{ size: number }} */ (this.#unsent.shift()).size;
    this.#number = Math.max(this.#number, watch.taken);
    if (watch.eof) this.finished.value = true;
    this.watch.value = watch;
  }

  /** Takes what the session tells of faults, in order. @param {import("../types").Entry} entry */
  #told(entry) {
    this.#telling = this.#telling.then(async () => {
      const { toldOf } = await import("../model/faults.js");
      this.faults.value = toldOf(this.faults.value, entry);
    }, () => {});
  }

  /** @param {{ m: number, text: string, code: string }} refusal */
  #notTaken({ m, text, code }) {
    if (code === "fault") this.faultProblem.value = text;
    const lost = this.#unsent.filter((one) => one.m === m);
    this.#unsent = this.#unsent.filter((one) => one.m !== m);
    this.#waiting = this.#unsent.reduce((sum, one) => sum + one.size, 0);
    if (lost.length) this.take([{ dir: "--", kind: "remark", text: "not sent: " + text }]);
  }
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let chars = "";
  for (let i = 0; i < bytes.length; i += 4096) chars += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return globalThis.btoa(chars);
}
