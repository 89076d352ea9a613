// Where the user types: lines, or bytes with escapes or as hex, as the mode
// wants it.

import { html, lazy } from "./html.js";
import { useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { commandOf, commandsFor, completionOf, hasSecret, lacking } from "../model/commands.js";
import { count, hex, parseEscapes, parseHex, shownBytes } from "../model/format.js";
import { History, browserStorage, readKept, typeHex } from "../model/kept.js";
import { shown } from "./LaneRow.js";

const HistorySearch = lazy(() => import("./HistorySearch.js"), "HistorySearch");
const Snippets = lazy(() => import("./Snippets.js"), "Snippets");
const SendFile = lazy(() => import("./SendFile.js"), "SendFile");
const Macros = lazy(() => import("./Macros.js"), "Macros");
const Commands = lazy(() => import("./Commands.js"), "Commands");
const CommandHelp = lazy(() => import("./Commands.js"), "CommandHelp");
const SessionHint = lazy(() => import("./Hint.js"), "Hint");

const history = new History(browserStorage());

const labels = { line: "Line to send", bytes: "Bytes to send", characters: "Characters to send" };
const placeholders = {
  line: "Type a line, press Enter",
  bytes: "Type bytes: GET / HTTP/1.0\\r\\n\\r\\n",
  hex: "Type bytes as hex: 47 45 54 0d 0a",
  characters: "Each character is sent as you type it",
};
const tallest = 8; // lines that the field grows to

/** @param {{ tab: import("./tabs.js").Tab }} props */
export function CommandInput({ tab }) {
  const field = useRef(/** @type {any} */ (null));
  const enter = useRef(""); // what the Enter that is pressed does: "sent" it, or "break"s the line
  const [problem, setProblem] = useState("");
  const [searching, setSearching] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const chooser = useRef(/** @type {any} */ (null)); // what the snippets were opened from
  const [plain, setPlain] = useState(false); // the next line goes without a line end
  const [past, setPast] = useState(false); // bytes are typed, past the line mode
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [macros, setMacros] = useState(() => (readKept(browserStorage(), "macros")?.length ? "shown" : "")); // "", "shown", "edited"
  const session = tab.session.value;
  const connected = tab.state.value.name === "connected";
  const open = connected && session !== null && !session.finished.value;
  const manifest = connected && session ? session.mode : tab.picked.value?.manifest;
  const own = manifest?.input ?? "line"; // the line mode's
  const input = past ? "bytes" : own;
  const canPlain = input === "line" && !!manifest?.events?.includes("client part");
  const asHex = input === "bytes" && typeHex.value;
  const text = tab.draft.value;
  const parsed = input !== "bytes" ? {} : asHex ? parseHex(text) : parseEscapes(text);
  const lines = input === "line" ? linesOf(text) : [text];
  const options = connected && session ? session.options : Object.fromEntries((manifest?.options ?? []).map((option) => [option.name, tab.option(option)]));
  const commands = commandsFor(manifest?.commands ?? [], options);
  const [kept, setKept] = useState(""); // the line that was not sent at once, since arguments are missing
  const asks = manifest?.typedAsText && !manifest.checksTyped; // before a line goes without all arguments
  const helps = commands.length > 0 && input === "line" && lines.length === 1;
  const command = helps ? commandOf(commands, text) : undefined;

  useLayoutEffect(() => {
    if (connected) field.current.focus();
  }, [session, connected]);
  useLayoutEffect(() => {
    const rows = Math.min(tallest, text.split("\n").length);
    field.current.rows = rows;
  }, [text]);

  const show = (/** @type {string} */ value) => {
    tab.draft.value = value;
    setProblem("");
    setKept("");
  };

  const send = () => {
    if (!connected || !session) return setProblem("Not connected: press Connect first.");
    if (parsed.error) return setProblem(parsed.error);
    if (input === "bytes" && text === "") return setProblem("There are no bytes to send. An end of line is \\r\\n.");
    const isCommand = command !== undefined && !plain;
    if (isCommand && asks && lacking(command, text) && kept !== text) {
      field.current.focus();
      return setKept(text);
    }
    if (isCommand && !manifest?.typedAsText) {
      const wrong = session.command(text);
      if (wrong) return setProblem(wrong);
    } else for (const message of parsed.bytes ? [parsed.bytes] : lines) {
      const wrong = session.send(message, past ? "raw" : plain && canPlain && message === lines.at(-1) ? "part" : "");
      if (wrong) return setProblem(wrong);
    }
    setPlain(false);
    if (!command || !hasSecret(command)) history.add(text);
    show("");
    tab.laneView.toNewest.value++; // where what was sent will stand
    field.current.focus();
  };

  const sendDialogue = async () => {
    if (!session) return;
    const [{ runnerOf }, { dialogueSteps }] = await Promise.all([import("../wire/macros.js"), import("../model/macro.js")]);
    setMacros("shown");
    history.add(text);
    show("");
    field.current.focus();
    runnerOf(session).start("Pasted dialogue", dialogueSteps(lines, firstHeard(session) === ""));
  };

  const finish = () => {
    session?.finish();
    field.current.focus();
  };

  const onInput = (/** @type {any} */ { target, isComposing }) => {
    show(target.value);
    if (input !== "characters" || isComposing || !connected || !session || target.value === "") return;
    const wrong = session.send(target.value);
    tab.draft.value = "";
    setProblem(wrong);
  };

  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return; // Enter and arrows belong to the input method
    enter.current = event.key !== "Enter" ? "" : event.shiftKey ? "break" : "sent";
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Tab" && !event.shiftKey && helps && completionOf(commands, text)) {
      event.preventDefault();
      show(completionOf(commands, text));
    } else if (event.key === "r" && event.ctrlKey) {
      event.preventDefault();
      setChoosing(false);
      setSearching(true);
    } else if (event.key === "j" && event.ctrlKey && input !== "characters") {
      event.preventDefault();
      choose(field.current);
    } else if (event.key === "ArrowUp" && onFirstLine(field.current)) {
      event.preventDefault();
      show(history.older(text));
    } else if (event.key === "ArrowDown" && onLastLine(field.current)) {
      event.preventDefault();
      show(history.newer(text));
    }
  };

  // Touch keyboards report Enter only as a line break about to be inserted.
  const onBeforeInput = (/** @type {InputEvent} */ event) => {
    const breaks = event.inputType === "insertLineBreak" || (event.inputType === "insertText" && event.data === "\n");
    if (!breaks || enter.current === "break") return;
    event.preventDefault();
    if (enter.current !== "sent") send();
  };

  const found = (/** @type {string | null} */ line) => {
    setSearching(false);
    if (line !== null) show(line);
    enter.current = "sent"; // the Enter that picked it is not a line break here
    field.current.focus();
  };
  const choose = (/** @type {any} */ from) => {
    chooser.current = from;
    setSearching(false);
    setChoosing(!choosing);
  };
  const chosen = (/** @type {string | null} */ snippet) => {
    if (snippet !== null) return setChoosing(false), found(snippet);
    setChoosing(false);
    chooser.current.focus();
  };
  const showCommand = (/** @type {string | null} */ name) => {
    setSearching(false);
    setChoosing(false);
    tab.commanding.value = name;
    if (name === null) field.current.focus();
  };
  const closeFile = () => {
    setFile(null);
    field.current.focus();
  };
  const pickFile = (/** @type {any} */ event) => {
    setFile(event.target.files[0] ?? null);
    event.target.value = "";
  };

  return html`
    <div class="card command" role="group" aria-label="Send">
      ${session && tab.shown.value === session && html`<${SessionHint} key=${session.id} session=${session} />`}
      ${searching && html`<${HistorySearch} history=${history} done=${found} />`}
      ${choosing && html`<${Snippets} typed=${text} done=${chosen} />`}
      ${file && session && html`<${SendFile} file=${file} session=${session} asLines=${input !== "bytes" && !manifest?.fileBytes} done=${closeFile} />`}
      ${commands.length > 0 && html`<${Commands} commands=${commands} session=${session} open=${open} shown=${tab.commanding.value}
        show=${showCommand} used=${() => (showCommand(null), tab.laneView.toNewest.value++)} />`}
      ${macros && html`<${Macros} session=${session} open=${open} mode=${manifest} target=${tab.live.value ? session?.target : tab.target.value}
        editing=${macros === "edited"} closeEditor=${() => setMacros("shown")} />`}
      <div class="command-line">
        <label for="command" class="unseen">${labels[input]}</label>
        <span class="prompt" aria-hidden="true">›</span>
        <textarea id="command" ref=${field} rows="1" value=${text} placeholder=${placeholders[asHex ? "hex" : input]}
          spellcheck=${false} autocapitalize="off" autocorrect=${false} autocomplete="off" wrap="off"
          aria-invalid=${parsed.error || problem || kept ? "true" : undefined} aria-describedby="command-hint"
          onInput=${onInput} onKeyDown=${onKeyDown} onKeyUp=${() => (enter.current = "")} onBeforeInput=${onBeforeInput}></textarea>
        <button type="button" id="send-button" class="outlined" disabled=${!open} onClick=${send}>
          ${lines.length > 1 ? `Send ${lines.length} lines` : "Send"}
        </button>
        <label class=${open ? "button" : "button disabled"} title="Send what is in a file">
          File…<input type="file" id="file" class="unseen" disabled=${!open} onChange=${pickFile} />
        </label>
        <button type="button" id="half-close-button" disabled=${!open} onClick=${finish}
          title="Half-close: tells the server that nothing more comes from you. It may still answer.">End input</button>
      </div>
      <div id="command-hint" class="hint-line">
        ${problem || parsed.error
          ? html`<span class="problem" role=${problem ? "alert" : undefined}>${problem || parsed.error}</span>`
          : helps && text.trim() !== ""
            ? html`<${CommandHelp} commands=${commands} asText=${asks} typed=${text} kept=${kept === text} send=${send} />`
          : parsed.bytes?.length
            ? html`<${Preview} bytes=${parsed.bytes} />`
            : lines.length > 1
              ? html`<span role="status"><b>${lines.length} lines</b>: <kbd>Enter</kbd> sends them one by one, each as ${manifest?.sends ?? "the line and its end"}.</span>
                ${open && session && isDialogue(session) && html`<button type="button" class="quiet" id="send-dialogue" onClick=${sendDialogue}>Send line by line, waiting for each reply</button>`}`
              : html`<${Hint} input=${input} asHex=${asHex} sends=${past ? "these bytes as they are, past the line mode" : plain && canPlain ? "the line without a line end" : manifest?.sends} />`}
        <span class="keys">
          ${canPlain && html`
            <label class="switch small" title="Sends the next line without a line end, as a body or an answer of exact length wants it">
              <input type="checkbox" role="switch" id="no-line-end" checked=${plain} onChange=${(/** @type {any} */ event) => setPlain(event.target.checked)} />
              <span>No line end</span>
            </label>
          `}
          ${own !== "bytes" && html`
            <label class="switch small" title="Sends bytes as they are, written with escapes or as hex, past the line mode">
              <input type="checkbox" role="switch" id="raw-bytes" checked=${past} onChange=${(/** @type {any} */ event) => setPast(event.target.checked)} />
              <span>Bytes</span>
            </label>
          `}
          ${input === "bytes" && html`
            <label class="switch small">
              <input type="checkbox" role="switch" id="type-hex" checked=${typeHex.value} onChange=${(/** @type {any} */ event) => (typeHex.value = event.target.checked)} />
              <span>Hex</span>
            </label>
          `}
          ${input !== "characters" && html`<button type="button" class="quiet" id="history-button" title="Earlier lines (Ctrl+R)" onClick=${() => (setChoosing(false), setSearching(!searching))}>Earlier lines</button>
            <button type="button" class="quiet" id="snippets-button" title="Lines to use again (Ctrl+J)" aria-expanded=${choosing ? "true" : "false"}
              onClick=${(/** @type {any} */ event) => choose(event.currentTarget)}>Snippets</button>
            <button type="button" class="quiet" id="macros-button" title="Steps that send and wait for replies" aria-haspopup="dialog" onClick=${() => setMacros("edited")}>Macros</button>`}
        </span>
      </div>
    </div>
  `;
}

