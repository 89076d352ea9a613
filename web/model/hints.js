// Why nothing may come, or what it may be that came: rules over a session's
// entries. A rule only says "may": it never keeps anybody from anything. Pure; the
// caller has the clock.

import { count } from "./format.js";
import { kindOf, kinds, payload } from "./kinds.js";
import { propose } from "./propose.js";
import { isSecure, secureSchemes } from "./target.js";

/** @typedef {{ id: string, text: string }} Hint */
/**
 * What a session was opened with: its mode's input, the name of that mode, the
 * target as "host:port" or "tls://host:port"; and the line modes that there are.
 * @typedef {{ input: "line" | "bytes" | "characters", mode: string, target: string, modes?: import("../types").Manifest[] }} About
 */

const quiet = 3; // seconds of silence after which the server may wait for something
const slow = 5; // and after which a server that speaks first is late
const kept = 4096; // bytes that are looked at, each way

const latin = new TextDecoder("latin1");

/** Ports of servers that speak first. @type {Record<number, string>} */
const greeters = {
  21: "FTP", 25: "SMTP", 110: "POP3", 119: "NNTP", 143: "IMAP", 465: "SMTP", 563: "NNTP", 587: "SMTP", 990: "FTP",
  993: "IMAP", 995: "POP3", 2525: "SMTP", 4190: "ManageSieve",
};
const securePorts = new Set([...Object.values(secureSchemes).filter((port) => port > 0), 853, 8443, 8883]);

/** What is known of a session when its rules are asked. */
class Facts {
  /** Bytes to the server since it last spoke, as Latin-1; its beginning. */
  asked = "";
  /** Whether the line mode has recognised the last of them as a message. */
  complete = false;
  /** The first bytes that came, as Latin-1. */
  first = "";
  /** What came since the last line feed or message, as Latin-1; its end. */
  tail = "";
  tailBytes = 0;
  /** Whether anything came at all, and how often the server answered anew. */
  turns = 0;
  /** How often something was sent. */
  sends = 0;
  /** Whether the stream has ended, by whomever. */
  ended = false;
  /** Whether it was the server that ended it. */
  serverEnded = false;
  /** Seconds since anything last happened. */
  silent = 0;
}

/**
 * The rules, the surest first; the first that says something counts.
 * @type {{ id: string, says(facts: Facts, about: { input: string, mode: string, tls: boolean, port: number, modes: import("../types").Manifest[] }): string }[]}
 */
