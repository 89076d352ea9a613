// A recorded session, played in the same lanes as a live one. The address
// carries the transcript and the position.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { Reel } from "../wire/reel.js";
import { LaneView } from "../model/laneview.js";
import { Player, beforeSent, speeds, stepped } from "../model/player.js";
import { clock, endOf, seconds, shownText, whenOf } from "../model/format.js";
import { eventAt, positionAfter } from "../model/notes.js";
import { formatRoute, go, replaceRoute, setTitle } from "./route.js";
import { isSecure } from "../model/target.js";
import { inClass, modes } from "../wire/workbench.js";
import { keyOf, plays } from "../wire/plays.js";
import { deleteTranscript, followTranscript, notesOf, transcriptEntries, transcriptInfo } from "../wire/transcripts.js";
import { Console } from "./Console.js";
import { shown as badges } from "./LaneRow.js";
import { Menu } from "./Menu.js";

const NotesForm = lazy(() => import("./NotesForm.js"), "NotesForm");
const PlaybackNotes = lazy(() => import("./PlaybackNotes.js"), "PlaybackNotes");
const SaveAs = lazy(() => import("./SaveAs.js"), "SaveAs");
const ShowItem = lazy(() => import("./ShowMark.js"), "ShowItem");
const ShownHere = lazy(() => import("./ShowMark.js"), "ShownHere");

/** @typedef {{ info: import("../types").Info | null, entries: import("../types").Entry[], cut: boolean, said: import("../types").Notes }} Recording */

