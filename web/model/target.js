// Targets: from what stands in the fields to what is dialled, and those of earlier
// visits.

import { endOf, readEnd } from "./ends.js";
import { KeptList } from "./kept.js";
import { Wrong, checkShown, isDatagrams, isLocal, isWhole, readLocal, trim } from "./local.js";

/** @typedef {{ host: string, port: string, tls: boolean }} Fields */

/**
 * The schemes that an address may have, with the port that each stands for; 0:
 * none. Those that begin with TLS, and those that begin in clear. The workbench
 * has the same, in core/target/scheme.go.
 * @type {Record<string, number>}
 */
export const secureSchemes = {
  amqps: 5671, "coaps+tcp": 5684, ftps: 990, gemini: 1965, gophers: 70, https: 443, imaps: 993, ipps: 631,
  ircs: 6697, ldaps: 636, mqtts: 8883, nntps: 563, pop3s: 995, rediss: 6379, rtmps: 443, rtsps: 322,
  "secure-mqtt": 8883, sips: 5061, smtps: 465, snews: 563, ssl: 0, "stomp+ssl": 61614, submissions: 465,
  telnets: 992, tls: 0, xmpps: 5223, "xmpps-client": 5223,
};
/** @type {Record<string, number>} */
export const plainSchemes = {
  amqp: 5672, "coap+tcp": 5683, dict: 2628, finger: 79, ftp: 21, git: 9418, gopher: 70, http: 80, imap: 143,
  ipp: 631, irc: 6667, ldap: 389, memcached: 11211, mqtt: 1883, nntp: 119, pop: 110, pop3: 110, redis: 6379,
  rsync: 873, rtmp: 1935, rtsp: 554, sieve: 4190, sip: 5060, smtp: 25, stomp: 61613, submission: 587, tcp: 0,
  telnet: 23, whois: 43, xmpp: 5222, "xmpp-client": 5222,
};

/**
 * The fields with each thing in its own. Host may hold more than a name, because
 * that is what people paste: host:port, imaps://host, https://host/path. What is
 * written there rules: its port, and its scheme for TLS and, with no port
 * written, for the port, which stays empty where that means the same. What the
 * user should know of this is in notice. What cannot be dialled leaves the
 * fields as they are, and is in problem. A Unix socket stands in Host, as
 * unix:///path, and has no port; UDP stands there too, as udp://host:port, and so does a
 * WebSocket's address.
 * @param {Fields} fields
 * @returns {Fields & { notice?: string, problem?: string, field?: string }}
 */
export function normalFields({ host, port, tls }) {
  try {
    return takenApart({ host, port, tls });
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { host, port, tls, problem: error.message, field: error.field };
  }
}

