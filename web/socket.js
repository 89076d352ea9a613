// The WebSocket to the workbench: the handshake, then entries down and messages
// up. Subprotocol workbench.v1; see docs/websocket.md.

const protocol = "workbench.v1";

/** A message may have this many bytes; the workbench ends a session that sends more. */
export const maxMessage = 1024 * 1024;

/** The address of a session's WebSocket. options are name → value. */
export function socketURL(location, mode, options) {
  const query = new URLSearchParams({ mode });
  for (const [name, value] of Object.entries(options)) query.set("option." + name, value);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/websocket/ws?${query}`;
}

/**
 * Opens a session to `target` and reports, in this order:
 *
 *     connected()           the target was reached
 *     entries(list)         what happened since, any number of times
 *     ended({code, words})  the session is over, once
 *
 * or, when there never was a session, refused(reason) alone. After close()
 * nothing more is reported.
 */
export class Socket {
  #ws;
  #on;
  #phase = "opening"; // → "asking" → "open" → "over"

  constructor(url, target, on, WebSocket = globalThis.WebSocket) {
    this.#on = on;
    this.#ws = new WebSocket(url, protocol);
    this.#ws.onopen = () => {
      this.#phase = "asking";
      this.#ws.send(target);
    };
    this.#ws.onmessage = (event) => this.#message(event.data);
    this.#ws.onclose = (event) => this.#closed(event);
    // Nothing to learn from onerror: onclose follows it and says more.
  }

  sendText(text) {
    this.#ws.send(JSON.stringify({ text }));
  }

  sendBytes(bytes) {
    this.#ws.send(bytes);
  }

  /** Half-close: nothing more comes from here, the server may still answer. */
  finish() {
    this.#ws.send(JSON.stringify({ eof: true }));
  }

  close() {
    this.#phase = "over";
    this.#ws.close(1000);
  }

  #message(data) {
    if (this.#phase === "asking") {
      if (data === "SUCC") {
        this.#phase = "open";
        this.#on.connected();
      } else {
        this.#refuse(String(data).replace(/^FAIL:\s*/, ""));
      }
    } else if (this.#phase === "open") {
      this.#on.entries(JSON.parse(data));
    }
  }

  #closed({ code, reason }) {
    if (this.#phase === "opening") {
      this.#refuse("the workbench does not answer; is it still running?");
    } else if (this.#phase === "asking") {
      this.#refuse(reason || "the workbench hung up before it had connected");
    } else if (this.#phase === "open") {
      this.#phase = "over";
      this.#on.ended({ code, words: reason || closeWords(code) });
    }
  }

  #refuse(reason) {
    this.close();
    this.#on.refused(reason);
  }
}

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
