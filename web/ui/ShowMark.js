// A teacher's: that something is shown to the class, with the way to stop it, and the
// menus' item that begins it.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { listen, position, shown, showSession, showTranscript, shownTranscript, stopShowing } from "../wire/inclass.js";
import { formatRoute } from "./route.js";

/** For the top bar. */
export function ShowMark() {
  useEffect(listen, []);
  const show = shown.value;
  return html`
    <span class="show-mark" role="status">
      ${show && html`
        <a id="shown-now" href=${shownTranscript.value ? formatRoute("transcripts", shownTranscript.value, { at: show.at }) : show.attach ? formatRoute("", show.attach) : formatRoute("show")} title=${"The class sees " + (show.title || show.target || "it")}>Shown to the class</a>
        <button type="button" class="small danger" id="stop-show" onClick=${() => stopShowing().catch(() => {})}>Stop</button>
      `}
    </span>
  `;
}

/**
 * For the menu of a session, by its attach, or of a recording and where it is.
 * @param {{ attach?: string, transcript?: string, at?: number, close: () => void }} props
 */
export function ShowItem({ attach = "", transcript = "", at = 0, close }) {
  useEffect(listen, []);
  const [problem, setProblem] = useState("");
  const isShown = attach ? shown.value?.attach === attach : shownTranscript.value === transcript;
  const press = () => (isShown ? stopShowing() : attach ? showSession(attach) : showTranscript(transcript, at)).then(close, (error) => setProblem(error.message));
  return html`
    <button type="button" class="item" id="show-button" disabled=${!attach && !transcript} onClick=${press}>${isShown ? "Stop showing" : "Show to the class"}</button>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
  `;
}

/** Tells the class where a recording is that is shown. @param {{ transcript: string, at: number }} props */
export function ShownHere({ transcript, at }) {
  useEffect(listen, []);
  const isShown = shownTranscript.value === transcript;
  const first = useRef(true);
  useEffect(() => {
    if (isShown && !first.current) position.say({ transcript, at });
    first.current = false; // where it stands when it is opened moves nobody
  }, [isShown, at]);
  return null;
}
