// Two recordings, side by side.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { count, whenOf } from "../model/format.js";
import { diffTranscripts, keepRules, transcriptInfo } from "../wire/transcripts.js";
import { formatRoute } from "./route.js";
import { Aligned } from "./Aligned.js";

/** @param {{ query: Record<string, string> }} props */
export function Diff({ query: { a = "", b = "", by = "" } }) {
  const byRules = by === "rules";
  const [sides, setSides] = useState(/** @type {import("../types").SideBySide | null} */ (null));
  const [infos, setInfos] = useState(/** @type {(import("../types").Info | null)[]} */ ([null, null]));
  const [problem, setProblem] = useState("");
  const [kept, setKept] = useState(/** @type {{ id: string, written: number, unexplained: number } | null} */ (null));
  useEffect(() => {
    let left = false; // for another question
    setSides(null);
    setKept(null);
    setProblem(a && b ? "" : "Pick two recordings in the list first.");
    if (!a || !b) return;
    diffTranscripts(a, b, byRules ? "rules" : "").then((found) => left || setSides(found), (error) => left || setProblem(error.message));
    Promise.all([transcriptInfo(a), transcriptInfo(b)]).then((both) => left || setInfos(both), () => {});
    return () => (left = true);
  }, [a, b, byRules]);
  const [titleA, titleB] = [a, b].map((id, i) => {
    const info = infos[i]?.id === id ? infos[i] : null;
    return html`<a href=${formatRoute("transcripts", id)}>${info ? `${info.target || info.mode}, ${whenOf(info.began)}` : id}</a>`;
  });
  const way = (/** @type {string} */ name, /** @type {string} */ words) => html`
    <a class=${"button small" + (name === by ? " primary" : "")} aria-current=${name === by ? "page" : null} href=${formatRoute("diff", "", { a, b, by: name })}>${words}</a>
  `;
  const keep = () => keepRules(a, b).then(setKept, (error) => setProblem(error.message));
  return html`
    <section class="view" aria-labelledby="diff-title">
      <header>
        <h2 id="diff-title">Two recordings, side by side</h2>
        ${a && b && html`<a class="button small" href=${formatRoute("diff", "", { a: b, b: a, by: byRules ? "rules" : "" })}>Swap</a>`}
        <a class="button small" href=${formatRoute("transcripts")}>All transcripts</a>
      </header>
      ${a && b && html`
        <nav class="play-ways" aria-label="What counts">
          ${way("", "Everything")} ${way("rules", "The wire, by rules")}
        </nav>
      `}
      <p class="muted">${byRules
        ? "What crossed the wire is compared. What changes from one talk to the next does not count: what the first one’s rules allow, and dates, numbers, IDs and words for which rules can be written."
        : "Events and what the line mode did are compared. Times, remarks, comments and headers are not."}</p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${!sides && !problem && html`<p class="muted" role="status">Comparing …</p>`}
      ${sides && html`<${Aligned} sides=${sides} a=${titleA} b=${titleB} same=${byRules && sides.rows.some((row) => row.allowed) ? "They are the same, by rules." : "They are the same."} />`}
      ${sides && byRules && (sides.written ?? 0) > 0 && html`
        <div class="play-tools" id="found-rules">
          <span>${count(sides.written ?? 0, "rule")} found.</span>
          ${!kept && html`<button type="button" class="small" id="keep-rules" title="A copy of the first recording, with these rules: to play it to peers that say today’s date" onClick=${keep}>Keep the first with its rules</button>`}
          ${kept && html`<span role="status" class="good">Kept: <a href=${formatRoute("transcripts", kept.id)}>the recording with ${count(kept.written, "rule")}</a>.${kept.unexplained > 0 ? ` ${count(kept.unexplained, "difference")} without one.` : ""} <a href=${formatRoute("play", "", { transcript: kept.id, as: "client" })}>Play it as client</a></span>`}
        </div>
      `}
    </section>
  `;
}
