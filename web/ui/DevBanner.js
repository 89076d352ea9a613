// That a line mode is being developed, and how its last build went.

import { html } from "./html.js";
import { useEffect } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { dev, doingWords, listen } from "../wire/dev.js";
import { formatRoute } from "./route.js";
import { devMode } from "../wire/workbench.js";

export function DevBanner() {
  useEffect(listen, []);
  const { build, doing, goldens, sessions } = dev.value ?? {};
  const different = goldens?.different?.length ?? 0;
  const stayed = sessions?.stayed?.length ?? 0;
  const built = (build?.n ?? 0) > 0;
  const failed = built && !build?.ok;
  return html`
    <p class=${failed ? "dev-banner failed" : "dev-banner"} role="status">
      <b>Developing ${devMode.value}</b>
      <span>${!build || !built ? "no build yet" : failed ? `build ${build.n} failed` : `build ${build.n} in ${build.took.toFixed(1)} s`}</span>
      ${doing && html`<span>${doingWords(doing)}</span>`}
      ${goldens && html`<span>${different ? `${different} of ${count(goldens.total, "golden")} differ` : `${count(goldens.total, "golden")} the same`}</span>`}
      ${stayed > 0 && html`<span>${count(stayed, "session")} stayed on the build before</span>`}
      <a href=${formatRoute("plugins")}>More</a>
    </p>
  `;
}
