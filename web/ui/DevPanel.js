// A line mode that is being developed: its last build, what its goldens say,
// which sessions could not move over, and what it prints.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { faultOf, firstError } from "../model/devfault.js";
import { dev, doingWords, listen, moveAnyway } from "../wire/dev.js";
import { devMode } from "../wire/workbench.js";

export function DevPanel() {
  useEffect(listen, []);
  const [problem, setProblem] = useState("");
  const state = dev.value;
  const { build, doing, goldens, sessions, log } = state ?? {};
  const different = goldens?.different ?? [];
  const stayed = sessions?.stayed ?? [];
  const failed = build && build.n > 0 && !build.ok;
  const fault = faultOf(log ?? [], state?.dir ?? "");
  return html`
    <section class="card dev" aria-labelledby="dev-title">
      <header>
        <h3 id="dev-title">Developing ${devMode.value}</h3>
        <span class="muted">${state?.dir}</span>
        ${build && build.n > 0 && html`<span class=${build.ok ? "pill ok" : "pill failed"}>build ${build.n} ${build.ok ? "ok" : "failed"}</span>`}
      </header>
      ${doing && html`<p class="muted">${doingWords(doing)}</p>`}
      ${!state && html`<p class="muted">Nothing has been said yet.</p>`}
      ${failed && html`
        <p class="problem"><code class="dev-fault">${firstError(build.error ?? "")}</code></p>
        <pre class="log" tabindex="0" aria-label="What the build said">${build.error}</pre>
      `}
      ${fault && html`<p class="problem" id="dev-fault">It panicked${fault.where && html` at <code class="dev-fault">${fault.where}</code>`}: ${fault.what}</p>`}
      ${goldens && html`<p>${goldens.total === 0
        ? "There are no goldens yet."
        : different.length === 0
          ? html`<span class="pill ok">ok</span> All ${count(goldens.total, "golden")} give the same.`
          : html`<span class="pill differ">differ</span> ${different.length} of ${count(goldens.total, "golden")}; the others are <span class="pill ok">ok</span>`}</p>`}
      ${different.map(({ file, diff }) => html`
        <details key=${file} open=${different.length === 1}><summary><span class="pill differ">differs</span> ${file}</summary><${Diff} text=${diff} /></details>
      `)}
      ${sessions && html`<p>${count(sessions.moved, "session")} moved to the new build${stayed.length > 0 ? `, ${stayed.length} stayed on the one before: it would have answered differently.` : "."}</p>`}
      ${stayed.map(({ session, n, diff }) => html`
        <details key=${session}><summary>session ${session}, event ${n}</summary><${Diff} text=${diff} /></details>
      `)}
      ${stayed.length > 0 && html`<div><button type="button" class="small" id="move-anyway" onClick=${async () => setProblem(await moveAnyway())}>Move them anyway</button></div>`}
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${log && log.length > 0 && html`<pre class="log" tabindex="0" aria-label="What the plugin prints">${log.join("\n")}</pre>`}
    </section>
  `;
}

/** @param {{ text: string }} props */
function Diff({ text }) {
  const kindOf = (/** @type {string} */ line) => (line.startsWith("-") ? "gone" : line.startsWith("+") ? "come" : "");
  return html`<pre class="diff" tabindex="0" aria-label="Difference">${text.split("\n").map((line) => html`<span class=${kindOf(line)}>${line + "\n"}</span>`)}</pre>`;
}