/** @param {Fields} fields */
function takenApart(fields) {
  const end = readEnd(trim(fields.host));
  if (end) return { host: end, port: "", tls: false, ...(fields.tls && { notice: `TLS is not spoken to ${endOf(end)}: targets, so it is switched off.` }) };
  const local = readLocal(trim(fields.host), fields.tls);
  if (local) return { ...local, port: "" };
  if (isDatagrams(trim(fields.host))) return datagrams(trim(fields.host).slice("udp://".length), fields);
  if (isWebSocket(trim(fields.host))) return webSocketFields(trim(fields.host), fields.tls);
  const { scheme, rest } = cutScheme(trim(fields.host));
  if (!scheme && /^[^/?#]*\/\//.test(rest)) throw new Wrong("Before // comes a scheme with its colon and nothing else, as in imaps://example.com. Leave // out for none.");
  const { place, user } = cutUser(rest.replace(/[/?#].*$/s, ""), scheme !== null);
  const { host, port } = splitPlace(trim(place));
  const tls = scheme ? scheme.tls : fields.tls;
  const number = port || (scheme?.port ? "" : trim(fields.port));
  const name = host && readHost(host);
  checkPort(number, port ? "host" : "port");
  if (host && scheme?.port === 0 && !number) throw new Wrong(`${scheme.name}:// does not say which port. Fill one in.`, "port");

  const notices = [];
  if (name !== host) notices.push(`${host} is looked up as ${name}.`);
  if (tls !== fields.tls) notices.push(`${scheme?.name}:// ${tls ? "means TLS, which is switched on" : "is without TLS, which is switched off"}.`);
  if (user) notices.push("What stood before @ was left out: say who you are in the session.");
  return {
    host: name.includes(":") ? `[${name}]` : name,
    port: number || (scheme?.port && String(scheme.port) !== defaultPort(tls) ? String(scheme.port) : ""),
    tls,
    ...(notices.length && { notice: notices.join(" ") }),
  };
}

/** The fields of a target of UDP. It has no TLS. @param {string} rest after udp:// @param {Fields} fields */
function datagrams(rest, fields) {
  const { place, user } = cutUser(rest.replace(/[/?#].*$/s, ""), true);
  const { host, port } = splitPlace(trim(place));
  const number = port || trim(fields.port);
  if (host === "") throw new Wrong("Fill in a host after udp://, such as 127.0.0.1 or example.com.");
  const name = readHost(host);
  checkPort(number, port ? "host" : "port");
  if (!number) throw new Wrong("udp:// does not say which port. Fill one in.", "port");
  const notices = [];
  if (name !== host) notices.push(`${host} is looked up as ${name}.`);
  if (fields.tls) notices.push("udp:// is without TLS, which is switched off.");
  if (user) notices.push("What stood before @ was left out: say who you are in the session.");
  return {
    host: `udp://${name.includes(":") ? `[${name}]` : name}:${number}`, port: "", tls: false,
    ...(notices.length && { notice: notices.join(" ") }),
  };
}

/** Whether what stands in Host is a WebSocket's address. @param {string} host */
export function isWebSocket(host) {
  return /^wss?:\/\//i.test(host);
}

/** What stands in Host for a switch of TLS: a WebSocket's address says it too. @param {string} host @param {boolean} tls */
export function withTLS(host, tls) {
  return host.replace(/^wss?(?=:\/\/)/i, tls ? "wss" : "ws");
}

/** The fields of a WebSocket's address, whose scheme rules. @param {string} text @param {boolean} before the switch of TLS */
function webSocketFields(text, before) {
  const [, scheme, place, path] = /** @type {RegExpMatchArray} */ (text.match(/^(wss?):\/\/([^/?#]*)([^]*)$/i));
  const tls = scheme.length === 3;
  if (path.includes("#")) throw new Wrong("A WebSocket's address has no fragment. Leave out the # and what follows it, or write %23 for it.");
  // A password may have a slash in it.
  if (place.includes("@") || path.includes("@") && !/^[^:]*(:\d*)?$|^\[[^\]]*\](:\d*)?$/.test(place)) throw new Wrong("A WebSocket's address has no user and no password. Leave out what stands before @.");
  const { host, port } = splitPlace(trim(place));
  if (!host) throw new Wrong(`Fill in a host, as in ${scheme.toLowerCase()}://example.com/chat.`);
  const name = readHost(host);
  checkPort(port, "host");
  const at = (name.includes(":") ? `[${name}]` : name) + (port && Number(port) !== Number(defaultPort(tls)) ? ":" + port : "");
  const notices = [];
  if (name !== host) notices.push(`${host} is looked up as ${name}.`);
  if (tls !== before) notices.push(`${tls ? "wss:// means TLS, which is switched on" : "ws:// is without TLS, which is switched off"}.`);
  return { host: withTLS("ws://", tls) + at + readPath(path), port: "", tls, ...(notices.length && { notice: notices.join(" ") }) };
}

/** A path with its query as they are sent: what may not stand there is escaped. @param {string} text */
function readPath(text) {
  checkShown(text, "The path");
  if (/%(?![0-9a-f]{2})/i.test(text)) throw new Wrong("A % in the path is followed by two hex digits, as in %20. Write %25 for the character itself.");
  const path = text.replace(/[ "<>\\^`{|}]|[^\0-\x7f]+/g, (part) => encodeURIComponent(part));
  return path.startsWith("/") ? path : "/" + path;
}

/** What stands before "://", or null, and the rest after it. @param {string} text */
function cutScheme(text) {
  const [begin, written, slash] = text.match(/^([^/?#]*):\/(\/?)/) ?? [""];
  if (!begin) return { scheme: null, rest: text };
  const name = written.toLowerCase();
  const tls = Object.hasOwn(secureSchemes, name);
  if (!slash || !/^[a-z][a-z0-9+.-]*$/.test(name)) throw new Wrong(`An address does not begin with ${begin} but with the name of a scheme, or with the host: write host:port, or tls://host:port for TLS.`);
  if (!tls && !Object.hasOwn(plainSchemes, name)) throw new Wrong(`Unknown scheme ${begin} Write host:port, or tls://host:port for TLS.`);
  // tls:// alone has always stood for 443 on this page.
  const port = name === "tls" ? 443 : tls ? secureSchemes[name] : plainSchemes[name];
  return { scheme: { name, tls, port }, rest: text.slice(begin.length) };
}

/** The address without the user in front, and whether there was one. The user is dropped. @param {string} text @param {boolean} hasScheme */
function cutUser(text, hasScheme) {
  const at = text.lastIndexOf("@");
  // sips:me@host would lose the promise of its scheme.
  if (!hasScheme && text.slice(0, Math.max(at, 0)).includes(":")) throw new Wrong("Leave out what stands before @: write host:port, or tls://host:port for TLS.");
  return { place: text.slice(at + 1), user: at >= 0 };
}

/** The host without brackets, and the port, or "". @param {string} place */
function splitPlace(place) {
  const [, inside, name, port] = place.match(/^(?:\[([^\]]*)\]\s*|([^:[\]]*))(?::([^:]*))?$/s) ?? [];
  const host = trim(inside ?? name ?? place);
  const isAddress = isIPv6(host);
  if (inside !== undefined && !isAddress && (host === "" || host.includes(":"))) throw new Wrong(`[${host}] is not an IPv6 address.`);
  if (inside === undefined && name === undefined && !isAddress) throw new Wrong(`${place} is neither host:port nor an IPv6 address, as in [::1]:80.`);
  return { host, port: trim(port ?? "") };
}

/** @param {string} text */
function isIPv6(text) {
  const [, address] = text.match(/^([0-9a-f:.]*:[0-9a-f:.]*)(%[\w.-]+)?$/i) ?? [];
  return address !== undefined && URL.canParse(`http://[${address}]`);
}

/** The host as it is looked up: an international name in its xn-- form. @param {string} host */
function readHost(host) {
  checkShown(host, "The host");
  if (host.includes(":")) return host;
  const name = /[^\0-\x7f]/.test(host) ? toASCII(host) : host;
  if (!/^[\w-][\w.-]*$/.test(name) || name.includes("..")) throw new Wrong(`${host} is not the name of a host: names have letters, digits, dots and hyphens.`);
  if (name.replace(/\.$/, "").length > 253) throw new Wrong("A host's name has at most 253 characters.");
  if (name.split(".").some((label) => label.length > 63)) throw new Wrong("Between two dots, a host's name has at most 63 characters.");
  return name;
}

/** @param {string} host */
function toASCII(host) {
  try {
    // The parser of addresses would take more than a name.
    if (!/[\0-,/:-@[-^`{-\x7f]/.test(host)) return new URL(`http://${host}`).hostname;
  } catch {
    // no name
  }
  throw new Wrong(`${host} is not an international name of a host.`);
}

/** @param {string} port @param {string} field */
function checkPort(port, field) {
  const number = /^\d+$/.test(port) ? Number(port) : 1;
  if (!/^[\w.-]{0,32}$/.test(port) || number < 1 || number > 65535) throw new Wrong("A port is a number from 1 to 65535, or the name of a service, such as http.", field);
}

/** The fields that name a target, as targetOf and the workbench write it. @param {string} target @returns {Fields} */
export function fieldsOf(target) {
  const { host, port, tls } = normalFields({ host: target, port: "", tls: false });
  return { host, port, tls };
}

/**
 * The target of the fields: { target: "host:port", "tls://host:port", "udp://host:port", "unix:///path",
 * "tls+unix:///path", "ws://host:port/path" or "wss://host:port/path" }, or { problem } in words with the name of the field. An empty port is 80, as it
 * was in 2012, and 443 with TLS.
 * @param {Fields} fields
 * @returns {{ target?: string, problem?: string, field?: string }}
 */
export function targetOf(fields) {
  const { host, port, tls, problem, field } = normalFields(fields);
  if (problem) return { problem, field };
  if (host === "") return { problem: "Fill in a host, such as 127.0.0.1 or example.com.", field: "host" };
  if (isWebSocket(host)) return { target: host.replace(/^(wss?:\/\/(?:\[[^\]]*\]|[^:/]*))(?=\/)/, `$1:${defaultPort(tls)}`) };
  return { target: targetTitle({ host, port: isWhole(host) ? "" : port || defaultPort(tls), tls }) };
}

/** Whether TLS is spoken to a target, as targetOf and the workbench write it. @param {string} target */
export function isSecure(target) {
  return /^(tls(:\/\/|\+)|wss:)/.test(target);
}

/** Whether TLS can be spoken to what stands in Host, or to a target. @param {string} host */
export function takesTLS(host) {
  return endOf(host) === "" && !isDatagrams(trim(host));
}

/**
 * How TLS is spoken to a target, by the names that follow "tls." in a query. A
 * choice that is not made has its default. IDs are of files that the workbench
 * was given (tls.js), as 32 hex digits.
 */
export const tlsDefaults = {
  verify: "system", // or "ca:ID", "sha256:HEX" of the certificate that alone will do, "none"
  name: "", // for SNI and verification; "": the host
  alpn: "", // names of protocols, commas between
  min: "1.2", // the least version
  cert: "", // ID of a client certificate
};

/** Choices for TLS, only those that are not the default. @typedef {Record<string, string>} TLSChoices */

/** Choices with some of them changed. @param {TLSChoices} choices @param {TLSChoices} changes @returns {TLSChoices} */
export function changedTLS(choices, changes) {
  const all = Object.entries({ ...choices, ...changes });
  return Object.fromEntries(all.filter(([name, value]) => value !== "" && value !== /** @type {TLSChoices} */ (tlsDefaults)[name]));
}

/** Why a choice for TLS cannot be that, in words, or "". @param {string} name one of tlsDefaults @param {string} value */
export function tlsProblem(name, value) {
  switch (name) {
    case "verify":
      if (/^(system|none|ca:[0-9a-f]{32}|sha256:[0-9a-f]{64})$/.test(value)) return "";
      if (value === "ca:") return "Choose the CA file to verify against.";
      if (value.startsWith("sha256:")) return "A fingerprint is 64 hex digits: the SHA-256 of the server's certificate.";
      return "Verify is system, none, ca:ID or sha256:HEX.";
    case "name":
      return nameProblem(value);
    case "alpn": {
      const names = value.split(",").map(trim);
      return names.length <= 16 && names.every((one) => /^[ -~]{1,255}$/.test(one)) ? "" : "ALPN is up to 16 names of protocols in ASCII with commas between, as in h2,http/1.1.";
    }
    case "min":
      return ["1.0", "1.1", "1.2", "1.3"].includes(value) ? "" : "The least version is 1.0, 1.1, 1.2 or 1.3.";
    case "cert":
      return /^[0-9a-f]{32}$/.test(value) ? "" : "A client certificate is an ID, 32 hex digits, of a file that the workbench was given.";
  }
  return `There are the choices ${Object.keys(tlsDefaults).join(", ")}.`;
}

/** @param {string} name */
function nameProblem(name) {
  try {
    if (name.includes(":") && !isIPv6(name)) throw new Wrong(`${name} is not the name of a host, without its port.`);
    return readHost(trim(name)) && "";
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return error.message;
  }
}

/** What is wrong with choices for TLS, and in which field of their form, or null. @param {TLSChoices} choices */
export function wrongTLS(choices) {
  for (const [name, value] of Object.entries(choices)) {
    const problem = tlsProblem(name, value);
    if (problem) return { problem, field: name !== "verify" ? name : value.startsWith("ca:") ? "ca" : "fingerprint" };
  }
  return null;
}

/** Choices for TLS in a word, or "" where all is as usual. @param {TLSChoices} choices */
export function tlsWord({ verify = "", ...others }) {
  if (verify === "none") return "Not verified";
  if (verify.startsWith("sha256:")) return "Pinned";
  if (verify.startsWith("ca:")) return "Own CA";
  return Object.keys(others).length ? "Changed" : "";
}

/** What an empty Port field stands for. @param {boolean} tls */
export function defaultPort(tls) {
  return tls ? "443" : "80";
}

/** A proxy's address without the password in it, which is kept nowhere. @param {string} via */
export function withoutPassword(via) {
  return via.replace(/^([^/?#]*:\/\/[^:@]*):.*@/s, "$1@");
}

/**
 * What a WebSocket's handshake has beside the address, by the names that follow "ws." in a
 * query, only what is not the default; header has a line for each.
 * @typedef {Record<string, string>} WebSocketChoices
 */

/** Those of them that may be kept: a header may hold a secret. @param {WebSocketChoices} choices @returns {WebSocketChoices} */
export function withoutHeaders({ subprotocol = "", send = "" }) {
  return { ...(subprotocol && { subprotocol }), ...(["text", "binary"].includes(send) && { send }) };
}

/** Splits "host:port", as the workbench names its practice server. @param {string} target */
export function splitTarget(target) {
  const at = target.lastIndexOf(":");
  return { host: target.slice(0, at).replace(/^\[|\]$/g, ""), port: target.slice(at + 1) };
}

const maxRecent = 12;

/** @typedef {import("../types").Target} Target */

/** Those that the user has connected to or given a name, newest first. */
export class Targets {
  #kept;

  /** @param {import("./kept.js").Storage} storage */
  constructor(storage) {
    this.#kept = new KeptList(storage, "targets", keptTargets);
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

/** Those that can be dialled, one a place. @param {Target[]} list @returns {Target[]} */
function keptTargets(list) {
  const all = new Map();
  for (const one of list) {
    const { target } = targetOf(one);
    if (target && !all.has(target)) all.set(target, { ...one, ...fieldsOf(target), ...(one.tlsChoices && { tlsChoices: keptTLS(one.tlsChoices) }) });
  }
  return [...all.values()];
}

/** Those choices that can be made. @param {TLSChoices} choices @returns {TLSChoices} */
function keptTLS(choices) {
  return Object.fromEntries(Object.entries(choices).filter(([name, value]) => tlsProblem(name, value) === ""));
}

/** What a target is called in a list or on a tab. @param {{ name?: string, host: string, port: string, tls?: boolean }} target */
export function targetTitle({ name, host, port, tls }) {
  const scheme = !tls || isWebSocket(host) ? "" : isLocal(host) ? "tls+" : "tls://";
  return name || scheme + host + (port && ":" + port);
}
