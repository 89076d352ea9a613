// Why TLS failed, with the server's certificate, and buttons to go on. The code of
// the failure decides which buttons there are.

import { html } from "./html.js";
import { useState } from "../vendor/hooks.js";
import { shownLine } from "../model/format.js";
import { waysOn } from "../model/tls.js";
import { Certificate } from "./Certificate.js";
import { PEMPicker } from "./PEMPicker.js";

/** @param {{ tab: import("./tabs.js").Tab, session: import("../wire/session.js").Session, refusal: import("../types").Refusal }} props */
export function TLSFailure({ tab, session, refusal }) {
  const [problem, setProblem] = useState("");
  const go = (/** @type {import("../model/tls.js").Way} */ { set, field, clear }) => {
    if (set) tab.reconnectWith(set);
    else if (field) tab.showTLS(field);
    else if (clear) tab.reconnectInClear();
  };
  return html`
    <section class="card tls-failure" id="tls-failure" aria-label="Why TLS failed, and what to do">
      ${refusal.certificate && html`<${Certificate} certificate=${refusal.certificate} title="The server's certificate" />`}
      <p class="ways">
        ${waysOn(refusal, session.tlsChoices).filter((way) => session.isTLS || !(way.field || way.clear)).map((way, i) => way.file
          ? html`<${PEMPicker} key=${i} id=${"tls-way-" + way.file} kind=${way.file} label=${way.label} failed=${setProblem}
              done=${(/** @type {string} */ id) => tab.reconnectWith(way.file === "ca" ? { verify: "ca:" + id } : { cert: id })} />`
          : html`<button key=${i} type="button" class=${way.unsafe ? "small danger" : "small"} onClick=${() => go(way)}>${shownLine(way.label)}</button>`)}
      </p>
      <p role="status" class=${problem ? "problem" : "unseen"}>${shownLine(problem)}</p>
    </section>
  `;
}
