// One session as the page sees it: its state, and the rows of its two lanes.

import { signal } from "./vendor/signals-core.js";
import { EntryReader } from "./rows.js";
import { Log } from "./log.js";
import { Socket, socketURL, maxMessage } from "./socket.js";
import { advice } from "./target.js";

// Milliseconds. A frame that took longer than slowFrame is followed by a rest.
const slowFrame = 50;
const maxRest = 500;

let sessions = 0;

export class Session {
  /** Tells sessions of this page apart; from 1. */
  id = ++sessions;
  /**
   * Signal: { name, words, hint, broke }. name is "connecting", "connected",
   * "disconnected" or "failed"; words say more; hint is what to try; broke says
   * that a session failed after it had connected.
   */
  state;
  /** Signal: the hello entry, once connected: session, mode, options, address. */
  hello = signal(null);
  /** Signal: whether the input was ended (half-close); nothing may be sent after. */
  finished = signal(false);
  console = new Log({ maxSize: 1024 * 1024 });
  wire = new Log({ maxSize: 256 * 1024 });

  #reader = new EntryReader();
  #socket;
  #scheduled = false;
  #rest = 0; // milliseconds until the next publish may be

  /** choice: { mode (a manifest), options, target }. */
  constructor({ mode, options, target }) {
    this.mode = mode;
    this.target = target;
    this.state = signal({ name: "connecting", words: `to ${target} …` });
    this.#socket = new Socket(socketURL(location, mode.name, options), target, {
      connected: () => this.#become("connected", `to ${target}`),
      entries: (list) => this.#take(list),
      refused: (reason) => this.#become("failed", reason, advice(reason)),
      ended: ({ code, words }) => {
        if (code === 1000 || code === 1001) this.#become("disconnected", words);
        else this.#become("failed", words, "Connect again for a new session.", true);
      },
    });
  }

  get connected() {
    return this.state.value.name === "connected";
  }

  get live() {
    return this.connected || this.state.value.name === "connecting";
  }

  /** Sends a line (a string) or bytes. Returns what is wrong in words, or "". */
  send(message) {
    if (!this.connected) return "Not connected: press Connect first.";
    if (this.finished.value) return "You ended your input; only the server may still speak.";
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    if (bytes.length > maxMessage) return "That is more than 1 MiB; send it in parts.";
    if (typeof message === "string") this.#socket.sendText(message);
    else this.#socket.sendBytes(message);
    return "";
  }

  /** Half-close. */
  finish() {
    if (!this.connected || this.finished.value) return;
    this.finished.value = true;
    this.#socket.finish();
  }

  /** Ends the session from here; one that is over stays as it is. */
  close() {
    if (!this.live) return;
    const wasConnected = this.connected;
    this.#socket.close();
    this.#become("disconnected", wasConnected ? "you closed the session" : "you stopped connecting");
  }

  clear() {
    this.console.clear();
    this.wire.clear();
  }

  #become(name, words, hint = "", broke = false) {
    this.state.value = { name, words, hint, broke };
    this.#publishSoon();
  }

  #take(list) {
    for (const entry of list) {
      if (entry.kind === "hello") {
        this.hello.value = entry;
        continue;
      }
      const rows = this.#reader.read(entry);
      if (rows.console) this.console.append(rows.console);
      if (rows.wire) this.wire.append(rows.wire);
    }
    this.#publishSoon();
  }

  // However fast entries come, the page changes once a frame, and where that is
  // more than the browser can draw, it rests as long again between two: taking
  // in what comes goes first. A hidden page has no frames; its rows wait,
  // bounded, for a slow timer.
  #publishSoon() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.hidden) setTimeout(() => this.#publish(), 250);
    else if (this.#rest > 0) setTimeout(() => this.#publish(), this.#rest);
    else requestAnimationFrame(() => this.#publish());
  }

  #publish() {
    const began = performance.now();
    this.#scheduled = false;
    this.console.publish();
    this.wire.publish();
    requestAnimationFrame(() => {
      const took = performance.now() - began;
      this.#rest = took > slowFrame ? Math.min(2 * took, maxRest) : 0;
    });
  }
}
