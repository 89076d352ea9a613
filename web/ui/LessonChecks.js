// The checks of a step and what became of them: by itself while the student's session
// runs and when it has ended, and by a button.

import { Icon, html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { isTried, pointsWords, verdictWords, withTranscript } from "../model/lesson.js";
import { portProblem } from "../model/play.js";
import { checkStep, playStages } from "../wire/lessons.js";

/** @typedef {import("../types").LessonStep} LessonStep */
/** @typedef {import("../types").LessonCheck} LessonCheck */
/** @typedef {import("../types").CheckVerdict} CheckVerdict */
/** @typedef {import("../types").StepVerdict} StepVerdict */
/** @typedef {import("./tabs.js").Tab} Tab */

const pause = 800; // milliseconds without a row after which a session that runs is checked: the recorder writes each half second

/** The transcripts that were tried at each step, in this window. @type {Map<string, string[]>} */
const tries = new Map();

/** @param {{ lesson: import("../types").Lesson, step: LessonStep, tab: Tab | undefined, verdict: StepVerdict | undefined, judged: (verdict: StepVerdict) => void, onward: any }} props onward: the ways to other steps */
export function LessonChecks({ lesson, step, tab, verdict, judged, onward }) {
  const [answers, setAnswers] = useState(step.answers ?? {});
  const [problem, setProblem] = useState("");
  const sent = useRef(step.answers ?? {}); // the answers that were checked last
  const asking = useRef({ now: false, again: false, passed: false });
  const key = lesson.name + "/" + step.n;
  if (!tries.has(key)) tries.set(key, step.transcripts);
  const tried = () => tries.get(key) ?? [];
  asking.current.passed = step.passed && (verdict?.passed ?? false);

  const check = async () => {
    const ask = asking.current;
    if (ask.now) return void (ask.again = true);
    ask.now = true;
    do {
      ask.again = false;
      try {
        const { steps, notKept } = await checkStep(lesson.name, { step: step.n, transcripts: tried(), answers: sent.current });
        setProblem(notKept ? "It is not kept, and is forgotten when the workbench ends: " + notKept : "");
        judged(steps[0]);
      } catch (error) {
        setProblem(/** @type {Error} */ (error).message);
      }
    } while (ask.again);
    ask.now = false;
  };
  const byItself = () => void (!asking.current.passed && tried().length > 0 && check());

  useEffect(() => {
    if (!verdict && (tried().length > 0 || Object.keys(sent.current).length > 0)) check(); // what was reached before
  }, []);
  const session = tab?.session.value ?? null;
  const live = tab?.live.value ?? false;
  const transcript = session?.hello.value?.transcript ?? "";
  useEffect(() => {
    if (live && transcript) tries.set(key, withTranscript(tried(), transcript));
  }, [live, transcript]);
  useEffect(() => {
    if (!session || !live) return;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(byItself, pause);
    };
    const stops = [session.console, session.wire].map((log) => log.version.subscribe(later));
    return () => {
      stops.forEach((stop) => stop());
      clearTimeout(timer);
      byItself(); // it has ended, or another step shows
    };
  }, [session, live]);

  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    sent.current = answers;
    check();
  };
  const answer = (/** @type {LessonCheck} */ { n }, /** @type {string} */ words) => setAnswers((all) => ({ ...all, [step.n + "." + n]: words }));
  const played = (/** @type {string[]} */ ids) => {
    tries.set(key, ids.reduce(withTranscript, tried()));
    check();
  };
  return html`
    ${step.with.yourServer && html`<${YourServer} lesson=${lesson} step=${step} played=${played} />`}
    <form id="lesson-checks" class="card lesson-checks" aria-label="Checks" autocomplete="off" onSubmit=${submit}>
      <ol>
        ${step.checks.map((one) => html`<${Check} key=${one.n} check=${one} verdict=${verdict?.checks.find(({ check }) => check === one.n)}
          answer=${answers[step.n + "." + one.n] ?? ""} change=${(/** @type {string} */ words) => answer(one, words)} name=${"answer-" + step.n + "-" + one.n} />`)}
      </ol>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    </form>
    <div class="lesson-tools">
      <button type="submit" form="lesson-checks" class="small" id="lesson-check">Check</button>
      <p role="status" id="lesson-verdict" class=${verdict?.passed ? "good" : ""}>${verdict ? verdictWords(verdict) : step.passed ? `Done before: ${pointsWords(step.reached, step.points)}.` : ""}</p>
      ${onward}
    </div>
  `;
}

