// Two recordings, side by side.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { whenOf } from "../model/format.js";
import { diffTranscripts, transcriptInfo } from "../wire/transcripts.js";
import { formatRoute } from "./route.js";
import { Aligned } from "./Aligned.js";

/** @param {{ query: Record<string, string> }} props */
export function Diff({ query: { a = "", b = "" } }) {
  const [sides, setSides] = useState(/** @type {import("../types").SideBySide | null} */ (null));
  const [infos, setInfos] = useState(/** @type {(import("../types").Info | null)[]} */ ([null, null]));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    setSides(null);
    setProblem(a && b ? "" : "Pick two recordings in the list first.");
    if (!a || !b) return;
    diffTranscripts(a, b).then(setSides, (error) => setProblem(error.message));
    Promise.all([transcriptInfo(a), transcriptInfo(b)]).then(setInfos, () => {});
  }, [a, b]);
  const [titleA, titleB] = [a, b].map((id, i) => {
    const info = infos[i]?.id === id ? infos[i] : null;
    return html`<a href=${formatRoute("transcripts", id)}>${info ? `${info.target || info.mode}, ${whenOf(info.began)}` : id}</a>`;
  });
  return html`
    <section class="view" aria-labelledby="diff-title">
      <header>
        <h2 id="diff-title">Two recordings, side by side</h2>
        ${a && b && html`<a class="button small" href=${formatRoute("diff", "", { a: b, b: a })}>Swap</a>`}
        <a class="button small" href=${formatRoute("transcripts")}>All transcripts</a>
      </header>
      <p class="muted">Events and what the line mode did are compared. Times, remarks, comments and headers are not.</p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${!sides && !problem && html`<p class="muted" role="status">Comparing …</p>`}
      ${sides && html`<${Aligned} sides=${sides} a=${titleA} b=${titleB} same="They are the same." />`}
    </section>
  `;
}
