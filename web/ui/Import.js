// Files that become recordings: chosen, or dropped anywhere on the list.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { modes } from "../wire/workbench.js";
import { importFile } from "../wire/transcripts.js";
import { ModeOptions } from "./ModeOptions.js";
import { formatRoute } from "./route.js";

const mostLinks = 5; // recordings of one file that are named

/** @typedef {{ name: string, made: { id: string, words: string }[], warnings: string[], problem?: string }} Outcome */

/**
 * done() is called when there is something new in the list.
 * @param {{ done: () => void }} props
 */
export function Import({ done }) {
  const [busy, setBusy] = useState("");
  const [outcomes, setOutcomes] = useState(/** @type {Outcome[]} */ ([]));
  const [over, setOver] = useState(false);
  const [mode, setMode] = useState("raw");
  const into = useRef(mode);
  into.current = mode;
  const working = useRef(false);
  const latest = useRef(done);
  latest.current = done;

  const take = async (/** @type {File[]} */ files) => {
    if (working.current || files.length === 0) return;
    working.current = true;
    setOutcomes([]);
    for (const file of files) {
      setBusy(`Importing ${file.name} …`);
      const outcome = await importFile(file, into.current).catch((error) => ({ made: [], warnings: [], problem: error.message }));
      setOutcomes((all) => [...all, { ...outcome, name: file.name }]);
      if (outcome.made.length > 0) latest.current();
    }
    setBusy("");
    working.current = false;
  };

  // The whole page takes a drop while the list is shown: beside it, the browser would open the file.
  useEffect(() => {
    const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
    const onDragOver = (/** @type {DragEvent} */ event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (/** @type {DragEvent} */ event) => event.relatedTarget === null && setOver(false);
    const onDrop = (/** @type {DragEvent} */ event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      take([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener("dragover", onDragOver);
    addEventListener("dragleave", onDragLeave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", onDragOver);
      removeEventListener("dragleave", onDragLeave);
      removeEventListener("drop", onDrop);
    };
  }, []);

  const pick = (/** @type {any} */ event) => {
    take([...event.target.files]);
    event.target.value = ""; // the same file may be chosen again
  };
  return html`
    <label class=${"button small" + (busy ? " disabled" : "")} title="A capture (pcap, pcapng), a HAR, a transcript, or C: and S: lines. You can also drop files here">
      Import …<input type="file" id="import-file" class="unseen" multiple disabled=${Boolean(busy)} onChange=${pick} />
    </label>
    <label class="import-mode" title="The line mode of the recordings that are made. A transcript keeps its own">into
      <select id="import-mode" aria-label="Import into the line mode" value=${mode} disabled=${Boolean(busy)} onChange=${(/** @type {any} */ event) => setMode(event.target.value)}>
        <${ModeOptions} modes=${modes.value} picked=${mode} />
      </select>
    </label>
    ${over && html`<div class="drop-here" aria-hidden="true"><p>Drop to import: a capture, a HAR, a transcript, or C: and S: lines</p></div>`}
    <div class="imported" role="status">
      ${busy && html`<p>${busy}</p>`}
      ${outcomes.map((outcome, i) => html`<${Result} key=${i} outcome=${outcome} />`)}
      ${!busy && outcomes.length > 0 && html`<button type="button" class="small" id="close-imported" onClick=${() => setOutcomes([])}>Close</button>`}
    </div>
  `;
}

/** @param {{ outcome: Outcome }} props */
function Result({ outcome: { name, made, warnings, problem } }) {
  return html`
    <div>
      ${made.length > 0 && html`<p><b>${count(made.length, "recording")}</b> from ${name}</p>`}
      ${made.length > 0 && html`
        <ul>
          ${made.slice(0, mostLinks).map(({ id, words }) => html`<li key=${id}><a href=${formatRoute("transcripts", id)}>${words}</a></li>`)}
          ${made.length > mostLinks && html`<li>and ${(made.length - mostLinks).toLocaleString("en")} more, in the list below</li>`}
        </ul>
      `}
      ${warnings.map((words) => html`<p key=${words} class="caution">${words}</p>`)}
      ${problem && html`<p class="problem">${made.length > 0 ? "That is not all: " : "Not imported: "}${problem}</p>`}
    </div>
  `;
}
