// A recording, fed to a line mode once more: what it answers, beside what it did.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { whenOf } from "../model/format.js";
import { replayTranscript, transcriptInfo } from "../wire/transcripts.js";
import { modes } from "../wire/workbench.js";
import { formatRoute } from "./route.js";
import { Aligned } from "./Aligned.js";
import { OptionField } from "./ConnectBar.js";
import { ModeOptions } from "./ModeOptions.js";

/** @param {{ query: Record<string, string> }} props */
export function Replay({ query: { transcript = "" } }) {
  const [info, setInfo] = useState(/** @type {import("../types").Info | null} */ (null));
  const [run, setRun] = useState(/** @type {{ mode: string, options: Record<string, string> | null }} */ ({ mode: "", options: null })); // as recorded
  const [result, setResult] = useState(/** @type {import("../types").Replayed | null} */ (null));
  const [problem, setProblem] = useState("");
  const asked = useRef(0);
  useEffect(() => {
    transcriptInfo(transcript).then(setInfo, () => {});
  }, [transcript]);
  useEffect(() => {
    const mine = ++asked.current;
    setProblem(transcript ? "" : "Open a recording first, and pick Replay there.");
    if (!transcript) return;
    const timer = setTimeout(() => {
      replayTranscript(transcript, run).then(
        (answer) => mine === asked.current && (setResult(answer), setProblem("")),
        (error) => mine === asked.current && (setResult(null), setProblem(error.message)),
      );
    }, 200);
    return () => clearTimeout(timer);
  }, [transcript, run]);

  const manifest = modes.value.find((mode) => mode.manifest.name === run.mode)?.manifest;
  const own = modes.value.find((mode) => mode.manifest.name === info?.mode)?.manifest.title ?? info?.mode;
  return html`
    <section class="view" aria-labelledby="replay-title">
      <header>
        <h2 id="replay-title">Replay</h2>
        <span class="muted">${info && `${info.target || info.mode}, ${whenOf(info.began)}`}</span>
        ${transcript && html`<a class="button small" href=${formatRoute("transcripts", transcript)}>The recording</a>`}
      </header>
      <p class="muted">The recording’s events are fed to a line mode. It should answer as it did.</p>
      ${transcript && html`
        <div class="runs">
          <section class="card run" aria-label="Line mode">
            <div class="field">
              <label for="replay-mode">Line mode</label>
              <select id="replay-mode" value=${run.mode} onChange=${(/** @type {any} */ event) => setRun({ mode: event.target.value, options: event.target.value ? {} : null })}>
                <option value="" selected=${run.mode === ""}>As recorded${own ? `: ${own}` : ""}</option>
                <${ModeOptions} modes=${modes.value} picked=${run.mode} label=${(/** @type {import("./ModeOptions.js").Mode} */ { manifest }) => manifest.title + ", with other options"} />
              </select>
            </div>
            ${manifest?.options.map((option) => html`
              <${OptionField} key=${option.name} option=${{ ...option, help: "" }} prefix="replay-" value=${run.options?.[option.name] ?? option.default}
                onChange=${(/** @type {string} */ value) => setRun({ ...run, options: { ...run.options, [option.name]: value } })} />
            `)}
          </section>
        </div>
      `}
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${transcript && !result && !problem && html`<p class="muted" role="status">Replaying …</p>`}
      ${result?.faults.map((fault) => html`<p key=${fault.line + fault.words} class="problem">Line ${fault.line} of the transcript: ${fault.words}</p>`)}
      ${result && html`<${Aligned} sides=${result} a="Recorded" b="Now" same=${result.same ? "Same: it answers as it did." : "The entries are the same."} />`}
    </section>
  `;
}