const rules = [
  {
    id: "tls-alert",
    says: ({ first }, { tls }) =>
      !tls && /^\x15\x03[\x00-\x04]/.test(first) ? "What came looks like a TLS alert: the server may expect TLS. Switch TLS on and connect again." : "",
  },
  {
    id: "tls-record",
    says: ({ first }, { tls }) => (!tls && /^\x16\x03[\x00-\x04]/.test(first) ? "What came looks like TLS: it may be that TLS has to be switched on." : ""),
  },
  {
    id: "http2",
    says: ({ first, asked, turns, silent }, { mode }) => {
      if (/h2|http-?2/i.test(mode)) return "";
      const frame = /^\x00\x00(.)([\x04\x07])\x00\x00\x00\x00\x00/s.exec(first);
      const settings = frame && (frame[2] === "\x07" || frame[1].charCodeAt(0) % 6 === 0);
      if (settings) return "That looks like HTTP/2, which is binary. For HTTP/1.1, offer http/1.1 as the ALPN protocol, or ask another port.";
      return turns === 0 && silent >= quiet && asked.startsWith("PRI * HTTP/2") ? "PRI begins HTTP/2, which is binary: the server may wait for a SETTINGS frame. Lines are HTTP/1.1." : "";
    },
  },
  {
    id: "looks-like",
    says: ({ first, turns }, { mode }) => {
      const [, name, words] = protocols.find(([begin]) => begin.test(first)) ?? [];
      return turns <= 1 && name && !mode.toLowerCase().includes(name.toLowerCase()) ? `That looks like ${name}${words}` : "";
    },
  },
  {
    id: "tls-port",
    says: ({ turns, sends, serverEnded, ended, silent }, { tls, port }) => {
      if (tls || turns > 0 || !securePorts.has(port)) return "";
      if (serverEnded && sends <= 1) return `It closed without an answer: on port ${port} the server may expect TLS. Switch TLS on and connect again.`;
      return !ended && silent >= slow ? `Nothing came: on port ${port} the server may expect TLS. Switch TLS on and connect again.` : "";
    },
  },
  {
    id: "greeting",
    says: ({ turns, ended, silent }, { port }) => {
      const name = greeters[port];
      if (!name || ended || turns > 0 || silent < slow) return "";
      return `Nothing came for ${slow} s, and ${name} servers speak first: this one may be slow, or not ${name}. Wait, or try another port.`;
    },
  },
  {
    id: "empty-line",
    says: ({ asked, ended, silent }, { input }) => {
      if (ended || silent < quiet || !/^[A-Z-]{3,20} \S+ (HTTP|RTSP|SIP)\/\d(\.\d)?\r?\n/.test(asked) || /\n\r?\n/.test(asked)) return "";
      return `The server may wait for an empty line, which ends the head of a request: ${input === "bytes" ? "send \\r\\n once more." : "press Enter in the empty field."}`;
    },
  },
  {
    id: "line-feed",
    says: ({ asked, ended, silent }) => {
      if (ended || silent < quiet || !isText(asked) || !asked.endsWith("\n") || asked.includes("\r")) return "";
      return "You sent LF alone; the server may want CR LF, which is \\r\\n in bytes.";
    },
  },
  {
    id: "no-line-end",
    says: ({ asked, complete, ended, silent }) =>
      !ended && silent >= quiet && asked !== "" && !complete && isText(asked) && !asked.endsWith("\n") ? "You sent no line end; a server that reads lines may wait for one: CR LF, which is \\r\\n in bytes." : "",
  },
  {
    id: "unfinished",
    says: ({ tail, tailBytes, asked, ended, silent }, { input }) => {
      // A prompt says by itself that it is the user's turn.
      if (input !== "line" || ended || asked !== "" || tailBytes === 0 || silent < quiet || /[:>$#%?\])] ?$/.test(tail)) return "";
      return `${count(tailBytes, "byte")} came without a line end: the rest may still come, or the server may wait for you.`;
    },
  },
  {
    // The last, since it stays for as long as the session does.
    id: "other-mode",
    says: ({ first }, { mode, port, modes }) => {
      const fits = first ? propose(modes, port, first) : null;
      if (!fits?.begins || modes.find(({ name }) => name === mode)?.greetings?.some(({ begins }) => begins === fits.begins)) return "";
      return `The server began with “${fits.begins.trim()}”, as ${fits.name} does${modes.find(({ name }) => name === fits.mode)?.ports?.some((one) => one.port === port) ? ", and on its port" : ""}: the line mode ${fits.mode} may fit better than ${mode}. Pick it for the next session.`;
    },
  },
];

/** What the first bytes of a server look like. @type {[RegExp, string, string][]} */
const protocols = [
  [/^SSH-\d/, "SSH", ": after each side's greeting it goes on in binary, so it may not be possible by hand."],
  [/^RFB \d{3}\.\d{3}\n/, "VNC", ": after its greeting it goes on in binary."],
  [/^..\x00\x00\x0a\d+\.\d+[^\x00]*\x00/s, "MySQL", ", which is binary: a mode that takes bytes may serve better."],
];

/** @param {string} bytes as Latin-1 */
function isText(bytes) {
  return /^[\t\r\n\x20-\x7e]*$/.test(bytes);
}

/** Reads the entries of one session, and has its hint. */
export class HintReader {
  #facts = new Facts();
  #about;
  #clientPassed = false;
  #last = 0; // when anything last happened, in milliseconds

  /** @param {About} about @param {number} now in milliseconds, by any clock */
  constructor({ input, mode, target, modes = [] }, now) {
    this.#about = { input, mode, modes, tls: isSecure(target), port: Number(/:(\d+)$/.exec(target)?.[1] ?? 0) };
    this.#last = now;
  }

  /** @param {import("../types").Entry} entry @param {number} now */
  read(entry, now) {
    const kind = kindOf(entry);
    const facts = this.#facts;
    if (kind === kinds.PassThrough && entry.side === "client") this.#clientPassed = true;
    else if (kind?.flow === "sent" || kind?.flow === "raw" || (kind?.flow === "said" && this.#clientPassed)) this.#sent(payload(entry));
    else if (kind?.flow === "heard") this.#heard(payload(entry));
    else if (kind === kinds.Decoded) this.#recognised(entry.message?.flow);
    else if (kind === kinds.ServerEOF || kind === kinds.ServerFailed) facts.ended = facts.serverEnded = true;
    else if (kind?.finishes || kind === kinds.ClientClosed || kind === kinds.Close || kind === kinds.Failed) facts.ended = true;
    else return;
    this.#last = now;
  }

  /** @param {Uint8Array} bytes */
  #sent(bytes) {
    const facts = this.#facts;
    facts.sends++;
    facts.complete = false;
    // The end matters as the beginning does: of what is long, the middle is left out.
    facts.asked = bounded(facts.asked + latin.decode(bytes.length > 2 * kept ? bytes.subarray(bytes.length - 2 * kept) : bytes));
  }

  /** @param {Uint8Array} bytes */
  #heard(bytes) {
    const facts = this.#facts;
    if (bytes.length === 0) return;
    if (facts.turns === 0 || facts.asked !== "") facts.turns++;
    facts.asked = "";
    if (facts.first.length < 64) facts.first += String.fromCharCode(...bytes.subarray(0, 64)); // "latin1" would be windows-1252
    const end = bytes.lastIndexOf(0x0a) + 1;
    facts.tailBytes = (end ? 0 : facts.tailBytes) + bytes.length - end;
    facts.tail = ((end ? "" : facts.tail) + latin.decode(bytes.subarray(Math.max(end, bytes.length - 16)))).slice(-16);
  }

  // A message is whole, though no line end may close it. What begins behind it in the same
  // bytes is overlooked, until more comes.
  /** @param {string | undefined} flow */
  #recognised(flow) {
    const facts = this.#facts;
    if (flow === "to-server") facts.complete = true;
    if (flow !== "from-server") return;
    facts.tailBytes = 0;
    facts.tail = "";
  }

  /** The hint for now, or null. @param {number} now @returns {Hint | null} */
  hint(now) {
    this.#facts.silent = (now - this.#last) / 1000;
    for (const { id, says } of rules) {
      const text = says(this.#facts, this.#about);
      if (text) return { id, text };
    }
    return null;
  }

  /** Milliseconds from now on after which the hint may be another one; 0: it stays until an entry comes. @param {number} now */
  next(now) {
    const since = now - this.#last;
    return [quiet, slow].map((limit) => limit * 1000 - since).find((rest) => rest > 0) ?? 0;
  }
}

/** @param {string} text */
function bounded(text) {
  return text.length <= 2 * kept ? text : text.slice(0, kept) + text.slice(-kept);
}
