// A recording without its secrets: what would be masked, and then another recording
// or a file. The recording itself stays.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { count, whenOf } from "../model/format.js";
import { redactTranscript, redactedCopy, redactedText, transcriptInfo } from "../wire/transcripts.js";
import { formatRoute } from "./route.js";
import { save } from "./download.js";
import { Aligned } from "./Aligned.js";

const pause = 400; // milliseconds after the last key before it looks

/** @param {{ query: Record<string, string> }} props */
export function Redact({ query: { transcript = "" } }) {
  const [info, setInfo] = useState(/** @type {import("../types").Info | null} */ (null));
  const [secret, setSecret] = useState({ match: "", literal: true });
  const [result, setResult] = useState(/** @type {import("../types").Redacted | null} */ (null));
  const [kept, setKept] = useState("");
  const [problem, setProblem] = useState("");
  const asked = useRef(0);
  const field = useRef(/** @type {any} */ (null));
  useEffect(() => {
    field.current?.focus();
    transcriptInfo(transcript).then(setInfo, () => {});
  }, [transcript]);
  useEffect(() => {
    const mine = ++asked.current;
    setProblem(transcript ? "" : "Open a recording first, and pick Redact there.");
    setKept("");
    if (!transcript || !secret.match) return setResult(null);
    const timer = setTimeout(() => {
      redactTranscript(transcript, secret).then(
        (answer) => mine === asked.current && (setResult(answer), setProblem("")),
        (error) => mine === asked.current && (setResult(null), setProblem(error.message)),
      );
    }, pause);
    return () => clearTimeout(timer);
  }, [transcript, secret]);

  const fails = (/** @type {Error} */ error) => setProblem(error.message);
  const keep = () => redactedCopy(transcript, secret).then(setKept, fails);
  const file = () => redactedText(transcript, secret).then((text) => save(transcript + "-redacted.transcript", text), fails);
  const refused = Boolean(result && (result.places.length > 0 || result.problem));
  const ready = Boolean(result && result.found > 0 && !refused);
  return html`
    <section class="view" aria-labelledby="redact-title">
      <header>
        <h2 id="redact-title">Redact</h2>
        <span class="muted">${info && `${info.target || info.mode}, ${whenOf(info.began)}`}</span>
        ${transcript && html`<a class="button small" href=${formatRoute("transcripts", transcript)}>The recording</a>`}
      </header>
      <p class="muted">What is secret becomes as many *, in messages, remarks and comments. The recording itself stays as it is.</p>
      ${transcript && html`
        <div class="card searching redacting">
          <div class="field">
            <label for="secret">What is secret</label>
            <input type="text" id="secret" ref=${field} value=${secret.match} spellcheck=${false} autocomplete="off"
              placeholder=${secret.literal ? "hunter2" : String.raw`PASS (\S+)`} onInput=${(/** @type {any} */ event) => setSecret({ ...secret, match: event.target.value })} />
          </div>
          <label class="switch small" title="In Go’s syntax. If it has a group, only what the first group matches is masked">
            <input type="checkbox" role="switch" id="secret-regexp" checked=${!secret.literal} onChange=${(/** @type {any} */ event) => setSecret({ ...secret, literal: !event.target.checked })} />
            <span>Regular expression</span>
          </label>
          <button type="button" class="small primary" id="keep-redacted" disabled=${!ready} onClick=${keep}>Keep as a new recording</button>
          <button type="button" class="small" id="save-redacted" disabled=${!ready} onClick=${file}>Save as a file</button>
        </div>
      `}
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${kept && html`<p class="good" role="status" id="kept-redacted">Kept: <a href=${formatRoute("transcripts", kept)}>the redacted recording</a>. Delete the other one if nobody should read it.</p>`}
      ${result && refused && html`
        <div class="problem" role="alert">
          <p>It cannot be masked everywhere: a * would change what the recording means${result.places.length > 0 ? " here:" : "."} ${result.problem}</p>
          <ul>${result.places.map(({ line, what }) => html`<li key=${line + what}>line ${line}: ${what}</li>`)}</ul>
        </div>
      `}
      ${result && html`<p id="found-secrets" role="status">${result.found === 0 ? "Nothing matches." : count(result.found, "place") + (refused ? " could be masked." : " would be masked.")}</p>`}
      ${result && result.found > 0 && html`<${Aligned} sides=${result} a="Recorded" b="Redacted" same="It stands only in comments." />`}
    </section>
  `;
}
