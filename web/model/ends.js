// Ends of a session that are neither hosts nor sockets: a client that is waited for, a
// serial line, a program. What such an address says, and what is wrong with it. The
// workbench reads the same, in core/target.

import { Wrong, checkShown, trim } from "./local.js";

const maxTarget = 1024; // bytes
const maxBaud = 20_000_000;

/** Which of them stands in Host, "listen", "serial" or "exec", or "". @param {string} host */
export function endOf(host) {
  const [, kind] = trim(host).match(/^(listen:\/\/|serial:(?=\/)|exec:(?=["'/]))/i) ?? [];
  return (kind ?? "").replace(/:.*/, "").toLowerCase();
}

/** What a person should know who writes one, or "". @param {string} host */
export function endHint(host) {
  switch (endOf(host)) {
    case "listen":
      return "You are the server: the session begins when a client connects. Port 0 picks a free one.";
    case "serial":
      return "A serial line of the workbench's machine. After its path may come ?baud=9600&data=8&parity=none&stop=1.";
    case "exec":
      return "A program on the workbench's machine, without a shell, where the workbench was started with --allow-exec.";
  }
  return "";
}

/** Whether the next client waits for the next session. @param {string} host */
export function nextWaits(host) {
  return /\?next=wait$/.test(trim(host));
}

/** The address of a client to wait for, where the next one waits or is refused. @param {string} host @param {boolean} waits */
export function withNext(host, waits) {
  return trim(host).replace(/\?.*$/, "") + (waits ? "?next=wait" : "");
}

/** What stands in Host, if it is one of these, as it is written best, or null. @param {string} text */
export function readEnd(text) {
  const [, kind, rest] = text.match(/^(listen|serial|exec):(?=[^]*[/@])([^]*)$/i) ?? [];
  if (kind === undefined) return null;
  const read = { listen: readListen, serial: readSerial, exec: readExec }[kind.toLowerCase()];
  const host = /** @type {(rest: string) => string} */ (read)(trim(rest));
  if (new TextEncoder().encode(host).length > maxTarget) throw new Wrong(`A target has at most ${maxTarget} bytes.`);
  return host;
}

/** @param {string} rest */
function readListen(rest) {
  if (!rest.startsWith("//")) throw new Wrong("A client is waited for at an address and a port: write listen://127.0.0.1:2525.");
  const [, place, query] = /** @type {RegExpMatchArray} */ (rest.slice(2).match(/^([^?]*)(?:\?([^]*))?$/));
  if (query !== undefined && query !== "next=wait" && query !== "next=refuse") throw new Wrong("After the port of listen:// comes ?next=wait or ?next=refuse, or nothing: what becomes of the next client.");
  if (place.includes("@")) throw new Wrong("A client to wait for has no user: leave out what stands before @.");
  if (/[/#]/.test(place)) throw new Wrong("Leave out what follows the port.");
  const [, inside, name, port] = trim(place).match(/^(?:\[([^\]]*)\]\s*|([^:[\]]*)):([^:]*)$/) ?? [];
  if (port === undefined || trim(port) === "") throw new Wrong("Write the port to listen on, as in listen://127.0.0.1:2525; 0 picks a free one.");
  const host = trim(inside ?? name);
  const address = host === "" || host.toLowerCase() === "localhost" ? "127.0.0.1" : host;
  const isIPv6 = /^[0-9a-f:.]*:[0-9a-f:.]*(%[\w.-]+)?$/i.test(address) && URL.canParse(`http://[${address.replace(/%.*/, "")}]`);
  if (!isIPv6 && !isIPv4(address)) throw new Wrong(`${host} is not an address of this machine: names are not looked up to listen. Write listen://127.0.0.1:2525.`);
  return `listen://${isIPv6 ? `[${address}]` : address}:${readPort(trim(port))}${query === "next=wait" ? "?next=wait" : ""}`;
}

/** @param {string} text */
function isIPv4(text) {
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split(".").every((part) => String(Number(part)) === part && Number(part) < 256);
}

/** @param {string} port */
function readPort(port) {
  const number = /^\d+$/.test(port) ? Number(port) : 0;
  if (!/^[\w.-]{1,32}$/.test(port) || number > 65535) throw new Wrong("A port is a number from 0 to 65535, or the name of a service, such as http.");
  return /^\d+$/.test(port) ? String(number) : port;
}

/** The path with one slash in front, or "". @param {string} text */
function absolute(text) {
  const path = text.startsWith("//") ? text.slice(2) : text;
  return path.startsWith("/") ? path.replace(/^\/+/, "/") : "";
}

/** @param {string} rest */
function readSerial(rest) {
  const [path, ...queries] = rest.split("?");
  const device = absolute(path);
  if (!device) throw new Wrong("The path of a serial device is absolute, as in serial:///dev/ttyUSB0?baud=115200.");
  checkShown(device, "The path");
  /** @type {Record<string, string>} */
  const line = { baud: "9600", data: "8", parity: "none", stop: "1" };
  /** @type {Record<string, [RegExp, string]>} */
  const rules = {
    baud: [/^\d{1,8}$/, `a number from 1 to ${maxBaud}`],
    data: [/^0*[5-8]$/, "5, 6, 7 or 8"],
    parity: [/^(none|odd|even|mark|space)$/, "none, odd, even, mark or space"],
    stop: [/^(1|1\.5|2)$/, "1, 1.5 or 2"],
  };
  const seen = new Set();
  for (const part of queries.join("?").split("&").filter(Boolean)) {
    const [, name, value] = /** @type {RegExpMatchArray} */ (part.match(/^([^=]*)=?([^]*)$/));
    if (!Object.hasOwn(rules, name)) throw new Wrong(`A serial line has baud, data, parity and stop, and no ${name}.`);
    if (seen.has(name)) throw new Wrong(`${name} is given more than once.`);
    seen.add(name);
    const number = Number(value);
    if (!rules[name][0].test(value) || (name === "baud" && (number < 1 || number > maxBaud))) throw new Wrong(`${name} is ${value}. It must be ${rules[name][1]}.`);
    line[name] = name === "baud" || name === "data" ? String(number) : value;
  }
  return `serial://${device}?${Object.entries(line).map((pair) => pair.join("=")).join("&")}`;
}

/** @param {string} rest */
function readExec(rest) {
  const words = splitCommand(rest);
  const program = absolute(words[0] ?? "");
  if (!program) throw new Wrong('A program is named by its absolute path, as in exec:/usr/bin/sort -n "file one".');
  for (const word of words) checkShown(word, "The command");
  return "exec:" + [program, ...words.slice(1)].map((word) => (/^[^ "']+$/.test(word) ? word : `"${word.replace(/[\\"]/g, "\\$&")}"`)).join(" ");
}

/**
 * The words of a command: between spaces; in '…' everything stands for itself, in "…"
 * all but \" and \\.
 * @param {string} text
 */
export function splitCommand(text) {
  const words = [];
  let word = "";
  let inside = false;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quote === '"' && c === "\\" && (text[i + 1] === '"' || text[i + 1] === "\\")) word += text[++i];
    else if (quote && c === quote) quote = "";
    else if (quote) word += c;
    else if (c === '"' || c === "'") [quote, inside] = [c, true];
    else if (c !== " ") [word, inside] = [word + c, true];
    else if (inside) {
      words.push(word);
      [word, inside] = ["", false];
    }
  }
  if (quote) throw new Wrong(`The command has a ${quote} that is not closed.`);
  return inside ? [...words, word] : words;
}
