// One live session: a socket, how it stands, and a feed of what came. It does not
// know who shows it.

import { signal } from "../vendor/signals-core.js";
import { Feed } from "./feed.js";
import { Socket, socketURL, maxMessage } from "./socket.js";
import { advice, endAdvice } from "../model/target.js";

let sessions = 0;

export class Session extends Feed {
  /** Tells sessions of this page apart; from 1. */
  id = ++sessions;
  /** Signal: how it stands. @type {import("../vendor/signals-core.js").Signal<import("../types").State>} */
  state;
  /** Signal: the hello entry, once connected. @type {import("../vendor/signals-core.js").Signal<import("../types").Hello | null>} */
  hello = signal(null);
  /** Signal: whether the input was ended (half-close); nothing may be sent after. */
  finished = signal(false);
  /** Signal: how often the workbench has remarked on it. */
  remarks = signal(0);
  /** When it ended, in milliseconds since 1970; 0 while it lives. */
  ended = 0;

  #socket;

  /**
   * @param {{ mode: import("../types").Manifest, options: Record<string, string>, target: string, record: boolean, stays: boolean, tlsChoices: import("../model/target.js").TLSChoices }} choice
   */
  constructor({ mode, options, target, record, stays, tlsChoices }) {
    super();
    this.mode = mode;
    this.options = options;
    this.target = target;
    this.record = record;
    this.stays = stays;
    this.tlsChoices = tlsChoices;
    this.state = signal({ name: "connecting", words: `to ${target} …` });
    this.#socket = new Socket(socketURL(location, mode.name, options, record, stays, tlsChoices), target, {
      connected: () => {
        this.began = Date.now();
        this.#become("connected", `to ${target}`);
      },
      entries: (list) => this.#take(list),
      refused: (reason, refusal) => {
        if (refusal?.code.startsWith("tls-")) this.#become("failed", reason, "See below for what you can do.", { refusal });
        else this.#become("failed", reason, refusal ? advice(refusal.code) : "");
      },
      ended: ({ code, words, cause }) => {
        if (code === 1000 || code === 1001) this.#become("disconnected", words);
        else this.#become("failed", words, endAdvice(cause), { broke: true });
      },
    });
  }

  get connected() {
    return this.state.value.name === "connected";
  }

  get live() {
    return this.connected || this.state.value.name === "connecting";
  }

  /** Bytes that were sent and that the workbench has not taken yet. */
  get waiting() {
    return this.#socket.waiting;
  }

  /**
   * Sends a line (a string) or bytes: to the line mode, a line also as a "part"
   * to which no line end belongs, or bytes "raw", past the line mode. Returns what
   * is wrong, in words, or "".
   * @param {string | Uint8Array} message @param {"" | "part" | "raw"} [how]
   */
  send(message, how = "") {
    if (!this.connected) return "Not connected: press Connect first.";
    if (this.finished.value) return "You ended your input; only the server may still speak.";
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    if (bytes.length > maxMessage) return "That is more than 1 MiB; send it in parts.";
    if (how === "raw") this.#socket.sendRaw(bytes);
    else if (typeof message === "string") this.#socket.sendText(message, how !== "part");
    else this.#socket.sendBytes(message);
    return "";
  }

  /** Half-close. */
  finish() {
    if (!this.connected || this.finished.value) return;
    this.finished.value = true;
    this.#socket.finish();
  }

  /** Ends the session; does nothing if it is over. */
  close() {
    if (!this.live) return;
    const wasConnected = this.connected;
    this.#socket.close();
    this.#become("disconnected", wasConnected ? "you closed the session" : "you stopped connecting");
  }

  /** @param {import("../types").State["name"]} name @param {string} words @param {Partial<import("../types").State>} [more] */
  #become(name, words, hint = "", more = {}) {
    if (name !== "connected") this.ended = Date.now();
    this.state.value = { name, words, hint, ...more };
    this.publishSoon();
  }

  /** @param {import("../types").Entry[]} list */
  #take(list) {
    const hello = /** @type {any} */ (list.find((entry) => entry.kind === "hello"));
    if (hello) this.hello.value = hello;
    if (list.some((entry) => entry.dir === "--")) this.remarks.value++;
    this.take(hello ? list.filter((entry) => entry !== hello) : list);
  }
}
