// What a certificate says, as a small table. All of it is a peer's: text, cut to
// a length, with its controls shown.

import { html } from "./html.js";
import { shownLine } from "../model/format.js";
import { shown } from "./LaneRow.js";
import { dateProblem, grouped, shownDate } from "../model/tls.js";

const longest = 400; // characters of a text
const mostNames = 12;

/** @param {{ certificate: import("../types").Certificate, title: string }} props */
export function Certificate({ certificate, title }) {
  const { subject, issuer = "", notBefore, notAfter, fingerprint } = certificate;
  const names = certificate.names ?? [];
  const problem = dateProblem(certificate, Date.now());
  const more = names.length - mostNames;
  return html`
    <dl class="certificate" aria-label=${title}>
      <div><dt>Subject</dt><dd>${shown(cut(subject) || "–")}</dd></div>
      ${issuer && html`<div><dt>Issuer</dt><dd>${issuer === subject ? "itself" : shown(cut(issuer))}</dd></div>`}
      <div><dt>Names</dt><dd>${shown(names.slice(0, mostNames).map(cut).join(", ") || "none")}${more > 0 && ` and ${more} more`}</dd></div>
      <div><dt>Valid</dt><dd>${cut(shownDate(notBefore))} to ${cut(shownDate(notAfter))} UTC${problem && html` <b class="problem">${problem}</b>`}</dd></div>
      <div><dt>SHA-256</dt><dd><code>${grouped(cut(fingerprint))}</code></dd></div>
    </dl>
  `;
}

/** @param {string} text */
function cut(text) {
  return shownLine(text.length > longest ? text.slice(0, longest) + "…" : text);
}