/** @param {{ id: string, query: Record<string, string> }} props */
export function Playback({ id, query }) {
  const [recording, setRecording] = useState(/** @type {Recording | null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    Promise.all([transcriptEntries(id), transcriptInfo(id), notesOf(id)]).then(
      ([loaded, info, said]) => setRecording({ ...loaded, info, said }),
      (error) => setProblem(error.message),
    );
  }, [id]);
  if (problem) return html`<section class="view"><header><h2>Transcript</h2></header><p class="problem" role="alert">${problem}</p><p><a href=${formatRoute("transcripts")}>All transcripts</a></p></section>`;
  if (!recording) return html`<p class="muted" role="status">Loading the transcript …</p>`;
  return html`<${Loaded} id=${id} recording=${recording} query=${query} />`;
}

/** @param {{ id: string, recording: Recording, query: Record<string, string> }} props */
function Loaded({ id, recording, query }) {
  const { info, entries, cut, said } = recording;
  const feed = useMemo(() => new Reel(entries, info ? Date.parse(info.began) : 0), []);
  const laneView = useMemo(() => new LaneView(), []);
  const player = useMemo(() => new Player(entries), []);
  const address = useRef(/** @type {string | undefined | null} */ (null)); // the position in it that was written or followed last
  const [, redraw] = useState(0);
  const [predicting, setPredicting] = useState(false);
  const [saving, setSaving] = useState(false);
  const [notes, setNotes] = useState(said);
  const [naming, setNaming] = useState(false);
  const [noting, setNoting] = useState(() => Boolean(said.text || said.tags || said.rows)); // the notes show

  // Brings the lanes to where the player is.
  const show = () => {
    feed.goTo(player.position);
    redraw((n) => n + 1);
  };
  const settle = () => {
    address.current = String(player.position);
    replaceRoute(formatRoute("transcripts", id, { at: player.position }));
  };
  const seek = (/** @type {number} */ position) => {
    player.seek(position, performance.now());
    show();
    settle();
  };
  const toggle = () => {
    if (player.playing) player.pause();
    else player.play(performance.now());
    show();
    settle();
  };

  useEffect(() => {
    setTitle("Playback of " + (said.title || info?.target || id));
    return () => player.pause();
  }, []);
  // What a session that runs adds shows at once, to who is at its end; in a tab that nobody
  // sees, once it is seen: browsers have six connections to a host, for all of its tabs.
  const [running, setRunning] = useState(Boolean(info?.running) && !cut);
  useEffect(() => {
    if (!running) return;
    let stop = new AbortController();
    const follow = async () => {
      for await (const list of followTranscript(id, entries.length, stop.signal)) {
        const atEnd = player.ended && !player.playing;
        for (const entry of list) entries.push(entry);
        player.extend(list);
        if (atEnd) player.seek(entries.length, performance.now());
        show();
      }
    };
    const look = () => {
      stop.abort();
      if (document.hidden) return;
      const { signal } = stop = new AbortController();
      follow().then(() => setRunning(false), () => signal.aborted || setRunning(false));
    };
    document.addEventListener("visibilitychange", look);
    look();
    return () => {
      document.removeEventListener("visibilitychange", look);
      stop.abort();
    };
  }, [running]);
  // The address leads to a moment, and so does a link or a step back to another.
  useLayoutEffect(() => {
    if (query.at === address.current) return;
    address.current = query.at;
    player.pause();
    // Without a position the whole of it shows at once, to be read.
    player.seek(query.at === undefined ? entries.length : Number(query.at) || 0, performance.now());
    show();
  }, [query.at]);
  useEffect(() => {
    if (!player.playing) return;
    const timer = setInterval(() => {
      player.tick(performance.now());
      if (player.position !== feed.position) show();
      if (!player.playing) {
        settle();
        redraw((n) => n + 1);
      }
    }, 30);
    return () => clearInterval(timer);
  }, [player.playing]);
  useEffect(() => {
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.altKey || event.ctrlKey || event.metaKey || target.matches("input, select, textarea, button, a, [role=listbox], [role=tree]")) return;
      const key = event.key;
      if (key === " ") toggle();
      else if (key === "ArrowRight" || key === "ArrowLeft") seek(stepped(entries, player.position, key === "ArrowRight" ? 1 : -1));
      else if (key === "Home" || key === "End") seek(key === "Home" ? 0 : entries.length);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);

  const title = modes.value.find((mode) => mode.manifest.name === info?.mode)?.manifest.title ?? info?.mode ?? "Line mode";
  const about = { mode: title, target: info?.target || "server", tls: isSecure(info?.target ?? ""), name: id };
  const at = player.position > 0 ? entries[player.position - 1]?.t : 0;
  const last = entries.at(-1)?.t ?? 0;
  const remove = async () => {
    if (!confirm("Delete this transcript? It cannot be brought back.")) return;
    await deleteTranscript(id).then(() => go(formatRoute("transcripts")), (error) => alert(error.message));
  };
  const status = html`
    <div class="status">
      <p><strong>${info?.target || id}</strong> <span class="muted">${title}${info && ", " + whenOf(info.began)}${info?.ended && ": " + endOf(info)}</span>
      ${running && html` <span class="recording" title="What the session adds shows here while you are at the end">follows the running session</span>`}
      ${["server", "client"].map((as) => plays.value.get(keyOf(id, /** @type {any} */ (as)))?.going.value && html` <a key=${as} class="playing-now" href=${formatRoute("play", "", { transcript: id, as })}>is being played as ${as}</a>`)}
      ${cut && html` <span class="problem">It is longer; the first ${entries.length.toLocaleString("en")} entries are here.</span>`}</p>
    </div>
  `;
  const event = (laneView.selection.value && laneView.picked(feed, "console")[0]?.n) ?? eventAt(entries, player.position);
  const menu = (/** @type {() => void} */ close) => html`
    <button type="button" class="item" id="save-button" onClick=${() => (close(), setSaving(true))}>Save as …</button>
    <button type="button" class="item" id="name-button" onClick=${() => (close(), setNaming(true))}>Name …</button>
    <button type="button" class="item" id="notes-button" onClick=${() => (close(), setNoting(true))}>Notes</button>
    <button type="button" class="item" id="replay-button" onClick=${() => go(formatRoute("replay", "", { transcript: id }))}>Replay it</button>
    <button type="button" class="item" id="play-server-button" onClick=${() => go(formatRoute("play", "", { transcript: id, as: "server" }))}>Play as server …</button>
    <button type="button" class="item" id="play-client-button" onClick=${() => go(formatRoute("play", "", { transcript: id, as: "client" }))}>Play as client …</button>
    <button type="button" class="item" id="compare-recording-button" onClick=${() => go(formatRoute("compare", "", { transcript: id }))}>What would another mode have done?</button>
    <button type="button" class="item" id="redact-button" onClick=${() => go(formatRoute("redact", "", { transcript: id }))}>Redact …</button>
    ${inClass.value === "teacher" && html`<${ShowItem} transcript=${id} at=${player.position} close=${close} />`}
    <button type="button" class="item danger" id="delete-button" disabled=${info?.running} onClick=${remove}>Delete …</button>
  `;
  return html`
    ${inClass.value === "teacher" && html`<${ShownHere} transcript=${id} at=${player.position} />`}
    <div class="card player" role="group" aria-label="Playback">
      <button type="button" class="main outlined" id="play" onClick=${toggle}><${Icon} name=${player.playing ? "pause" : "play"} /> ${player.playing ? "Pause" : "Play"}</button>
      <button type="button" class="small" id="step-back" aria-label="A step back" title="A step back (←)" onClick=${() => seek(stepped(entries, player.position, -1))}><${Icon} name="step-back" /></button>
      <button type="button" class="small" id="step" aria-label="A step on" title="A step on (→)" onClick=${() => seek(stepped(entries, player.position, 1))}><${Icon} name="step-forward" /></button>
      <input type="range" id="scrubber" min="0" max=${entries.length} value=${player.position} aria-label="Position"
        aria-valuetext=${`entry ${player.position} of ${entries.length}, at ${seconds(at)} s`} onInput=${(/** @type {any} */ event) => seek(Number(event.target.value))} />
      <span class="at">${clock(at ?? 0)} / ${clock(last)} · ${player.position} of ${entries.length}</span>
      <label class="switch small">
        <span>Speed</span>
        <select id="speed" aria-label="Speed" value=${player.speed} onChange=${(/** @type {any} */ event) => (player.setSpeed(Number(event.target.value), performance.now()), redraw((n) => n + 1))}>
          ${speeds.map((speed) => html`<option key=${speed} value=${speed} selected=${speed === player.speed}>${speed}×</option>`)}
        </select>
      </label>
      <label class="switch small" title="The next message stays hidden until you have guessed it">
        <input type="checkbox" role="switch" id="predict" checked=${predicting} onChange=${(/** @type {any} */ event) => (setPredicting(event.target.checked), event.target.checked && (player.pause(), seek(beforeSent(entries, player.ended ? 0 : player.position))))} />
        <span>Predict</span>
      </label>
    </div>
    ${noting && html`<${PlaybackNotes} id=${id} notes=${notes} setNotes=${setNotes} event=${event} goTo=${(/** @type {number} */ on) => seek(positionAfter(entries, on))}
      edit=${() => setNaming(true)} close=${() => setNoting(false)} />`}
    ${naming && html`<${NotesForm} id=${id} name=${info?.target || id} close=${() => setNaming(false)} saved=${setNotes} />`}
    ${saving && html`<${SaveAs} id=${id} name=${info?.target || id} close=${() => setSaving(false)} />`}
    ${predicting && html`<${Guess} key=${player.position} entries=${entries} position=${player.position} goTo=${seek} />`}
    <${Console} feed=${feed} laneView=${laneView} about=${about} status=${status}
      tools=${html`<${Menu} id="session-menu" label="Session" sheet=${menu} />`}>
      <p>Press <b>Play</b>, or step through it with <kbd>→</kbd>.</p>
    <//>
  `;
}

/** What a peer sends next, to be guessed. @param {{ entries: import("../types").Entry[], position: number, goTo: (position: number) => void }} props */
function Guess({ entries, position, goTo }) {
  const [guess, setGuess] = useState("");
  const [shown, setShown] = useState(false);
  const at = beforeSent(entries, position);
  const message = entries[at];
  if (!message) return html`<div class="card guess"><span>That was all of it.</span></div>`;
  const answer = shownText(message.text ?? "").trim();
  const right = guess.trim() !== "" && answer.toLowerCase().startsWith(guess.trim().toLowerCase());
  const next = () => goTo(beforeSent(entries, stepped(entries, at, 1))); // with what the workbench and the line mode do until then
  const isYou = message.side === "client";
  const who = isYou ? "you say" : "the server says";
  if (message.text === undefined) return html`<div class="card guess"><span>Next ${isYou ? "you send" : "the server sends"} bytes that are not text.</span><button type="button" class="small" onClick=${next}>Show them</button></div>`;
  return html`
    <div class="card guess" role="group" aria-label="Predict">
      <label for="guess">What ${isYou ? "do you say" : "does the server say"} next?</label>
      <input type="text" id="guess" value=${guess} spellcheck=${false} autocomplete="off" onInput=${(/** @type {any} */ event) => setGuess(event.target.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (shown ? next() : setShown(true))} />
      ${shown
        ? html`<span role="status" class=${right ? "good" : ""}>${right ? "Right. " : ""}${who}: <code>${badges(answer.slice(0, 120))}</code></span>
            <button type="button" class="small primary" onClick=${next}>Go on</button>`
        : html`<button type="button" class="small" onClick=${() => setShown(true)}>Reveal</button>`}
    </div>
  `;
}
