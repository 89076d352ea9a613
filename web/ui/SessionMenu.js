// What can be done with a session as a whole, while it lives and after.

import { html, lazy } from "./html.js";
import { formatRoute, go } from "./route.js";
import { inClass, recording } from "../wire/workbench.js";
import { saveURL } from "./download.js";

const ShowItem = lazy(() => import("./ShowMark.js"), "ShowItem");

/** @param {{ tab: import("./tabs.js").Tab, session: import("../wire/session.js").Session, close: () => void, openFaults: () => void }} props */
export function SessionMenu({ tab, session, close, openFaults }) {
  const hello = session.hello.value;
  const transcript = hello?.transcript;
  const why = recording.value && !session.record
    ? "It was not recorded: Record was off when it began."
    : "This workbench does not record sessions.";
  const golden = () => {
    saveURL(`/api/transcripts/${transcript}?golden=1&download=1`);
    close();
  };
  const upgrade = () => {
    session.startTLS();
    close();
  };
  const faults = () => {
    close(); // to whose button the focus comes back
    openFaults();
  };
  const clear = () => {
    session.clear();
    close();
  };
  return html`
    <button type="button" class="item" id="golden-button" disabled=${!transcript} aria-describedby="golden-why" onClick=${golden}>Save as golden</button>
    <p class="muted" id="golden-why">${transcript ? "A transcript without times, to keep as a test." : why}</p>
    ${transcript && html`<a class="button small" id="transcript-link" href=${formatRoute("transcripts", transcript)}>Open the transcript</a>`}
    ${session.connected && session.canUpgrade && html`
      <button type="button" class="item" id="starttls-button" disabled=${!!session.upgraded.value || session.upgrading.value || session.finished.value || !session.hasKeyboard}
        aria-describedby="starttls-why" onClick=${upgrade}>Upgrade to TLS</button>
      <p class="muted" id="starttls-why">${session.upgraded.value ? "The connection is TLS." : "After STARTTLS, once the server has agreed."}</p>
    `}
    ${hello && !session.of && html`<button type="button" class="item" id="faults-button" onClick=${faults}>Faults …</button>`}
    <button type="button" class="item" id="compare-button" disabled=${!hello}
      onClick=${() => go(formatRoute("compare", "", transcript ? { transcript } : { tab: tab.id }))}>What would another mode have done?</button>
    ${inClass.value === "teacher" && session.live && session.attach && html`<${ShowItem} attach=${session.attach} close=${close} />`}
    <button type="button" class="item" id="clear-button" onClick=${clear}>Clear the lanes</button>
  `;
}
