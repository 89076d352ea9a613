// The recorded sessions: search them, play one, save it, delete it.

import { Icon, html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { clock, count, dataSize, whenOf } from "../model/format.js";
import { formatRoute, replaceRoute } from "./route.js";
import { modes } from "../wire/workbench.js";
import { saveURL } from "./download.js";
import { deleteTranscript, downloadURL, listTranscripts } from "../wire/transcripts.js";

const pause = 250; // milliseconds after the last key before it searches
const most = 500; // transcripts that are listed

/** @param {{ query: Record<string, string> }} props */
export function Transcripts({ query }) {
  const [list, setList] = useState(/** @type {import("../types").Info[] | null} */ (null));
  const [problem, setProblem] = useState("");
  const asked = useRef(0);
  const { mode = "", target = "", text = "" } = query;

  const load = async () => {
    const mine = ++asked.current;
    try {
      const found = await listTranscripts({ mode, target, text, limit: most });
      if (mine !== asked.current) return;
      setList(found);
      setProblem("");
    } catch (error) {
      if (mine === asked.current) setProblem(/** @type {Error} */ (error).message);
    }
  };
  useEffect(() => {
    const timer = setTimeout(load, list ? pause : 0);
    return () => clearTimeout(timer);
  }, [mode, target, text]);

  const set = (/** @type {object} */ change) => replaceRoute(formatRoute("transcripts", "", { mode, target, text, ...change }));
  const remove = async (/** @type {import("../types").Info} */ info) => {
    if (!confirm(`Delete the transcript of ${info.target || info.mode} from ${whenOf(info.began)}? It cannot be brought back.`)) return;
    try {
      await deleteTranscript(info.id);
      load();
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };

  return html`
    <section class="view" aria-labelledby="transcripts-title">
      <header>
        <h2 id="transcripts-title">Transcripts</h2>
        <span class="muted" role="status">${list && count(list.length, "transcript") + (list.length === most ? " and more" : "")}</span>
      </header>
      <div class="card searching" role="search" aria-label="Transcripts">
        <div class="field">
          <label for="search-target">Target</label>
          <input type="text" id="search-target" value=${target} placeholder="example.com" onInput=${(/** @type {any} */ event) => set({ target: event.target.value })} />
        </div>
        <div class="field">
          <label for="search-mode">Line mode</label>
          <select id="search-mode" value=${mode} onChange=${(/** @type {any} */ event) => set({ mode: event.target.value })}>
            <option value="">any</option>
            ${modes.value.map(({ manifest }) => html`<option key=${manifest.name} value=${manifest.name} selected=${manifest.name === mode}>${manifest.title}</option>`)}
          </select>
        </div>
        <div class="field">
          <label for="search-text">What was said</label>
          <input type="text" id="search-text" value=${text} placeholder="GET / HTTP" onInput=${(/** @type {any} */ event) => set({ text: event.target.value })} />
        </div>
      </div>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${list && html`
        <div class="card table" tabindex="0" role="region" aria-label="Transcripts found">
          ${list.length === 0
            ? html`<p class="nothing">${mode || target || text ? "No transcript fits." : "There is none yet. Sessions are recorded while Record is on in the connect bar."}</p>`
            : html`<${Table} list=${list} remove=${remove} />`}
        </div>
      `}
    </section>
  `;
}

/** @param {{ list: import("../types").Info[], remove: (info: import("../types").Info) => void }} props */
function Table({ list, remove }) {
  return html`
    <table class="transcripts">
      <thead>
        <tr><th scope="col">Began</th><th scope="col">Target</th><th scope="col">Mode</th><th scope="col">Lasted</th><th scope="col">Size</th><th scope="col">Ended</th><th scope="col"><span class="unseen">Do</span></th></tr>
      </thead>
      <tbody>
        ${list.map((info) => html`
          <tr key=${info.id}>
            <td class="when">${whenOf(info.began)}</td>
            <td><a href=${formatRoute("transcripts", info.id)}>${info.target || info.session || info.id}</a></td>
            <td>${info.mode}</td>
            <td class="number">${clock(info.duration)}</td>
            <td class="number">${dataSize(info.size)}</td>
            <td>${info.running ? html`<span class="recording">running</span>` : info.ended}</td>
            <td>
              <div class="row-tools">
                <a class="button small" href=${formatRoute("transcripts", info.id)} aria-label=${"Play " + (info.target || info.id)}><${Icon} name="play" /> Play</a>
                <button type="button" class="small" title="Save the text" aria-label=${"Save the transcript of " + (info.target || info.id)} onClick=${() => saveURL(downloadURL(info.id))}>Save</button>
                <button type="button" class="small" title="Save it as a golden transcript, to keep as a test" onClick=${() => saveURL(downloadURL(info.id, true))}>Golden</button>
                <button type="button" class="icon" title=${info.running ? "The session still runs" : "Delete"} disabled=${info.running}
                  aria-label=${"Delete the transcript of " + (info.target || info.id)} onClick=${() => remove(info)}><${Icon} name="trash-2" /></button>
              </div>
            </td>
          </tr>
        `)}
      </tbody>
    </table>
  `;
}
