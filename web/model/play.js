// What a play says as it goes on, as docs/play.md has it, and what becomes of that for
// whoever looks on: a row for each client, or for each step. Pure.

import { count } from "./format.js";

/**
 * @typedef {{ event: string, address?: string, tls?: string, fingerprint?: string, upgrades?: boolean, early?: number, client?: string, file?: string, steps?: number, n?: number, at?: number,
 *   entry?: import("../types").SideEntry, offset?: number, from?: string, want?: string, got?: string, nearest?: boolean, diff?: string,
 *   result?: "same" | "different" | "failed", mismatches?: number, answers?: number, bytes?: number, code?: string, error?: string,
 *   certificate?: { fingerprint: string, subject?: string }, warnings?: string[] }} PlayEvent
 *
 * How far one client has come: closed: its connection is; ended: how its talk went; differs: where it said something else first.
 * @typedef {{ id: number, name: string, steps: number, closed: boolean, differs?: PlayEvent, ended?: PlayEvent }} PlayClient
 */

const mostClients = 200; // rows; older ones go
const mostSteps = 1000; // as many as the workbench tells

/** A play, from what it has said so far. */
export class PlayLog {
  /** Where clients can connect, or what is dialled. */
  address = "";
  /** How the dialled connection is secured, in words. */
  tls = "";
  /** Of the certificate with which a played server upgrades to TLS, or "". */
  fingerprint = "";
  /** Whether the recording upgrades to TLS. */
  upgrades = false;
  /** Bytes of the server that were dropped, because they came in clear before TLS. */
  early = 0;
  connected = false;
  /** Steps of the recording; 0 for several in any order. */
  steps = 0;
  /** @type {string[]} */
  warnings = [];
  /** The newest first. @type {PlayClient[]} */
  clients = [];
  came = 0; // clients in all
  turnedAway = 0;
  /** What was said and came, as the client. @type {PlayEvent[]} */
  done = [];
  /** @type {PlayEvent | null} */
  differs = null;
  /** @type {PlayEvent | null} */
  ended = null;
  /** Why it ended by itself, in words, or "". */
  stopped = "";

  /** @param {PlayEvent} event */
  take(event) {
    const client = event.client ? this.clients.find((one) => one.name === event.client) : undefined;
    switch (event.event) {
      case "listening":
      case "dialling":
        this.address = event.address ?? "";
        this.steps = event.steps ?? 0;
        this.fingerprint = event.fingerprint ?? "";
        this.upgrades = event.upgrades ?? false;
        this.warnings = event.warnings ?? [];
        break;
      case "connected":
        if (event.client) {
          this.clients = [{ id: ++this.came, name: event.client, steps: 0, closed: false }, ...this.clients].slice(0, mostClients);
        } else {
          this.connected = true;
          this.address = event.address ?? this.address;
          this.tls = event.tls ?? "";
        }
        break;
      case "secured":
        this.tls = event.tls ?? "";
        this.early = event.early ?? 0;
        break;
      case "turned-away":
        this.turnedAway++;
        break;
      case "step":
        if (client) client.steps = event.steps ?? 0;
        else if (!event.client && this.done.length < mostSteps) this.done.push(event);
        break;
      case "mismatch":
        if (client) client.differs ??= event;
        else if (!event.client) this.differs ??= event;
        break;
      case "closed":
        if (client) client.closed = true;
        break;
      case "ended":
        if (client) Object.assign(client, { ended: event, steps: event.steps ?? client.steps });
        else if (!event.client) this.ended = event;
        break;
      case "stopped":
        this.stopped = event.error ?? "";
    }
  }
}

/** What a peer said in the place of what was recorded, in words. @param {PlayEvent} mismatch */
export function differenceWords({ offset = 0, from, want, got, nearest }) {
  const words = `byte ${offset.toLocaleString("en")} of what the ${from} says: expected ${want}, got ${got}`;
  return nearest ? `fits no recording that is left. The nearest: ${words}` : words;
}

/** How a client of a played server stands: in a word for its looks, and in words. @param {PlayClient} client @param {number} all steps of the recording, or 0 */
export function clientState({ steps, closed, differs, ended }, all) {
  const far = all > 0 ? `, ${steps.toLocaleString("en")} of ${count(all, "step")}` : "";
  if (ended?.result === "failed") return { look: "bad", words: `broke off${far}: ${ended.error}` };
  if (differs) return { look: "bad", words: ended ? "different" : "different so far" };
  if (ended) return { look: "good", words: "the same" + far };
  if (closed) return { look: "", words: "left without a word" };
  return { look: "", words: steps > 0 ? "agrees so far" + far : "connected" };
}

/** How a play as the client went, in words. @param {PlayLog} log */
export function outcomeWords({ ended, differs }) {
  if (!ended) return "";
  if (ended.result === "same") return `The same: ${count(ended.answers ?? 0, "answer")}, ${count(ended.bytes ?? 0, "byte")}.`;
  if (ended.result === "different") return `Different${differs?.n ? ", first at event " + differs.n : ""}.`;
  const words = ended.error ?? "";
  return "Not played to its end: " + words + (/[.!?]$/.test(words) ? "" : ".");
}

/** What is wrong with what was filled in for a play as the server, in words, or "". @param {string} port */
export function portProblem(port) {
  return port.trim() === "" || (/^\d{1,5}$/.test(port.trim()) && Number(port) >= 1 && Number(port) <= 65535) ? "" : "A port is a number from 1 to 65535; leave it empty for a free one.";
}
