// The formats that a recording is saved in.

import { html } from "./html.js";
import { saveURL } from "./download.js";
import { exportURL } from "../wire/transcripts.js";
import { Dialog } from "./Dialog.js";

const formats = [
  ["transcript", "Transcript", "The recording as it is: to read, to replay, to import elsewhere"],
  ["golden", "Golden", "A transcript without times, to keep as a test"],
  ["pcapng", "Capture (pcapng)", "For Wireshark: the bytes of the connection, in packets that are made up"],
  ["html", "Page (HTML)", "To hand out: one file, without scripts, that needs no network"],
  ["rfc", "Text", "C: and S: lines, as standards print a conversation"],
  ["jsonl", "JSON lines", "An object for each entry, for programs"],
  ["asciicast", "Asciicast", "A terminal recording, for asciinema’s players"],
];

/** @param {{ id: string, name: string, close: () => void }} props name: of the recording, in words */
export function SaveAs({ id, name, close }) {
  const pick = (/** @type {any} */ event, /** @type {string} */ format) => {
    saveURL(exportURL(id, format));
    event.currentTarget.closest("dialog").close(); // which gives the focus back
  };
  return html`
    <${Dialog} id="save-as" title="Save as" close=${close}>
      <p class="muted">${name}</p>
      <div class="choices">
        ${formats.map(([format, title, help]) => html`
          <button type="button" class="item" key=${format} id=${"save-" + format} onClick=${(/** @type {any} */ event) => pick(event, format)}><b>${title}</b> <span class="muted">${help}</span></button>
        `)}
      </div>
    <//>
  `;
}