/** The lines of what was typed or pasted; a line end at the end adds none. @param {string} text */
function linesOf(text) {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines;
}

// Ports of servers that answer each line with one that begins with a code.
const dialoguePorts = /:(21|25|110|119|465|587|990|995|2525)$/;

/** Whether the server answers lines one by one, as those of SMTP, POP3, FTP and NNTP do. @param {import("../wire/session.js").Session} session */
function isDialogue(session) {
  const first = firstHeard(session);
  return first ? /^(2\d\d[ -]|\+OK)/.test(first) : dialoguePorts.test(session.target);
}

/** What came first from the server, or "". @param {import("../wire/session.js").Session} session */
function firstHeard({ entries }) {
  for (const { dir, side, kind, text } of entries.rows()) if (dir === ">>" && side === "server" && kind === "bytes") return text ?? "";
  return "";
}

/** @param {HTMLTextAreaElement} field */
function onFirstLine(field) {
  return !field.value.slice(0, field.selectionStart).includes("\n");
}

/** @param {HTMLTextAreaElement} field */
function onLastLine(field) {
  return !field.value.slice(field.selectionEnd).includes("\n");
}

/** @param {{ input: string, asHex: boolean, sends?: string }} props */
function Hint({ input, asHex, sends }) {
  const key = input === "characters" ? "Each key" : html`<kbd>Enter</kbd>`;
  return html`
    <span>${key} sends ${sends || "what you typed"}</span>
    ${input === "bytes" && !asHex && html`<span>escapes <code>\\r \\n \\t \\0 \\x41 \\\\</code></span>`}
    ${input !== "characters" && html`<span class="arrows"><kbd>↑</kbd> <kbd>↓</kbd> walk earlier lines</span>`}
  `;
}

const previewed = 24; // bytes

// What the escapes come to, while they are typed.
/** @param {{ bytes: Uint8Array }} props */
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
