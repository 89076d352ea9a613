// What to do after TLS failed, and what a certificate says. Pure.

import { tlsProblem } from "./target.js";

/** The digits of a fingerprint, as programs write it: with colons, capitals, or "sha256 Fingerprint=" before. @param {string} text */
export function fingerprintOf(text) {
  return text.slice(text.lastIndexOf("=") + 1).replace(/^\s*sha-?256:/i, "").replace(/[\s:]/g, "").toLowerCase();
}

/** A fingerprint for the eye, in groups of four digits. @param {string} digits */
export function grouped(digits) {
  return digits.replace(/.{4}(?=.)/g, "$& ");
}

/** A date in RFC 3339, to the minute and in UTC. @param {string} date */
export function shownDate(date) {
  const at = new Date(date);
  return isNaN(at.getTime()) ? date : at.toISOString().replace("T", " ").slice(0, 16);
}

/** What is wrong with a certificate's dates, or "". @param {{ notBefore: string, notAfter: string }} certificate @param {number} now in ms since 1970 */
export function dateProblem({ notBefore, notAfter }, now) {
  if (Date.parse(notBefore) > now) return "not valid yet";
  return Date.parse(notAfter) < now ? "expired" : "";
}

/**
 * Something to do after a failure: connect with other choices, choose a file, look
 * at a field, or give up TLS. unsafe: it would let anybody in between listen.
 * @typedef {{ label: string, unsafe?: boolean, set?: import("./target.js").TLSChoices, file?: "ca" | "client", field?: string, clear?: boolean }} Way
 */

/**
 * What can be done after a failure, by its code (docs/websocket.md), the best first.
 * @param {import("../types").Refusal} refusal @param {import("./target.js").TLSChoices} choices that it was tried with
 * @returns {Way[]}
 */
export function waysOn({ code, certificate }, choices) {
  const fingerprint = certificate?.fingerprint ?? "";
  const pin = /^[0-9a-f]{64}$/.test(fingerprint)
    ? [{ label: "Trust this certificate (pin its fingerprint) and connect", set: { verify: "sha256:" + fingerprint } }] : [];
  const none = { label: "Do not verify and connect", set: { verify: "none" }, unsafe: true };
  const chooseCA = /** @type {Way} */ ({ label: "Choose a CA file…", file: "ca" });
  const options = (/** @type {string} */ field) => ({ label: "TLS options…", field });
  switch (code) {
    case "tls-self-signed":
    case "tls-unknown-ca":
      return [...pin, chooseCA, none];
    case "tls-expired":
      return [...pin, none];
    case "tls-wrong-name":
      return [...namesOf(certificate).map((name) => ({ label: `Use the name ${name} and connect`, set: { name } })), ...pin, { label: "Fill in a name…", field: "name" }, none];
    case "tls-pin-mismatch":
      return [{ label: "Verify by the system and connect", set: { verify: "" } }, ...pin.map((way) => ({ ...way, label: "Trust this certificate from now on and connect", unsafe: true })), options("verify"), none];
    case "tls-version":
      return [...olderThan(choices.min ?? "1.2").map((min) => ({ label: `Allow TLS ${min} and connect`, set: { min }, unsafe: min < "1.2" })), options("min")];
    case "tls-client-cert-wanted":
      return [{ label: "Choose a client certificate…", file: "client" }, options("cert")];
    case "tls-client-cert-refused":
      return [{ label: "Choose another client certificate…", file: "client" }, options("cert")];
    case "tls-name-wanted":
      return [{ label: "Fill in a server name…", field: "name" }];
    case "tls-alpn":
      return [{ label: "Change the ALPN protocols…", field: "alpn" }, ...(choices.alpn ? [{ label: "Offer none and connect", set: { alpn: "" } }] : [])];
    case "tls-credential-unknown":
      return [
        ...(choices.verify?.startsWith("ca:") ? [/** @type {Way} */ ({ label: "Choose the CA file again…", file: "ca" })] : []),
        ...(choices.cert ? [/** @type {Way} */ ({ label: "Choose the client certificate again…", file: "client" })] : []),
        options("verify"),
      ];
    case "tls-not-tls":
      return [{ label: "Connect without TLS", clear: true, unsafe: true }];
    case "tls-failed": // it may speak old cipher suites alone
      return [options("verify"), ...olderThan(choices.min ?? "1.2").slice(-1).map((min) => ({ label: `Allow TLS ${min} and old cipher suites and connect`, set: { min }, unsafe: true }))];
  }
  return [options("verify")];
}

const mostNames = 3; // that are offered as buttons

/** Names of a certificate that a server may be asked for. @param {import("../types").Certificate | undefined} certificate */
function namesOf(certificate) {
  return (certificate?.names ?? []).filter((name) => tlsProblem("name", name) === "").slice(0, mostNames);
}

/** The versions below one, the newest first, but not two that are as bad. @param {string} version */
function olderThan(version) {
  return ["1.2", "1.0"].filter((one) => one < version);
}
