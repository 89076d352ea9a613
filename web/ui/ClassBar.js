// A student's line under the top bar: the class, the hand, whether the class is paused,
// what the teacher sends and shows. It also opens what the teacher sends.

import { Icon, html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { batch, effect, signal } from "../vendor/signals-core.js";
import { away, listen, raiseHand, room, shown } from "../wire/inclass.js";
import { defaultMode, paused, unknown } from "../wire/workbench.js";
import { browserStorage, keep, readKept } from "../model/kept.js";
import { markOf, whatToDo, wordsOf } from "../model/sent.js";
import { fieldsOf } from "../model/target.js";
import { Menu } from "./Menu.js";
import { formatRoute, go, parseRoute, route } from "./route.js";
import { current, inLesson, isWatched, openTab, tabs } from "./tabs.js";

const storage = browserStorage();
/** Signal: what the user has dealt with, in this window or another of the browser. */
const dealt = signal(readKept(storage, "class") ?? { sent: "", told: false });

/** @param {Partial<{ sent: string, told: boolean }>} what */
function deal(what) {
  dealt.value = { ...dealt.value, ...what };
  keep(storage, "class", dealt.value);
}

/** Signal: what was opened by itself, in words, until something else is opened. */
const opened = signal("");

/** Opens what the teacher sent: a step, or a form that is filled in. @param {import("../model/sent.js").Sent} sent */
function open(sent) {
  deal({ sent: markOf(sent) });
  if (sent.lesson) return go(formatRoute("lessons", sent.lesson, { step: sent.step }));
  const tab = current.value.session.value ? openTab() : current.value;
  current.value = tab;
  tab.use({ ...fieldsOf(sent.target ?? ""), mode: sent.mode || tab.form.mode.value || defaultMode.value });
  go(formatRoute(""));
  route.value = parseRoute(location.hash); // the event for it comes after the next frame
  requestAnimationFrame(() => document.getElementById("connect-button")?.focus());
}

/** Whether something was typed that is not sent. */
function isTyping() {
  const field = /** @type {HTMLInputElement | null} */ (document.activeElement);
  const writes = field?.matches("textarea, input:not([type=checkbox], [type=radio], [type=range])") && !field.closest(".connect") && field.value !== "";
  return Boolean(writes) || tabs.value.some((tab) => tab.draft.value !== "");
}

/** Opens what the teacher sends, if that takes nothing away. Returns what ends that. */
function openWhatIsSent() {
  const look = () => {
    const kept = readKept(storage, "class"); // another window may have dealt with it
    if (kept && (kept.sent !== dealt.peek().sent || kept.told !== dealt.peek().told)) dealt.value = kept;
    const sent = room.peek()?.sent;
    if (!sent || document.hidden) return; // a window that is looked at comes first
    if (whatToDo(sent, dealt.peek().sent, { live: tabs.peek().some((tab) => tab.live.peek()), typing: isTyping() }) !== "open") return;
    open(sent);
    opened.value = sent.lesson ? `Your teacher has opened ${wordsOf(sent)}.` : `Your teacher has filled in ${wordsOf(sent)}.`;
  };
  let mark = "";
  const stop = effect(() => {
    const sent = room.value?.sent;
    const now = sent ? markOf(sent) : "";
    if (now === mark) return;
    mark = now;
    opened.value = "";
    setTimeout(look); // not within this effect, which would then follow all that is looked at
  });
  document.addEventListener("visibilitychange", look);
  addEventListener("storage", look);
  return () => {
    stop();
    document.removeEventListener("visibilitychange", look);
    removeEventListener("storage", look);
  };
}

export function ClassBar() {
  useEffect(() => {
    listen();
    return openWhatIsSent();
  }, []);
  const now = room.value;
  if (unknown.value) return html`<section class="class-bar bad" aria-label="Class"><b>Class</b> <span role="alert">You are not in this class any more.</span> <a href="/join">Join again</a></section>`;
  return html`
    <section class=${"class-bar" + (away.value ? " bad" : paused.value ? " paused" : "")} aria-label="Class">
      <b>Class</b>
      ${now && html`<span class="muted">You are <span id="class-name" class="class-name">${now.name}</span></span>`}
      <span id="class-status" role="status">
        ${away.value
          ? "The class does not answer. Your work is not lost; trying again …"
          : [watchedWords(), paused.value && "The teacher has paused the class: sessions that are open go on.", now?.hand && "Your hand is up.", opened.value].filter(Boolean).join(" ")}
      </span>
      <${News} />
      <span class="class-tools">
        ${now && html`<${Hand} up=${Boolean(now.hand)} />`}
        <${Menu} id="class-menu" label=${html`<span aria-hidden="true">?</span><span class="unseen">What your teacher sees</span>`} title="What your teacher sees" plain
          sheet=${(/** @type {() => void} */ close) => html`<${WhatTheySee} close=${close} />`} />
      </span>
    </section>
  `;
}

/** Which sessions the teacher watches, in words; "" for none. */
function watchedWords() {
  const inSight = route.value.view === "" ? current.value : inLesson.value;
  const all = tabs.value.filter(isWatched);
  return all.length && `Your teacher is watching ${all.map((tab) => (tab === inSight ? "this session" : tab.title.value)).join(" and ")}.`;
}

/** @param {{ up: boolean }} props */
function Hand({ up }) {
  const [problem, setProblem] = useState("");
  const press = () => raiseHand(!up).then(() => setProblem(""), (error) => setProblem(error.message));
  return html`
    ${problem && html`<span class="problem" role="alert">${problem}</span>`}
    <button type="button" class="small" id="hand-button" aria-pressed=${up ? "true" : "false"} disabled=${away.value} onClick=${press}>${up ? "Lower your hand" : "Raise your hand"}</button>
  `;
}

/** @param {{ close: () => void }} props */
function WhatTheySee({ close }) {
  return html`
    <p>Your teacher can watch your sessions, sees the last line of each and how far you are in lessons. A session says when it is being watched.</p>
    <p>Other students see nothing of you, unless your teacher puts a session of yours on the projector.</p>
    <button type="button" class="small" onClick=${close}>Close</button>
  `;
}

/** What the teacher sends and shows, and what one is told first. */
function News() {
  const sent = room.value?.sent;
  const show = shown.value;
  const { view, id, query } = route.value;
  const isThere = sent?.lesson ? view === "lessons" && id === sent.lesson && query.step === String(sent.step ?? query.step) : false;
  const isNew = sent && markOf(sent) !== dealt.value.sent;
  useEffect(() => {
    if (isNew && isThere) deal({ sent: markOf(sent) });
  }, [isNew, isThere]);
  useEffect(() => {
    if (view !== "" && view !== "lessons") opened.value = "";
  }, [view]);
  const press = () => batch(() => {
    opened.value = "";
    if (sent) open(sent);
  });
  return html`
    <span class="class-news" role="status">
      ${show && view !== "show" && html`<span key="show" class="news">Your teacher is showing ${show.kind === "session" ? "a session" : "a recording"}. <a class="button small primary" id="watch-show" href=${formatRoute("show", "", { back: location.hash })}>Watch</a></span>`}
      ${sent && isNew && !isThere && html`
        <span key="sent" class="news">Your teacher has sent ${wordsOf(sent)}.
          <button type="button" class="small primary" id="open-sent" onClick=${press}>Open</button>
          <button type="button" class="small" id="later-sent" onClick=${() => deal({ sent: markOf(sent) })}>Later</button>
        </span>
      `}
      ${!dealt.value.told && html`
        <span key="told" class="news">Your teacher can watch your sessions.
          <button type="button" class="icon" id="told-button" aria-label="I have read that" title="I have read that" onClick=${() => deal({ told: true })}><${Icon} name="x" /></button>
        </span>
      `}
    </span>
    ${sent && !isNew && !isThere && html`<button type="button" class="quiet" id="sent-again" title=${"Open " + wordsOf(sent)} onClick=${press}>Sent: ${wordsOf(sent)}</button>`}
  `;
}
