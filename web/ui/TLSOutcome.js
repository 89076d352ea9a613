// What TLS came to: version, cipher, and who the server is.

import { html } from "./html.js";
import { shownLine } from "../model/format.js";
import { Certificate } from "./Certificate.js";

const verifications = {
  system: "by this system's authorities",
  ca: "by the CA file",
  pin: "by its fingerprint alone",
  none: "not at all",
};

/** @param {{ outcome: import("../types").TLSOutcome }} props */
export function TLSOutcome({ outcome }) {
  const { version, cipher, alpn, verified, certificate, clientCertificate, clientCertificateAsked } = outcome;
  const shown = clientCertificate ? `${shownLine(clientCertificate.subject)} · ${clientCertificate.fingerprint.slice(0, 8)}` : "none";
  return html`
    <div class="tls-outcome" role="group" aria-label="TLS" tabindex="-1">
      <dl class="certificate">
        <div><dt>Version</dt><dd>TLS ${version}, ${cipher}</dd></div>
        <div><dt>ALPN</dt><dd>${alpn ? shownLine(alpn) : "none"}</dd></div>
        <div><dt>Verified</dt><dd class=${verified === "none" ? "problem" : ""}>${verifications[verified] ?? verified}</dd></div>
        ${(clientCertificate || clientCertificateAsked) && html`
          <div><dt>Client certificate</dt><dd>${shown}${clientCertificateAsked && !clientCertificate && ", though the server asked for one"}</dd></div>
        `}
      </dl>
      ${certificate && html`<${Certificate} certificate=${certificate} title="The server's certificate" />`}
    </div>
  `;
}
