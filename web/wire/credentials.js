// The certificates and keys that the user gives to the workbench, by /api/tls. The
// page keeps their names and fingerprints, never a key.

import { signal } from "../vendor/signals-core.js";
import { browserStorage, keep, readKept } from "../model/kept.js";
import { change } from "./workbench.js";

/** @typedef {import("../types").Credential} Credential */

const maxPEM = 256 * 1024; // bytes, as the workbench has it
const maxKept = 64;

/** Signal: the files that the workbench has. Empty until loadCredentials. @type {import("../vendor/signals-core.js").Signal<Credential[]>} */
export const credentials = signal([]);

/** Asks the workbench which files it has. Returns what went wrong, or "". */
export async function loadCredentials() {
  try {
    const answer = await fetch("/api/tls");
    if (!answer.ok) return wordsOf(answer);
    credentials.value = await answer.json();
    return "";
  } catch {
    return "The list of certificates could not be loaded. Is the workbench still running?";
  }
}

/**
 * What the page knows of a file by its ID: the workbench may have forgotten it
 * since it was chosen.
 * @param {string} id
 */
export function credentialOf(id) {
  return [...credentials.value, ...(readKept(browserStorage(), "credentials") ?? [])].find((one) => one.id === id);
}

/**
 * Gives files to the workbench, together: "ca" for certificates to verify
 * against, "client" for a certificate and its key. The page
 * keeps what they are called, not what they hold.
 * @param {"ca" | "client"} kind @param {Iterable<{ size: number, text(): Promise<string> }>} files
 * @returns {Promise<{ id?: string, problem?: string }>}
 */
export async function giveFiles(kind, files) {
  const all = [...files];
  if (all.reduce((sum, { size }) => sum + size, 0) > maxPEM) return { problem: "That is more than 256 KiB, and so not a certificate." };
  try {
    const pem = (await Promise.all(all.map((file) => file.text()))).join("\n");
    const problem = pemProblem(kind, pem);
    if (problem) return { problem };
    const answer = await change("/api/tls", { method: "POST", body: pem });
    if (!answer.ok) return { problem: await wordsOf(answer) };
    const { id, subject, fingerprint } = await answer.json();
    remember({ id, kind, subject, fingerprint });
    await loadCredentials();
    return { id };
  } catch {
    return { problem: "The file did not reach the workbench. Can it be read, and is the workbench still running?" };
  }
}

/** Makes the workbench and the page forget a file. Returns what went wrong, or "". @param {string} id */
export async function forgetFile(id) {
  try {
    const answer = await change("/api/tls/" + id, { method: "DELETE" });
    if (!answer.ok && answer.status !== 404) return await wordsOf(answer);
    keep(browserStorage(), "credentials", othersKept(id));
    return await loadCredentials();
  } catch {
    return "The workbench did not answer. Is it still running?";
  }
}

/** @param {Response} answer */
async function wordsOf(answer) {
  return (await answer.text()).trim() || `The workbench answered ${answer.status}.`;
}

/** @param {Credential} credential */
function remember(credential) {
  keep(browserStorage(), "credentials", [credential, ...othersKept(credential.id)].slice(0, maxKept));
}

/** @param {string} id */
function othersKept(id) {
  return (readKept(browserStorage(), "credentials") ?? []).filter((one) => one.id !== id);
}

/** Why a text cannot be what is asked for, or "". @param {"ca" | "client"} kind @param {string} pem */
export function pemProblem(kind, pem) {
  const hasKey = /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----/.test(pem);
  if (!pem.includes("-----BEGIN ")) return "That is not PEM, which begins with -----BEGIN CERTIFICATE-----. openssl x509 -inform der -in FILE makes PEM of a certificate in DER.";
  if (kind === "ca" && hasKey) return "That has a private key in it, which the workbench does not need to verify: choose the CA's certificate alone.";
  if (kind === "client" && !hasKey) return "That has no private key in it: choose the certificate and its key, in one file or in two at once.";
  return "";
}
