// The recorded sessions: search them, play one, save it, delete it.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { clock, count, dataSize, endOf, whenOf } from "../model/format.js";
import { formatRoute, replaceRoute } from "./route.js";
import { modes } from "../wire/workbench.js";
import { Import } from "./Import.js";
import { ModeOptions } from "./ModeOptions.js";
import { deleteTranscript, listTranscripts, transcriptInfo } from "../wire/transcripts.js";

const SaveAs = lazy(() => import("./SaveAs.js"), "SaveAs");

const NotesForm = lazy(() => import("./NotesForm.js"), "NotesForm");

const pause = 250; // milliseconds after the last key before it searches
const page = 200; // transcripts that are fetched at a time
const group = 50; // rows that are drawn, or not, at a time
const retry = 3000; // milliseconds after which it tries again to fetch more
const near = 1500; // pixels above and below what is in view that are drawn too

/** @param {{ query: Record<string, string> }} props */
export function Transcripts({ query }) {
  const [list, setList] = useState(/** @type {import("../types").Info[] | null} */ (null));
  const [problem, setProblem] = useState("");
  const [saving, setSaving] = useState(/** @type {import("../types").Info | null} */ (null));
  const [noting, setNoting] = useState(/** @type {import("../types").Info | null} */ (null));
  const [more, setMore] = useState(false); // there are
  const [picked, setPicked] = useState(/** @type {string[]} */ ([])); // at most two, to be compared
  const asked = useRef(0);
  const { mode = "", target = "", text = "" } = query;

  const load = async () => {
    const mine = ++asked.current;
    try {
      const found = await listTranscripts({ mode, target, text, limit: page });
      if (mine !== asked.current) return;
      setList(found);
      last.current = found.at(-1)?.id ?? "";
      setMore(found.length === page);
      setProblem("");
    } catch (error) {
      if (mine === asked.current) setProblem(/** @type {Error} */ (error).message);
    }
  };
  const going = useRef(false);
  const last = useRef(""); // of those that were fetched
  const goOn = async () => {
    if (going.current || !list || !more) return;
    going.current = true;
    const mine = asked.current;
    try {
      const found = await listTranscripts({ mode, target, text, before: last.current, limit: page });
      going.current = false;
      if (mine !== asked.current) return;
      setList((list) => [...(list ?? []), ...found]);
      last.current = found.at(-1)?.id ?? last.current;
      setMore(found.length === page);
      setProblem("");
    } catch (error) {
      if (mine === asked.current) setProblem(/** @type {Error} */ (error).message);
      setTimeout(() => (going.current = false), retry);
    }
  };
  const change = (/** @type {string} */ id, /** @type {import("../types").Info | null} */ info) =>
    setList((list) => list && list.flatMap((one) => (one.id !== id ? [one] : info ? [info] : [])));
  useEffect(() => {
    const timer = setTimeout(load, list ? pause : 0);
    return () => clearTimeout(timer);
  }, [mode, target, text]);

  const set = (/** @type {object} */ change) => replaceRoute(formatRoute("transcripts", "", { mode, target, text, ...change }));
  const pick = (/** @type {string} */ id) => setPicked(picked.includes(id) ? picked.filter((one) => one !== id) : [...picked.slice(-1), id]);
  const remove = async (/** @type {import("../types").Info} */ info) => {
    if (!confirm(`Delete the transcript of ${info.target || info.mode} from ${whenOf(info.began)}? It cannot be brought back.`)) return;
    try {
      await deleteTranscript(info.id);
      setPicked(picked.filter((one) => one !== info.id));
      change(info.id, null);
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };

  return html`
    <section class="view" aria-labelledby="transcripts-title">
      <header>
        <h2 id="transcripts-title">Transcripts</h2>
        <span class="muted" role="status">${list && count(list.length, "transcript") + (more ? " and more" : "")}</span>
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
            <${ModeOptions} modes=${modes.value} picked=${mode} />
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
            : html`<${Table} list=${list} remove=${remove} save=${setSaving} note=${setNoting} picked=${picked} pick=${pick} more=${more} goOn=${goOn} />`}
        </div>
      `}
      ${noting && html`<${NotesForm} id=${noting.id} name=${`${noting.target || noting.mode}, ${whenOf(noting.began)}`} close=${() => setNoting(null)} saved=${() => transcriptInfo(noting.id).then((info) => change(noting.id, info), load)} />`}
      ${saving && html`<${SaveAs} id=${saving.id} name=${nameOf(saving)} close=${() => setSaving(null)} />`}
    </section>
  `;
}

/** What a recording is called. @param {import("../types").Info} info */
function nameOf(info) {
  return `${info.title || info.target || info.mode}, ${whenOf(info.began)}`;
}

/**
 * Which groups of rows to draw, those near what is in view and that with the focus, and
 * how high the others are; and has more fetched when the end comes near.
 * @param {number} rows @param {boolean} more @param {() => void} goOn
 */
function useWindow(rows, more, goOn) {
  const table = useRef(/** @type {HTMLElement | null} */ (null));
  const heights = useRef(/** @type {number[]} */ ([])); // of groups that were drawn
  const [drawn, setDrawn] = useState([0]); // groups
  const groups = Math.ceil(rows / group);
  const usual = heights.current.find(Boolean) ?? group * 40;
  const height = (/** @type {number} */ from, /** @type {number} */ to) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += heights.current[i] ?? usual;
    return sum;
  };
  const look = () => {
    if (!table.current) return;
    for (const body of table.current.querySelectorAll("tbody[data-group]")) {
      if (body.querySelectorAll("tr").length === group) heights.current[Number(/** @type {HTMLElement} */ (body).dataset.group)] = body.getBoundingClientRect().height;
    }
    const top = table.current.getBoundingClientRect().top;
    let from = 0;
    while (from < groups - 1 && top + height(0, from + 1) < -near) from++;
    let to = from + 1;
    while (to < groups && top + height(0, to) < globalThis.innerHeight + near) to++;
    const focused = Number(/** @type {HTMLElement | null} */ (document.activeElement?.closest("tbody[data-group]") ?? null)?.dataset.group ?? from);
    const now = Array.from({ length: to - from }, (_, i) => from + i);
    if (focused < from) now.unshift(focused);
    if (focused >= to) now.push(focused);
    if (String(now) !== String(drawn)) setDrawn(now);
    if (more && to === groups && top + height(0, groups) < globalThis.innerHeight + near) goOn();
  };
  useEffect(() => {
    look();
    let asked = 0;
    const later = () => (asked ||= requestAnimationFrame(() => ((asked = 0), look())));
    const way = { capture: true, passive: true };
    addEventListener("scroll", later, way);
    addEventListener("resize", later);
    return () => {
      globalThis.cancelAnimationFrame(asked);
      removeEventListener("scroll", later, way);
      removeEventListener("resize", later);
    };
  });
  return { table, drawn: drawn.filter((n) => n < groups), groups, height };
}

/** Stands for rows that are not drawn. @param {{ height: number }} props */
function Gap({ height }) {
  const cell = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => { // a frame without it would move what is in view
    if (cell.current) cell.current.style.height = height + "px";
  }, [height]);
  return height > 0 && html`<tbody class="gap" aria-hidden="true"><tr><td ref=${cell} colspan="8"></td></tr></tbody>`;
}

/**
 * @typedef {{ remove: (info: import("../types").Info) => void, save: (info: import("../types").Info) => void, note: (info: import("../types").Info) => void,
 *   picked: string[], pick: (id: string) => void }} Doing what can be done with a row
 */

/** @param {{ list: import("../types").Info[], more: boolean, goOn: () => void } & Doing} props */
function Table({ list, more, goOn, ...doing }) {
  const { table, drawn, groups, height } = useWindow(list.length, more, goOn);
  const gap = (/** @type {number} */ from, /** @type {number} */ to) => from < to && html`<${Gap} key=${"above " + to} height=${height(from, to)} />`;
  return html`
    <table class="transcripts" ref=${table} aria-rowcount=${more ? -1 : list.length + 1}>
      <thead>
        <tr aria-rowindex="1"><th scope="col"><span class="unseen">Pick</span></th><th scope="col">Began</th><th scope="col">Target</th><th scope="col">Mode</th><th scope="col">Lasted</th><th scope="col">Size</th><th scope="col">Ended</th><th scope="col"><span class="unseen">Do</span></th></tr>
      </thead>
      ${drawn.flatMap((n, i) => [gap(i > 0 ? drawn[i - 1] + 1 : 0, n), html`
        <tbody key=${n} data-group=${n}>
          ${list.slice(n * group, (n + 1) * group).map((info, i) => html`<${Row} key=${info.id} info=${info} index=${n * group + i} ...${doing} />`)}
        </tbody>
      `])}
      ${gap((drawn.at(-1) ?? -1) + 1, groups)}
    </table>
  `;
}

/** @param {{ info: import("../types").Info, index: number } & Doing} props */
function Row({ info, index, remove, save, note, picked, pick }) {
  return html`
    <tr aria-rowindex=${index + 2}>
      <td class="pick"><input type="checkbox" aria-label=${"Pick " + nameOf(info)} title="Pick two to compare them" checked=${picked.includes(info.id)} onChange=${() => pick(info.id)} /></td>
      <td class="when">${whenOf(info.began)}</td>
      <td>
        <a href=${formatRoute("transcripts", info.id)}>${info.title || info.target || info.session || info.id}</a>
        ${info.tags?.map((tag) => html` <a class="tag" key=${tag} href=${formatRoute("transcripts", "", { text: tag })}>${tag}</a>`)}
        ${info.noted && html` <span class="muted" title="It has notes">✎<span class="unseen">has notes</span></span>`}
        ${info.title && info.target && html`<div class="muted">${info.target}</div>`}
        ${info.agent && html`<div class="muted">by the agent ${info.agent}</div>`}
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
  `;
}
