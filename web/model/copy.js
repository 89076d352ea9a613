// Rows and bytes in the forms that people paste elsewhere. Pure.

import { base64 } from "./inspect.js";
import { splitCommand } from "./ends.js";
import { hex } from "./format.js";
import { splitTarget } from "./target.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The forms there are: id, and what it is called. */
export const forms = [
  ["text", "Text"],
  ["hex", "Hex"],
  ["base64", "Base64"],
  ["c", "C string"],
  ["go", "Go string"],
  ["python", "Python bytes"],
  ["printf", "printf … | nc"],
];

/** Whether messages of both directions are among the rows. @param {import("../types").Row[]} rows */
export function goBothWays(rows) {
  return rows.some(({ kind }) => kind === "sent") && rows.some(({ kind }) => kind === "received");
}

/**
 * The rows that went one way, "sent" or "received"; "" takes all.
 * @param {import("../types").Row[]} rows @param {string} direction
 */
export function ofDirection(rows, direction) {
  return direction ? rows.filter(({ kind }) => kind === direction) : rows;
}

/**
 * Rows in one of the forms. Text has a row a line; the others are the bytes of
 * all messages, one after the other, without notes and remarks.
 * @param {string} form
 * @param {import("../types").Row[]} rows
 * @param {{ host: string, port: string, tls?: boolean }} [target] for printf
 */
export function copied(form, rows, target = { host: "HOST", port: "PORT" }) {
  if (form === "text") return rows.map((row) => lineOf(row)).join("");
  const bytes = join(rows.filter((row) => row.kind === "sent" || row.kind === "received"));
  switch (form) {
    case "hex":
      return hex(bytes);
    case "base64":
      return base64(bytes);
    case "c":
      return cString(bytes);
    case "go":
      return goString(bytes);
    case "python":
      return 'b"' + escaped(bytes, (b) => "\\x" + two(b)) + '"';
    case "printf":
      return printf(join(rows.filter((row) => row.kind === "sent")), target);
  }
  return "";
}

/**
 * What was sent, as it would be typed to send it again: in a mode of lines one a line,
 * elsewhere bytes with escapes, or as hex. null where there is nothing that can be typed.
 * @param {import("../types").Row[]} rows @param {string} input of the line mode @param {boolean} asHex
 */
export function typed(rows, input, asHex) {
  const sent = rows.filter((row) => row.kind === "sent");
  if (sent.length === 0) return null;
  if (input === "bytes") return asHex ? hex(join(sent)) : escaped(join(sent), (b) => "\\x" + two(b)).replaceAll('\\"', '"');
  const lines = sent.map((row) => (row.bytes ? decoder.decode(row.bytes) : (row.text ?? "")).replace(/\r?\n$/, ""));
  return lines.some((line) => /[\x00-\x08\x0b-\x1f\x7f\ufffd]/.test(line)) ? null : lines.join("\n");
}

/** @param {import("../types").Row} row */
function lineOf(row) {
  const text = row.bytes ? decoder.decode(row.bytes) : (row.text ?? "");
  return text.endsWith("\n") ? text : text + "\n";
}

/** @param {import("../types").Row[]} rows */
function join(rows) {
  const parts = rows.map((row) => row.bytes ?? encoder.encode(row.text ?? ""));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const two = (/** @type {number} */ b) => b.toString(16).padStart(2, "0");
const octal = (/** @type {number} */ b) => "\\" + b.toString(8).padStart(3, "0");

/** @type {Record<number, string>} */
const short = { 0x0a: "\\n", 0x0d: "\\r", 0x09: "\\t", 0x22: '\\"', 0x5c: "\\\\" };

/** @param {Uint8Array} bytes @param {(b: number) => string} other for what has no shorter form */
function escaped(bytes, other) {
  let out = "";
  for (const b of bytes) out += short[b] ?? (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : other(b));
  return out;
}

/** A C string. Octal, because a hex escape would swallow the digits after it. @param {Uint8Array} bytes */
export function cString(bytes) {
  return '"' + escaped(bytes, octal).replace(/(?<=\?)\?/g, "\\?") + '"'; // no trigraphs
}

/** @param {Uint8Array} bytes */
export function goString(bytes) {
  return '"' + escaped(bytes, (b) => "\\x" + two(b)) + '"';
}

/**
 * A line for a POSIX shell that sends the bytes. TLS needs another tool than nc.
 * @param {Uint8Array} bytes @param {{ host: string, port: string, tls?: boolean }} target
 */
export function printf(bytes, { host, port, tls }) {
  let format = "";
  for (const b of bytes) {
    if (b === 0x25) format += "%%";
    else if (b === 0x27) format += "\\047";
    else if (b === 0x22) format += '"';
    else format += short[b] ?? (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : octal(b));
  }
  if (format.startsWith("-")) format = "\\055" + format.slice(1);
  const bare = host.replace(/^\[|\]$/g, "");
  const said = `printf '${format}'`;
  if (host.startsWith("unix://")) return `${said} | ${tls ? "openssl s_client -quiet -unix" : "nc -U"} ${quote(host.slice("unix://".length))}`;
  if (host.startsWith("udp://")) {
    const at = host.lastIndexOf(":");
    return `${said} | nc -u ${quote(host.slice("udp://".length, at).replace(/^\[|\]$/g, ""))} ${quote(host.slice(at + 1))}`;
  }
  if (host.startsWith("exec:")) return `${said} | ${splitCommand(host.slice("exec:".length)).map(quote).join(" ")}`;
  if (host.startsWith("serial://")) return `${said} > ${quote(host.slice("serial://".length).replace(/\?.*/, ""))}`;
  if (host.startsWith("listen://")) {
    const { host: at, port: number } = splitTarget(host.slice("listen://".length).replace(/\?.*/, ""));
    return `${said} | nc -l ${quote(at)} ${quote(number)}`;
  }
  if (/^wss?:\/\//.test(host)) return said; // no tool at hand speaks it
  const to = tls ? `openssl s_client -quiet -connect ${quote(host)}:${quote(port)}` : `nc ${quote(bare)} ${quote(port)}`;
  return `${said} | ${to}`;
}

/** @param {string} word */
function quote(word) {
  return /^[\w.:[\]-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";
}

