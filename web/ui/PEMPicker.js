// A button that gives the workbench a file with certificates.

import { html } from "./html.js";
import { giveFiles } from "../wire/credentials.js";

/**
 * done(id) once the workbench has it; failed(words) if not, and "" when the next
 * one is chosen.
 * @param {{ id: string, kind: "ca" | "client", label: string, done: (id: string) => void, failed: (words: string) => void }} props
 */
export function PEMPicker({ id, kind, label, done, failed }) {
  const pick = async (/** @type {any} */ event) => {
    const field = event.target;
    if (field.files.length === 0) return;
    failed("");
    const { id, problem = "" } = await giveFiles(kind, field.files);
    field.value = ""; // the same file may be chosen again
    if (id) done(id);
    else failed(problem);
  };
  const title = kind === "ca" ? "A PEM file with one or more certificates" : "A certificate and its key as PEM, in one file or in two at once. The workbench keeps the key in memory only";
  return html`
    <label class="button small" title=${title}>
      ${label}<input type="file" id=${id} class="unseen" multiple=${kind === "client"} onChange=${pick} />
    </label>
  `;
}