/** @param {{ check: LessonCheck, verdict: CheckVerdict | undefined, answer: string, change: (words: string) => void, name: string }} props */
function Check({ check, verdict, answer, change, name }) {
  const tried = isTried(verdict);
  const state = verdict?.holds ? "holds" : tried ? "fails" : "open";
  const said = state === "holds" ? "Done" : "Not yet";
  const hint = verdict?.holds ? undefined : verdict?.hint;
  return html`
    <li class="lesson-check" data-state=${state}>
      <span class="mark">${state !== "open" && html`<${Icon} name=${state === "holds" ? "check" : "x"} />`}</span>
      <div>
        ${check.kind === "quiz"
          ? html`<${Quiz} check=${check} answer=${answer} change=${change} name=${name} />`
          : html`<p><span class="state">${said}:</span> ${check.words}</p>`}
        <p class="points">${check.kind === "quiz" && html`<span class="state">${said}:</span> `}${pointsWords(verdict?.points ?? 0, check.points)}${state === "fails" && verdict?.why ? "; " + verdict.why : ""}</p>
        ${hint && tried && (hint.mistake
          ? html`<p class="hint-words"><b>Hint:</b> ${hint.words}</p>`
          : html`<details><summary>A hint</summary><p class="hint-words">${hint.words}</p></details>`)}
      </div>
    </li>
  `;
}

/** @param {{ check: LessonCheck, answer: string, change: (words: string) => void, name: string }} props */
function Quiz({ check, answer, change, name }) {
  const field = (/** @type {any} */ event) => change(event.target.value);
  return html`
    <fieldset class="quiz">
      <legend>${check.words}</legend>
      ${check.shows && html`<pre tabindex="0" aria-label="Transcript">${check.shows}</pre>`}
      ${check.choices?.map(({ words }, i) => html`
        <label key=${i} class="choice"><input type="radio" name=${name} value=${i + 1} checked=${answer === String(i + 1)} onChange=${field} /> <span>${words}</span></label>
      `)}
      ${!check.choices?.length && html`<input type="text" name=${name} aria-label="Answer" value=${answer} spellcheck=${false} autocapitalize="off" maxlength="1000" onInput=${field} />`}
    </fieldset>
  `;
}

/** Has the workbench be the client of the student's own server. @param {{ lesson: import("../types").Lesson, step: LessonStep, played: (ids: string[]) => void }} props */
function YourServer({ lesson, step, played }) {
  const [port, setPort] = useState(String(step.with.port ?? ""));
  const [going, setGoing] = useState(false);
  const [problem, setProblem] = useState("");
  const wrong = port === "" ? "A port is missing." : portProblem(port);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (wrong || going) return;
    setGoing(true);
    playStages(lesson.name, step.n, Number(port)).then((ids) => (setProblem(""), played(ids)), (error) => setProblem(error.message)).then(() => setGoing(false));
  };
  return html`
    <form class="card lesson-with" autocomplete="off" onSubmit=${submit}>
      <p>Your server listens on this computer, and the workbench is its client.</p>
      <label class="your-port">Port <input type="text" id="your-port" inputmode="numeric" value=${port} aria-invalid=${wrong ? "true" : undefined} onInput=${(/** @type {any} */ event) => setPort(event.target.value)} /></label>
      <button type="submit" class="primary" id="play-stages" disabled=${wrong !== ""}>${going ? "Playing …" : "Play the client"}</button>
      ${(problem || wrong) && html`<p class="problem" role="alert">${problem || wrong}</p>`}
    </form>
  `;
}
