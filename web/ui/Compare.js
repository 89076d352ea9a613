// What would LF have done? Two to four modes or option sets, side by side over
// the events of one session.

import { Icon, html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { alike, lastEvent, stretch, stretchProblem, suggestedRuns, wordsOf } from "../model/compare.js";
import { compareRuns, listTranscripts, transcriptEntries, transcriptInfo } from "../wire/transcripts.js";
import { formatRoute, setTitle } from "./route.js";
import { modes } from "../wire/workbench.js";
import { tabs } from "./tabs.js";
import { whenOf } from "../model/format.js";
import { shown } from "./LaneRow.js";
import { OptionField } from "./ConnectBar.js";
import { ModeOptions } from "./ModeOptions.js";

/** @typedef {{ entries: import("../types").Entry[], mode: string, options: Record<string, string>, title: string, transcript: string, serverEOF: "end" | "stay", seed?: string, start?: string }} Source */

const mostRuns = 4;
const mostShown = 2000; // events in the table

/** Starts over when the address asks for something else. @param {{ query: Record<string, string> }} props */
export function Compare({ query }) {
  return html`<${Comparing} key=${JSON.stringify(query)} query=${query} />`;
}

/** @param {{ query: Record<string, string> }} props */
function Comparing({ query }) {
  const [source, setSource] = useState(/** @type {Source | null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    load(query).then(setSource, (error) => setProblem(error.message));
  }, []);
  useEffect(() => {
    setTitle("Compare" + (source ? " " + source.title : ""));
  }, [source]);
  return html`
    <section class="view" aria-labelledby="compare-title">
      <header>
        <h2 id="compare-title">What would another mode have done?</h2>
        ${source && html`<span class="muted">over the events of ${source.title}</span>`}
      </header>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${source && modes.value.length > 0 ? html`<${Runs} source=${source} />` : !problem && html`<${Sources} />`}
    </section>
  `;
}

/** @param {Record<string, string>} query @returns {Promise<Source | null>} */
async function load({ transcript, tab }) {
  if (transcript) {
    const [{ entries }, info] = await Promise.all([transcriptEntries(transcript), transcriptInfo(transcript)]);
    return { entries, mode: info?.mode ?? "", options: {}, title: info?.target || transcript, transcript, serverEOF: "end" };
  }
  const session = tabs.value.find((one) => String(one.id) === tab)?.shown.value;
  const hello = session?.hello.value;
  if (!session || !hello) return null;
  const entries = [...session.entries.rows()].map(({ size, ...entry }) => entry);
  return { entries, mode: hello.mode, options: hello.options, title: hello.target, transcript: "", serverEOF: session.stays ? "stay" : "end", seed: hello.seed, start: hello.start };
}

// Nothing is picked yet: what there is to pick.
function Sources() {
  const [list, setList] = useState(/** @type {import("../types").Info[]} */ ([]));
  useEffect(() => {
    listTranscripts({ limit: 20 }).then(setList, () => {});
  }, []);
  const open = tabs.value.filter((tab) => tab.shown.value?.hello.value);
  return html`
    <p>A line mode is a machine that does the same with the same events, always. So the events of a session can be
      fed to another one, and what it would have done stands beside what was done.</p>
    ${open.length + list.length === 0 && html`<p class="card nothing">There is no session yet: connect and say something first.</p>`}
    ${open.length > 0 && html`
      <section class="card searching" aria-label="Sessions">
        ${open.map((tab) => html`<a class="button small" key=${tab.id} href=${formatRoute("compare", "", { tab: tab.id })}>${tab.title.value}</a>`)}
      </section>
    `}
    ${list.length > 0 && html`
      <section class="card searching" aria-label="Transcripts">
        ${list.map((info) => html`<a class="button small" key=${info.id} href=${formatRoute("compare", "", { transcript: info.id })}>${info.target} · ${info.mode} · ${whenOf(info.began)}</a>`)}
      </section>
    `}
  `;
}

/** @param {{ source: Source }} props */
function Runs({ source }) {
  const manifests = modes.value.map((mode) => mode.manifest);
  const last = lastEvent(source.entries);
  const [runs, setRuns] = useState(() => suggestedRuns(source.mode, source.options, manifests));
  const [range, setRange] = useState({ from: 0, to: last });
  const [result, setResult] = useState(/** @type {import("../types").Comparison | null} */ (null));
  const [problem, setProblem] = useState("");
  const asked = useRef(0);

  // Whatever is changed, the answer follows.
  useEffect(() => {
    const mine = ++asked.current;
    const none = stretchProblem(source.entries, range.from, range.to);
    setProblem(none);
    if (none) return setResult(null);
    const of = source.transcript && range.to > 0
      ? { transcript: source.transcript, from: Math.max(0, range.from), to: range.to }
      : { entries: stretch(source.entries, range.from, range.to), serverEOF: source.serverEOF, seed: source.seed, start: source.start };
    const timer = setTimeout(() => {
      compareRuns(of, runs).then(
        (answer) => mine === asked.current && (setResult(answer), setProblem("")),
        (error) => mine === asked.current && (setResult(null), setProblem(error.message)),
      );
    }, 200);
    return () => clearTimeout(timer);
  }, [runs, range]);

  const change = (/** @type {number} */ at, /** @type {import("../types").Run} */ run) => setRuns(runs.map((one, i) => (i === at ? run : one)));
  return html`
    <div class="runs">
      ${runs.map((run, i) => html`
        <${RunForm} key=${i} at=${i} run=${run} manifests=${manifests} change=${(/** @type {any} */ next) => change(i, next)}
          remove=${runs.length > 2 ? () => setRuns(runs.filter((_, k) => k !== i)) : null} />
      `)}
    </div>
    <div class="filter-bar">
      ${runs.length < mostRuns && html`<button type="button" class="small" id="add-run" onClick=${() => setRuns([...runs, suggestedRuns(source.mode, {}, manifests)[0]])}><${Icon} name="plus" /> One more</button>`}
      <label class="switch small">Events <input type="number" aria-label="From event" min="0" max=${last} value=${range.from} onChange=${(/** @type {any} */ e) => setRange({ ...range, from: Number(e.target.value) })} /></label>
      <label class="switch small">to <input type="number" aria-label="To event" min="0" max=${last} value=${range.to} onChange=${(/** @type {any} */ e) => setRange({ ...range, to: Number(e.target.value) })} /></label>
    </div>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${result && html`<${Table} result=${result} events=${stretch(source.entries, range.from, range.to).filter((entry) => entry.dir === ">>")} manifests=${manifests} />`}
  `;
}

/** @param {{ at: number, run: import("../types").Run, manifests: import("../types").Manifest[], change: (run: import("../types").Run) => void, remove: (() => void) | null }} props */
function RunForm({ at, run, manifests, change, remove }) {
  const manifest = manifests.find((one) => one.name === run.mode);
  const id = "run-" + at;
  return html`
    <section class="card run" aria-label=${"Mode " + (at + 1)}>
      <div class="field">
        <header>
          <label for=${id}>Mode ${at + 1}</label>
          ${remove && html`<button type="button" class="icon" aria-label=${"Leave mode " + (at + 1) + " out"} onClick=${remove}><${Icon} name="x" /></button>`}
        </header>
        <select id=${id} value=${run.mode} onChange=${(/** @type {any} */ event) => change({ mode: event.target.value, options: {} })}>
          <${ModeOptions} modes=${modes.value} picked=${run.mode} />
        </select>
      </div>
      ${manifest?.options.map((option) => html`
        <${OptionField} key=${option.name} option=${{ ...option, help: "" }} prefix=${id + "-"} value=${run.options[option.name] ?? option.default}
          onChange=${(/** @type {string} */ value) => change({ ...run, options: { ...run.options, [option.name]: value } })} />
      `)}
    </section>
  `;
}

/** @param {{ result: import("../types").Comparison, events: import("../types").Entry[], manifests: import("../types").Manifest[] }} props */
function Table({ result, events, manifests }) {
  const { runs, differs } = result;
  const first = useRef(/** @type {any} */ (null));
  const answers = (/** @type {number} */ n) => runs.map((run) => run.events?.find((event) => event.n === n)?.actions);
  const rows = [{ n: 0, event: undefined }, ...events.map((event) => ({ n: event.n ?? 0, event }))].filter(({ n, event }) => event || answers(n).some((actions) => actions?.length));
  const jump = () => first.current?.scrollIntoView({ block: "center" });
  const title = (/** @type {import("../types").Run} */ run) => (manifests.find((one) => one.name === run.mode)?.title ?? run.mode) + " " + (manifests.find((one) => one.name === run.mode)?.options ?? []).map((option) => run.options?.[option.name] ?? option.default).join(" ");
  return html`
    <p class="verdict" role="status" id="verdict">
      ${differs === null ? "All of them would have done the same." : `The first difference is at event ${differs}. `}
      ${differs !== null && html`<button type="button" class="small" onClick=${jump}>Show it</button>`}
    </p>
    <div class="card compared" tabindex="0" role="region" aria-label="Side by side">
      <table>
        <thead><tr><th scope="col">Event</th>${runs.map((run, i) => html`<th key=${i} scope="col">${title(run)}</th>`)}</tr></thead>
        <tbody>
          ${runs.some((run) => run.error) && html`<tr><th scope="row">failed</th>${runs.map((run, i) => html`<td key=${i} class="problem">${run.error}</td>`)}</tr>`}
          ${rows.slice(0, mostShown).map(({ n, event }) => html`
            <tr key=${n} ref=${n === differs ? first : undefined} class=${[!alike(answers(n)) && "differs", n === differs && "first"].filter(Boolean).join(" ")}>
              <td class="event">${n === differs && html`<span class="unseen">First difference: </span>`}${n} ${event ? shown(wordsOf(event).words) : "opening"}</td>
              ${answers(n).map((actions, i) => html`
                <td key=${i}>${(actions ?? []).map((action, k) => {
                  const { words, side } = wordsOf(action);
                  return html`<span key=${k} class=${"act " + side}>${shown("→ " + words)}</span>`;
                })}</td>
              `)}
            </tr>
          `)}
        </tbody>
      </table>
    </div>
    ${rows.length > mostShown && html`<p class="muted">The table shows the first ${mostShown} events. Pick a stretch to see others.</p>`}
  `;
}
