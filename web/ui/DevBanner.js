// That a line mode is being developed, how its last build went, and what is wrong
// with it.

import { html } from "./html.js";
import { useEffect } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { faultOf, firstError } from "../model/devfault.js";
import { dev, doingWords, listen } from "../wire/dev.js";
import { formatRoute, route } from "./route.js";
import { devMode } from "../wire/workbench.js";

export function DevBanner() {
  useEffect(listen, []);
  const { build, doing, goldens, sessions, log, dir = "" } = dev.value ?? {};
  const different = goldens?.different?.length ?? 0;
  const stayed = sessions?.stayed?.length ?? 0;
  const built = (build?.n ?? 0) > 0;
  const failed = built && !build?.ok;
  const fault = failed ? null : faultOf(log ?? [], dir);
  const inPanel = route.value.view === "plugins"; // which says all of it
  return html`
    <div class=${failed ? "dev-banner failed" : "dev-banner"} role="status">
      <b>Developing ${devMode.value}</b>
      <span>${!build || !built ? "no build yet" : failed ? `build ${build.n} failed` : `build ${build.n} in ${build.took.toFixed(1)} s`}</span>
      ${doing && html`<span>${doingWords(doing)}</span>`}
      ${goldens && goldens.total > 0 && built && !failed && html`<span class=${different ? "pill differ" : "pill ok"}>${different ? `${different} of ${count(goldens.total, "golden")} differ` : `${count(goldens.total, "golden")} ok`}</span>`}
      ${stayed > 0 && html`<span>${count(stayed, "session")} stayed on the build before</span>`}
      <a href=${formatRoute("plugins")}>More</a>
      ${failed && !inPanel && html`<code class="dev-fault">${firstError(build?.error ?? "")}</code>`}
      ${fault && !inPanel && html`<code class="dev-fault">${[fault.where, fault.what].filter(Boolean).join(": ")}</code>`}
    </div>
  `;
}
