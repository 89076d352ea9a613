// Targets: from what stands in the fields to what is dialled, what to try when
// that fails, and those of earlier visits.

import { KeptList } from "./history.js";

/** @typedef {{ host: string, port: string, tls: boolean }} Fields */

/**
 * The fields with each thing in its own. Host may hold more than a name, because
 * that is what people paste: host:port, tls://host, https://host/path. What is
 * written there rules: its port, and its scheme for TLS and, with no port
 * written, for the port: one of the web leaves Port empty, another is the name
 * of its service, as in smtp://host.
 * @param {Fields} fields @returns {Fields}
 */
export function normalFields({ host, port, tls }) {
  let name = host.trim();
  let number = port.trim();
  const scheme = name.match(/^([a-z][a-z0-9+.-]*):\/\//i);
  if (scheme) {
    tls = /^(tls|https|wss)$/i.test(scheme[1]);
    number = /^(tls|https?|wss?)$/i.test(scheme[1]) ? "" : scheme[1];
    name = name.slice(scheme[0].length);
  }
  name = name.replace(/[/?#].*$/, "").replace(/^.*@/, "");
  const withPort = name.match(/^([^:[\]]+|\[[^\]]*\]):([^:]*)$/);
  if (withPort) {
    name = withPort[1];
    number = withPort[2] || number;
  }
  if (name.includes(":") && !name.startsWith("[")) name = `[${name}]`; // IPv6
  return { host: name, port: number, tls };
}

/** The fields that name a target, as targetOf and the workbench write it. @param {string} target */
export function fieldsOf(target) {
  return normalFields({ host: target, port: "", tls: false });
}

/**
 * The target of the fields: { target: "host:port" or "tls://host:port" }, or
 * { problem } in words with the name of the field. An empty port is 80, as it
 * was in 2012, and 443 with TLS.
 * @param {Fields} fields
 * @returns {{ target?: string, problem?: string, field?: string }}
 */
export function targetOf(fields) {
  const { host, port, tls } = normalFields(fields);
  if (host === "") return { problem: "Fill in a host, such as 127.0.0.1 or example.com.", field: "host" };
  if (/\s/.test(host)) return { problem: "A host has no spaces in it.", field: "host" };
  if (/\s/.test(port)) return { problem: "A port has no spaces in it.", field: "port" };
  if (/^\d+$/.test(port) && (Number(port) < 1 || Number(port) > 65535)) {
    return { problem: "A port is a number from 1 to 65535.", field: "port" };
  }
  return { target: (tls ? "tls://" : "") + host + ":" + (port || defaultPort(tls)) };
}

/** What an empty Port field stands for. @param {boolean} tls */
export function defaultPort(tls) {
  return tls ? "443" : "80";
}

/** Splits "host:port", as the workbench names its practice server. @param {string} target */
export function splitTarget(target) {
  const at = target.lastIndexOf(":");
  return { host: target.slice(0, at).replace(/^\[|\]$/g, ""), port: target.slice(at + 1) };
}

// Reasons come from the workbench in plain words; these add what to do on this
// page. The first that fits is taken.
/** @type {[RegExp, string][]} */
const advices = [
  [/refused by/i, "Is the server running, and is that its port?"],
  [/no such host/i, "Check the spelling. Without Internet only local names work, such as localhost."],
  [/looked up/i, "Without Internet only local names and addresses work, such as 127.0.0.1."],
  [/no answer from/i, "Is the address right? A firewall may also swallow what is sent there."],
  [/can not be reached/i, "Is this machine on that network? 127.0.0.1 always is."],
  [/certificate/i, "Only a certificate that this machine trusts will do; nothing was sent."],
  [/\bTLS\b/i, "Switch TLS off, or use the port where the server speaks TLS."],
  [/\boption/i, "Look at the options of the line mode."],
  [/\bmode\b|plugin/i, "Pick another line mode; the workbench's log says more."],
  [/workbench/i, ""],
];

/** What to try after a failure, given its reason, or "". @param {string} reason */
export function advice(reason) {
  const found = advices.find(([pattern]) => pattern.test(reason));
  return found ? found[1] : "Check host and port, then connect again.";
}

const maxRecent = 12;

/** @typedef {import("./types").Target} Target */

/** Those that the user has connected to or given a name, newest first. */
export class Targets {
  #kept;

  /** @param {import("./history.js").Storage} storage @param {string} key */
  constructor(storage, key) {
    this.#kept = new KeptList(storage, key, keptTargets);
  }

  /** @returns {Target[]} */
  get list() {
    return this.#kept.list;
  }

  /** Puts a target, as fieldsOf gives it, in front. One at the same place keeps its name. @param {Omit<Target, "name"> & { name?: string }} target */
  remember(target) {
    const before = this.find(target);
    const name = target.name ?? before?.name ?? "";
    const rest = this.list.filter((one) => one !== before);
    const all = [{ ...target, name }, ...rest];
    let recent = 0;
    this.#kept.list = all.filter((one) => one.name !== "" || ++recent <= maxRecent);
  }

  /** @param {Fields} target */
  forget(target) {
    const gone = this.find(target);
    this.#kept.list = this.list.filter((one) => one !== gone);
  }

  /** The one at the same place. @param {Fields} target */
  find({ host, port, tls }) {
    return this.list.find((one) => one.host === host && one.port === port && one.tls === tls);
  }
}

/** What was kept, as targets: one a place, none that can not be dialled. @param {any[]} list @returns {Target[]} */
function keptTargets(list) {
  const all = new Map();
  for (const one of list) {
    if (typeof one?.host !== "string" || typeof one.port !== "string") continue;
    const { target } = targetOf({ host: one.host, port: one.port, tls: !!one.tls });
    if (!target || all.has(target)) continue;
    all.set(target, { ...fieldsOf(target), mode: String(one.mode ?? ""), options: one.options ?? {}, name: String(one.name ?? "") });
  }
  return [...all.values()];
}

/** What a target is called in a list or on a tab. @param {{ name?: string, host: string, port: string, tls?: boolean }} target */
export function targetTitle({ name, host, port, tls }) {
  return name || (tls ? "tls://" : "") + host + (port && ":" + port);
}
