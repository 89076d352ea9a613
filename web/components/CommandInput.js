// Where the user types: a line, or bytes with escapes, as the mode wants it.

import { html } from "../html.js";
import { shown } from "./Shown.js";
import { useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { session, state, picked } from "../store.js";
import { History, browserStorage } from "../history.js";
import { count, hex, parseEscapes, shownBytes } from "../format.js";

const history = new History(browserStorage(), "workbench.history");

const labels = { line: "Line to send", bytes: "Bytes to send", characters: "Characters to send" };
const placeholders = {
  line: "Type a line, press Enter",
  bytes: "Type bytes: GET / HTTP/1.0\\r\\n\\r\\n",
  characters: "Each character is sent as you type it",
};

export function CommandInput() {
  const field = useRef(null);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const connected = state.value.name === "connected";
  const open = connected && !session.value.finished.value;
  const manifest = (connected ? session.value.mode : picked.value?.manifest) ?? {};
  const input = manifest.input ?? "line";
  const parsed = input === "bytes" ? parseEscapes(text) : {};

  useLayoutEffect(() => {
    if (connected) field.current.focus();
  }, [session.value, connected]);

  const show = (value) => {
    setText(value);
    setProblem("");
  };

  const send = () => {
    if (!connected) return setProblem("Not connected: press Connect first.");
    if (parsed.error) return setProblem(parsed.error);
    if (input === "bytes" && text === "") return setProblem("There are no bytes to send. An end of line is \\r\\n.");
    const wrong = session.value.send(parsed.bytes ?? text);
    if (wrong) return setProblem(wrong);
    history.add(text);
    show("");
    field.current.focus();
  };

  const finish = () => {
    session.value.finish();
    field.current.focus();
  };

  const onInput = ({ target, isComposing }) => {
    show(target.value);
    if (input !== "characters" || isComposing || !connected || target.value === "") return;
    const wrong = session.value.send(target.value);
    setText("");
    setProblem(wrong);
  };

  const onKeyDown = (event) => {
    if (event.isComposing) return; // Enter and arrows belong to the input method
    if (event.key === "Enter") {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      show(event.key === "ArrowUp" ? history.older(text) : history.newer(text));
    }
  };

  return html`
    <div class="card command" role="group" aria-label="Send">
      <div class="command-line">
        <label for="command" class="unseen">${labels[input]}</label>
        <span class="prompt" aria-hidden="true">›</span>
        <input type="text" id="command" ref=${field} value=${text} placeholder=${placeholders[input]}
          spellcheck=${false} autocapitalize="off" autocorrect=${false} autocomplete="off"
          aria-invalid=${parsed.error || problem ? "true" : undefined} aria-describedby="command-hint"
          onInput=${onInput} onKeyDown=${onKeyDown} />
        <button type="button" id="send-button" class="primary" disabled=${!open} onClick=${send}>Send</button>
        <button type="button" id="half-close-button" disabled=${!open} onClick=${finish}
          title="Half-close: tells the server that nothing more comes from you. It may still answer.">End input</button>
      </div>
      <div id="command-hint" class="hint-line">
        ${problem || parsed.error
          ? html`<span class="problem" role=${problem ? "alert" : undefined}>${problem || parsed.error}</span>`
          : parsed.bytes?.length
            ? html`<${Preview} bytes=${parsed.bytes} />`
            : html`<${Hint} input=${input} sends=${manifest.sends} />`}
      </div>
    </div>
  `;
}

function Hint({ input, sends }) {
  const key = input === "characters" ? "Each key" : html`<kbd>Enter</kbd>`;
  return html`
    <span>${key} sends ${sends || "what you typed"}</span>
    ${input === "bytes" && html`<span>escapes <code>\\r \\n \\t \\0 \\x41 \\\\</code></span>`}
    ${input !== "characters" && html`<span class="keys"><kbd>↑</kbd> <kbd>↓</kbd> earlier lines</span>`}
  `;
}

const previewed = 24; // bytes

// What the escapes come to, while they are typed.
function Preview({ bytes }) {
  const start = bytes.subarray(0, previewed);
  const rest = bytes.length > previewed ? " …" : "";
  return html`
    <span id="preview">
      <span>${count(bytes.length, "byte")}</span>
      <code>${shown(shownBytes(start).replaceAll("\n", "") + rest)}</code>
      <code class="muted">${hex(start) + rest}</code>
    </span>
  `;
}
