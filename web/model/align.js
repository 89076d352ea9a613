// Which bytes on the wire a row of the console shows. Pure.
//
// A line mode shows the server's bytes as messages, and sends messages as
// bytes. Where the two are the same bytes in the same order, but for line ends,
// it is known which byte is which. Where they are not (another charset, a mode
// that makes something else of them), nothing is claimed: rows then belong
// together only by their event.

const encoder = new TextEncoder();
const maxPending = 2 * 1024 * 1024; // bytes from the server that no message has claimed

const CR = 0x0d;
const LF = 0x0a;

export class Aligner {
  #up = 0; // bytes to the server so far
  #down = 0; // bytes from the server so far
  /** @type {{ row: import("../types").Row, bytes: Uint8Array, n?: number } | null} */
  #said = null; // what the client said last, until it is found on the wire
  /** @type {Uint8Array[]} */
  #pending = [];
  #skipped = 0; // bytes of the first pending chunk that are used up
  #at = 0; // where that is in the stream from the server
  #left = 0;
  #lost = false;

  /** Bytes from the server that no message has claimed. */
  get waiting() {
    return this.#left;
  }

  /** Forgets what was said, and returns what one goes on from as this one does. */
  cut() {
    this.#said = null;
    const rest = new Uint8Array(this.#left);
    let at = -this.#skipped;
    for (const chunk of this.#pending) {
      rest.set(chunk.subarray(Math.max(0, -at)), Math.max(0, at));
      at += chunk.length;
    }
    const state = { up: this.#up, down: this.#down, rest, at: this.#at, lost: this.#lost };
    this.goOn(state);
    return state;
  }

  /** Goes on from where another was cut. @param {ReturnType<Aligner["cut"]>} state */
  goOn({ up, down, rest, at, lost }) {
    this.#up = up;
    this.#down = down;
    this.#pending = rest.length ? [rest] : [];
    this.#left = rest.length;
    this.#skipped = this.#chunk = this.#chunkFrom = 0;
    this.#at = at;
    this.#lost = lost;
  }

  /**
   * Bytes to the server: gives the row its place, and the message that they come from.
   * @param {import("../types").Row} row @param {Uint8Array} bytes
   */
  sent(row, bytes) {
    row.stream = "up";
    row.from = this.#up;
    row.to = this.#up += bytes.length;
    const said = this.#said;
    if (said && said.n === row.n && startsWith(bytes, said.bytes)) {
      said.row.from = row.from;
      said.row.to = row.from + said.bytes.length;
      this.#said = null;
    }
  }

  /** Bytes from the server. @param {import("../types").Row} row @param {Uint8Array} bytes */
  received(row, bytes) {
    row.stream = "down";
    row.from = this.#down;
    row.to = this.#down += bytes.length;
    if (this.#lost || bytes.length === 0) return;
    this.#pending.push(bytes);
    this.#left += bytes.length;
    if (this.#left > maxPending) this.#lose();
  }

  /** Bytes that went by unseen, which count. @param {"up" | "down"} stream @param {number} length */
  unseen(stream, length) {
    if (stream === "up") return void (this.#up += length);
    this.#use(this.#left);
    this.#down += length;
    this.#at += length;
  }

  /** The client said something. @param {import("../types").Row} row @param {Uint8Array | string} message */
  said(row, message) {
    row.stream = "up";
    this.#said = { row, bytes: bytesOf(message), n: row.n };
  }

  /** The line mode shows something. @param {import("../types").Row} row @param {Uint8Array | string} message */
  shown(row, message) {
    row.stream = "down";
    if (this.#lost) return;
    const bytes = bytesOf(message);
    // What is shown begins where the last message ended, or after its line end.
    for (const skip of bytes.length === 0 ? [0] : [0, ...this.#lineEnd()]) {
      const length = this.#match(bytes, skip);
      if (length < 0) continue;
      row.from = this.#at + skip;
      row.to = row.from + length;
      this.#use(skip + length);
      // An empty message is a line that has nothing but its end.
      if (bytes.length === 0) this.#use(this.#lineEnd()[0] ?? 0);
      else if (typeof message === "string") this.#use(this.#lineEnd()[0] ?? 0);
      return;
    }
    this.#lose();
  }

  /** Both lanes show the same bytes. @param {import("../types").Row} copy @param {import("../types").Row} row */
  same(copy, row) {
    copy.stream = row.stream;
    copy.from = row.from;
    copy.to = row.to;
    if (row.stream === "down") this.#use(this.#left);
  }

  // The lengths that a line end here may have.
  #lineEnd() {
    const first = this.#byte(0);
    if (first === LF) return [1];
    if (first === CR) return this.#byte(1) === LF ? [2] : [1];
    return [];
  }

  // How many pending bytes the message covers, from `skip` on, or -1. U+FFFD in
  // a message may stand for one byte that is not UTF-8.
  /** @param {Uint8Array} bytes @param {number} skip */
  #match(bytes, skip) {
    let at = skip;
    for (let i = 0; i < bytes.length; i++, at++) {
      const byte = this.#byte(at);
      if (byte === bytes[i]) continue;
      if (byte >= 0x80 && bytes[i] === 0xef && bytes[i + 1] === 0xbf && bytes[i + 2] === 0xbd) i += 2;
      else return -1;
    }
    return at - skip;
  }

  #chunk = 0; // the chunk that #byte found last, and where it begins
  #chunkFrom = 0;

  /** @param {number} at */
  #byte(at) {
    if (at >= this.#left) return -1;
    let i = this.#chunk;
    let from = this.#chunkFrom;
    const wanted = at + this.#skipped;
    if (wanted < from) i = from = 0;
    while (wanted >= from + this.#pending[i].length) from += this.#pending[i++].length;
    this.#chunk = i;
    this.#chunkFrom = from;
    return this.#pending[i][wanted - from];
  }

  /** @param {number} n */
  #use(n) {
    this.#at += n;
    this.#left -= n;
    this.#skipped += n;
    let gone = 0;
    while (gone < this.#pending.length && this.#skipped >= this.#pending[gone].length) this.#skipped -= this.#pending[gone++].length;
    if (gone) this.#pending.splice(0, gone);
    this.#chunk = this.#chunkFrom = 0;
  }

  #lose() {
    this.#lost = true;
    this.#pending = [];
    this.#left = 0;
  }
}

// Most messages are short and ASCII, which the encoder takes long for.
/** @param {Uint8Array | string} message */
function bytesOf(message) {
  if (typeof message !== "string") return message;
  if (message.length > 256) return encoder.encode(message);
  const bytes = new Uint8Array(message.length);
  for (let i = 0; i < message.length; i++) {
    const code = message.charCodeAt(i);
    if (code >= 0x80) return encoder.encode(message);
    bytes[i] = code;
  }
  return bytes;
}

/** @param {Uint8Array} bytes @param {Uint8Array} start */
function startsWith(bytes, start) {
  if (start.length > bytes.length) return false;
  for (let i = 0; i < start.length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}
