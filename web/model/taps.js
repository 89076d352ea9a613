// The taps of the user, as the workbench tells of them, and what is said of one.

import { signal } from "../vendor/signals-core.js";
import { dataSize } from "./format.js";
import { fieldsOf, splitTarget } from "./target.js";

/** @typedef {import("../types").Tapped} Tapped */
/** @typedef {import("../types").TapConnection} TapConnection */

/** The taps, in order. */
export class Taps {
  /** Signal: all of them, the newest first; null before the workbench has told. @type {import("../vendor/signals-core.js").Signal<Tapped[] | null>} */
  all = signal(null);

  /** Takes what the stream says. @param {import("../types").TapsSaid} said */
  take({ order, taps }) {
    const known = new Map((this.all.value ?? []).map((one) => [one.id, one]));
    for (const one of taps) known.set(one.id, one);
    this.all.value = order.map((id) => known.get(id)).filter((one) => one !== undefined);
  }

  /** The connection that is watched by an ID, with its tap; null: there is none. @param {string} attach @returns {{ tap: Tapped, connection: TapConnection } | null} */
  find(attach) {
    for (const tap of this.all.value ?? []) {
      const connection = tap.connections.find((one) => one.attach === attach);
      if (connection) return { tap, connection };
    }
    return null;
  }
}

/** Where a tap is to listen, as the workbench takes it: a port alone is one of 127.0.0.1. @param {string} typed */
export function listenOf(typed) {
  const text = typed.trim();
  return /^:?\d+$/.test(text) ? "127.0.0.1:" + text.replace(":", "") : text;
}

/** What is wrong with where a tap is to listen, in words, or "". @param {string} typed */
export function listenProblem(typed) {
  const text = listenOf(typed);
  if (text === "") return "";
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65535) return "Write a port, or an address of this machine with one, as in 127.0.0.1:6380. Leave it empty for a free port.";
  if (!/^(|localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host)) return "Other machines may reach that address. A tap asks nobody who he is, so it listens on this machine alone, as on 127.0.0.1.";
  return "";
}

/** The line modes that a program can talk to: those that serve a stream. @param {import("../types").Mode[]} modes */
export function tappable(modes) {
  return modes.filter(({ manifest }) => manifest.clients?.includes("stream"));
}

/** @type {Record<string, (host: string, port: string) => string>} */
const tries = {
  redis: (host, port) => `redis-cli -h ${host} -p ${port}`,
  smtp: (host, port) => `swaks --server ${host}:${port}`,
  postgres: (host, port) => `psql -h ${host} -p ${port}`,
  mqtt: (host, port) => `mosquitto_sub -h ${host} -p ${port} -t '#'`,
  ssh: (host, port) => `ssh -p ${port} ${host}`,
  other: (host, port) => `nc ${host} ${port}`,
};

/** @type {Record<string, string>} */
const services = { 6379: "redis", 25: "smtp", 587: "smtp", 465: "smtp", 5432: "postgres", 1883: "mqtt", 8883: "mqtt", 22: "ssh" };
const webPorts = ["80", "443", "8000", "8080", "8443"];

/**
 * What to run so that a client connects to a tap. A web server wants to hear its own name.
 * @param {Tapped} tap @param {{ name: string, target: string }[]} practices
 */
export function tryWith({ listen, target }, practices) {
  const { host, port } = splitTarget(listen);
  const to = fieldsOf(target);
  const practice = practices.find((one) => one.target === target)?.name ?? "";
  if (practice === "http" || webPorts.includes(to.port)) {
    const isName = /[a-z]/i.test(to.host) && !to.host.includes(":") && to.host !== "localhost";
    return `curl ${isName ? `-H 'Host: ${to.host}' ` : ""}http://${listen}/`;
  }
  return (tries[practice] ?? tries[services[to.port]] ?? tries.other)(host, port);
}

/** How a connection stands, in words, with a look. @param {TapConnection} connection @returns {{ look: "" | "good" | "muted" | "problem", words: string }} */
export function standing({ state, code, words = "" }) {
  if (state === "dialling") return { look: "", words: "reaching the target …" };
  if (state === "open") return { look: "good", words: "open" };
  const well = ["client-closed", "server-closed", "mode-closed", "stopping"].includes(code ?? "");
  return { look: well ? "muted" : "problem", words: well ? "ended: " + words : words };
}

/** What went each way. @param {TapConnection} connection */
export function traffic({ toServer, toClient }) {
  return { sent: dataSize(toServer), received: dataSize(toClient) };
}
