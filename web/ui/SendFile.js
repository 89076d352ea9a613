// A file on its way to the server: how it goes, how far it is, and a way to
// stop it.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { dataSize } from "../model/format.js";
import { sendFile } from "../wire/sendfile.js";

/** @param {{ file: File, session: import("../wire/session.js").Session, asLines: boolean, done: () => void }} props */
export function SendFile({ file, session, asLines, done }) {
  const [stage, setStage] = useState("asking"); // → "sending" → "over"
  const [sent, setSent] = useState(0);
  const [problem, setProblem] = useState("");
  const stop = useRef(new AbortController());
  const button = useRef(/** @type {any} */ (null));
  useEffect(() => {
    button.current?.focus();
    return () => stop.current.abort();
  }, [file]);

  const start = async () => {
    setStage("sending");
    setProblem(await sendFile(file, session, { asLines, signal: stop.current.signal, progress: setSent }));
    setStage("over");
  };
  const how = asLines ? `line by line, each with ${session.mode.sends.includes("line end") ? "its line end" : "what the mode adds"}` : "as the bytes it has";
  return html`
    <div class="send-file" role="group" aria-label="Send a file">
      <span><b>${file.name}</b>, ${dataSize(file.size)}, ${how}</span>
      ${stage !== "asking" && html`<progress max=${file.size || 1} value=${sent} aria-label="Sent so far"></progress>`}
      ${stage === "sending" && html`<span class="muted">${dataSize(sent)}</span>`}
      ${stage === "over" && html`<span role="status" class=${problem ? "problem" : "good"}>${problem || "Sent."}</span>`}
      ${stage === "asking" && html`<button type="button" class="small primary" ref=${button} onClick=${start}>Send the file</button>`}
      <button type="button" class="small" onClick=${() => (stage === "sending" ? stop.current.abort() : done())}>
        ${stage === "over" ? "Close" : "Cancel"}
      </button>
    </div>
  `;
}
