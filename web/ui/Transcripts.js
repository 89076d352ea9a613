// The recorded sessions: search them, play one, save it, delete it.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { clock, count, dataSize, endOf, whenOf } from "../model/format.js";
import { formatRoute, replaceRoute } from "./route.js";
import { modes } from "../wire/workbench.js";
import { Import } from "./Import.js";
import { deleteTranscript, listTranscripts } from "../wire/transcripts.js";

const SaveAs = lazy(() => import("./SaveAs.js"), "SaveAs");

const NotesForm = lazy(() => import("./NotesForm.js"), "NotesForm");

const pause = 250; // milliseconds after the last key before it searches
const page = 200; // transcripts that are listed at first, and more at a time

/** @param {{ query: Record<string, string> }} props */
export function Transcripts({ query }) {
  const [list, setList] = useState(/** @type {import("../types").Info[] | null} */ (null));
  const [problem, setProblem] = useState("");
  const [saving, setSaving] = useState(/** @type {import("../types").Info | null} */ (null));
  const [noting, setNoting] = useState(/** @type {import("../types").Info | null} */ (null));
  const [most, setMost] = useState(page);
  const [picked, setPicked] = useState(/** @type {string[]} */ ([])); // at most two, to be compared
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
  }, [mode, target, text, most]);

  const set = (/** @type {object} */ change) => replaceRoute(formatRoute("transcripts", "", { mode, target, text, ...change }));
  const pick = (/** @type {string} */ id) => setPicked(picked.includes(id) ? picked.filter((one) => one !== id) : [...picked.slice(-1), id]);
  const remove = async (/** @type {import("../types").Info} */ info) => {
    if (!confirm(`Delete the transcript of ${info.target || info.mode} from ${whenOf(info.began)}? It cannot be brought back.`)) return;
    try {
      await deleteTranscript(info.id);
      setPicked(picked.filter((one) => one !== info.id));
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
        <${Import} done=${load} />
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
          <label for="search-text">What was said or noted</label>
          <input type="text" id="search-text" value=${text} placeholder="GET / HTTP" onInput=${(/** @type {any} */ event) => set({ text: event.target.value })} />
        </div>
      </div>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${picked.length > 0 && html`
        <div class="picked-two" role="group" aria-label="Picked">
          ${picked.length === 2
            ? html`<a class="button small primary" id="compare-two" href=${formatRoute("diff", "", { a: picked[0], b: picked[1] })}>Compare the two</a>`
            : html`<span role="status">One picked. Pick another to compare them.</span>`}
          <button type="button" class="small" onClick=${() => setPicked([])}>Pick none</button>
        </div>
      `}
      ${list && html`
        <div class="card table" tabindex="0" role="region" aria-label="Transcripts found">
          ${list.length === 0
            ? html`<p class="nothing">${mode || target || text ? "No transcript fits." : "There is none yet. Sessions are recorded while Record is on in the connect bar; captures, HARs and transcripts can be imported."}</p>`
            : html`<${Table} list=${list} remove=${remove} save=${setSaving} note=${setNoting} picked=${picked} pick=${pick} />`}
          ${list.length === most && html`<p class="more"><button type="button" class="small" id="more-transcripts" onClick=${() => setMost(most + page)}>Show ${page} more</button></p>`}
        </div>
      `}
      ${noting && html`<${NotesForm} id=${noting.id} name=${`${noting.target || noting.mode}, ${whenOf(noting.began)}`} close=${() => setNoting(null)} saved=${load} />`}
      ${saving && html`<${SaveAs} id=${saving.id} name=${nameOf(saving)} close=${() => setSaving(null)} />`}
    </section>
  `;
}

/** What a recording is called. @param {import("../types").Info} info */
function nameOf(info) {
  return `${info.title || info.target || info.mode}, ${whenOf(info.began)}`;
}

/** @param {{ list: import("../types").Info[], remove: (info: import("../types").Info) => void, save: (info: import("../types").Info) => void, note: (info: import("../types").Info) => void, picked: string[], pick: (id: string) => void }} props */
function Table({ list, remove, save, note, picked, pick }) {
  return html`
    <table class="transcripts">
      <thead>
        <tr><th scope="col"><span class="unseen">Pick</span></th><th scope="col">Began</th><th scope="col">Target</th><th scope="col">Mode</th><th scope="col">Lasted</th><th scope="col">Size</th><th scope="col">Ended</th><th scope="col"><span class="unseen">Do</span></th></tr>
      </thead>
      <tbody>
        ${list.map((info) => html`
          <tr key=${info.id}>
            <td class="pick"><input type="checkbox" aria-label=${"Pick " + nameOf(info)} title="Pick two to compare them" checked=${picked.includes(info.id)} onChange=${() => pick(info.id)} /></td>
            <td class="when">${whenOf(info.began)}</td>
            <td>
              <a href=${formatRoute("transcripts", info.id)}>${info.title || info.target || info.session || info.id}</a>
              ${info.tags?.map((tag) => html` <a class="tag" key=${tag} href=${formatRoute("transcripts", "", { text: tag })}>${tag}</a>`)}
              ${info.noted && html` <span class="muted" title="It has notes">✎<span class="unseen">has notes</span></span>`}
              ${info.title && info.target && html`<div class="muted">${info.target}</div>`}
            </td>
            <td>${info.mode}</td>
            <td class="number">${clock(info.duration)}</td>
            <td class="number">${dataSize(info.size)}</td>
            <td>${info.running ? html`<span class="recording">running</span>` : endOf(info)}</td>
            <td>
              <div class="row-tools">
                <a class="button small" href=${formatRoute("transcripts", info.id)} aria-label=${"Play " + (info.target || info.id)}><${Icon} name="play" /> Play</a>
                <button type="button" class="small name" title="Name, tags, note" aria-label=${"Name, tags, note: " + nameOf(info)} onClick=${() => note(info)}>Name …</button>
                <button type="button" class="small save" aria-label=${"Save the transcript of " + (info.target || info.id)} onClick=${() => save(info)}>Save …</button>
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
