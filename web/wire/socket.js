// The WebSocket to the workbench: the handshake, then entries down and messages
// up. Subprotocol workbench.v1; see docs/websocket.md. It knows no rows: what it
// gets, it hands on as it came.

const protocol = "workbench.v1";

/** A message may have this many bytes; the workbench ends a session that sends more. */
export const maxMessage = 1024 * 1024;

/**
 * The address of a session's WebSocket. options are name → value; record says
 * whether the workbench may keep a transcript, where it keeps any; stays, whether
 * the session goes on after the end of the server's stream; tls has the choices
 * for TLS that are not the default; window, if it is named, keeps the session for
 * who comes back by attachURL; serving says how a practice server serves it; ws has
 * the choices for a WebSocket server; elsewhere lets the line mode connect to other hosts than the target's.
 * @param {{ protocol: string, host: string }} location @param {string} mode
 * @param {Record<string, string>} options @param {import("../model/target.js").TLSChoices} tls
 * @param {Record<string, string>} [serving] @param {boolean} [upgrades] tls is for an upgrade in mid-stream
 * @param {import("../model/target.js").WebSocketChoices} [ws]
 */
export function socketURL(location, mode, options, record = true, stays = false, tls = {}, window = "", serving = {}, via = "", upgrades = false, ws = {}, elsewhere = false) {
  const query = new URLSearchParams({ mode });
  if (window) {
    query.set("keep", "on");
    query.set("window", window);
  }
  if (!record) query.set("record", "off");
  if (stays) query.set("server-eof", "stay");
  if (elsewhere) query.set("elsewhere", "on");
  for (const [name, value] of Object.entries(options)) query.set("option." + name, value);
  for (const [name, value] of Object.entries(tls)) query.set("tls." + name, value);
  if (upgrades && Object.keys(tls).length) query.set("starttls", "on");
  for (const [name, value] of Object.entries(serving)) query.set("with." + name, value);
  if (via) query.set("via", via);
  for (const [name, value] of Object.entries(ws)) {
    for (const one of name === "header" ? value.split("\n").filter((line) => line.trim()) : [value]) query.append("ws." + name, one);
  }
  return addressOf(location, query);
}

/**
 * The address by which a window comes to a session that lives in the workbench.
 * @param {{ protocol: string, host: string }} location @param {string} id
 * @param {{ window: string, was?: string, from: number, of?: Record<string, string> }} who from: the number of the first entry that it wants;
 *   of: whose session it is, where it is somebody else's, as in { student: "anna" }
 */
export function attachURL(location, id, { window, was = "", from, of = {} }) {
  const query = new URLSearchParams({ attach: id, window, from: String(from), ...of });
  if (was) query.set("was", was);
  return addressOf(location, query);
}

/** @param {{ protocol: string, host: string }} location @param {URLSearchParams} query */
function addressOf(location, query) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/websocket/ws?${query}`;
}

/**
 * Opens a session to `target`, or with null comes to the one that the URL names, and
 * reports, in this order:
 *
 *     waiting(address)      a client is waited for there, of a target that is one
 *     connected()           the target was reached
 *     entries(list)         what happened since, any number of times
 *     ended({code, words, cause})  the session is over, once; cause is for machines
 *                           (docs/websocket.md), "" where the workbench told none
 *
 * or, when there never was a session, refused(reason, refusal) alone, where
 * refusal is the reason for machines, or null. After close() nothing more is
 * reported.
 *
 * @typedef {{ waiting?(address: string): void, connected(): void, entries(list: import("../types").Entry[]): void,
 *   ended(end: { code: number, words: string, cause: string }): void, refused(reason: string, refusal: import("../types").Refusal | null): void }} Listener
 */
export class Socket {
  #ws;
  #on;
  #phase = "opening"; // → "asking" → "open" or "refused" → "over"
  #reason = ""; // of the refusal, which may be followed by its code
  /** How the session ended, in full, once that was told. @type {import("../types").Entry | null} */
  #end = null;

  /** @param {string} url @param {string | null} target @param {Listener} on */
  constructor(url, target, on, WebSocket = globalThis.WebSocket) {
    this.#on = on;
    this.#ws = new WebSocket(url, protocol);
    this.#ws.onopen = () => {
      this.#phase = "asking";
      if (target !== null) this.#ws.send(target);
    };
    this.#ws.onmessage = (event) => this.#message(event.data);
    this.#ws.onclose = (event) => this.#closed(event);
    // onerror is not needed: onclose follows it and says more.
  }

  /** Bytes that were sent and have not left the browser; 0 once they cannot leave any more. */
  get waiting() {
    return this.#ws.readyState > 1 ? 0 : this.#ws.bufferedAmount;
  }

  /** Sends a message of workbench.v1. @param {object} message */
  send(message) {
    this.#ws.send(JSON.stringify(message));
  }

  /** @param {Uint8Array} bytes */
  sendBytes(bytes) {
    this.#ws.send(/** @type {any} */ (bytes));
  }

  close() {
    this.#phase = "over";
    this.#ws.close(1000);
  }

  /** @param {any} data */
  #message(data) {
    if (this.#phase === "asking") {
      if (data === "SUCC") {
        this.#phase = "open";
        this.#on.connected();
      } else if (String(data).startsWith("WAIT:")) {
        this.#on.waiting?.(data.slice("WAIT:".length));
      } else {
        this.#phase = "refused";
        this.#reason = String(data).replace(/^FAIL:\s*/, "");
      }
    } else if (this.#phase === "refused") {
      const refusal = JSON.parse(data).find((/** @type {import("../types").Entry} */ entry) => entry.kind === "refused");
      this.#refuse(this.#reason, refusal);
    } else if (this.#phase === "open") {
      const list = JSON.parse(data);
      if (list[0].kind === "ended") this.#end = list[0];
      else this.#on.entries(list);
    }
  }

  /** @param {{ code: number, reason: string }} event */
  #closed({ code, reason }) {
    if (this.#phase === "opening") {
      this.#refuse("the workbench does not answer; is it still running?");
    } else if (this.#phase === "asking") {
      this.#refuse(reason || "the workbench hung up before it had connected");
    } else if (this.#phase === "refused") {
      this.#refuse(this.#reason);
    } else if (this.#phase === "open") {
      this.#phase = "over";
      this.#on.ended({ code, words: this.#end?.text || reason || closeWords(code), cause: this.#end?.code ?? "" });
    }
  }

  /** @param {string} reason @param {import("../types").Refusal | null} [refusal] */
  #refuse(reason, refusal = null) {
    this.close();
    this.#on.refused(reason, refusal);
  }
}

/** @param {number} code */
function closeWords(code) {
  switch (code) {
    case 1000:
      return "the session is over";
    case 1001:
      return "the workbench is stopping";
    case 1006:
      return "the connection to the workbench broke; is it still running?";
    case 1009:
      return "a message was too big";
  }
  return `the workbench ended the session (code ${code})`;
}
