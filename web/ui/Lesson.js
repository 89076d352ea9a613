// One lesson: its steps, the text of one of them with its checks, and beside it the
// session that the student types in.

import { Icon, html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { afterVerdict, nextStep, pointsWords, stepOf, sumOf } from "../model/lesson.js";
import { getLesson } from "../wire/lessons.js";
import { modes, practices } from "../wire/workbench.js";
import { formatRoute, replaceRoute, setTitle } from "./route.js";
import { LessonChecks } from "./LessonChecks.js";
import { inLesson } from "./tabs.js";
import { LessonStart, tabOf } from "./LessonStart.js";
import { Prose } from "./Prose.js";

/** @typedef {import("../types").Lesson} LessonType */
/** @typedef {import("../types").LessonStep} LessonStep */
/** @typedef {import("../types").StepVerdict} StepVerdict */

/** session draws one. @param {{ id: string, query: Record<string, string>, session: (props: { tab: import("./tabs.js").Tab }) => any }} props */
export function Lesson({ id, query, session: SessionView }) {
  const [lesson, setLesson] = useState(/** @type {LessonType | null} */ (null));
  const [problem, setProblem] = useState("");
  const [verdicts, setVerdicts] = useState(/** @type {Record<number, StepVerdict>} */ ({}));
  const known = modes.value.length > 0; // and so are the servers
  const servers = practices.value.map(({ target }) => target).join(); // others after the workbench was started anew
  useEffect(() => {
    if (known) getLesson(id).then(setLesson, (error) => setProblem(error.message));
  }, [id, known, servers]);
  const n = lesson ? stepOf(lesson.steps, query.step) : 0;
  useEffect(() => {
    if (lesson && query.step !== String(n)) replaceRoute(formatRoute("lessons", id, { step: n })); // what is passed later does not turn the page
  }, [lesson, n, query.step]);
  useEffect(() => {
    if (lesson) setTitle(lesson.title);
  }, [lesson?.title]);
  const before = useRef(0);
  useEffect(() => {
    if (before.current > 0 && n !== before.current) document.getElementById("step-title")?.focus();
    before.current = n;
  }, [n]);
  const tab = lesson ? tabOf(lesson) : undefined;
  useEffect(() => {
    inLesson.value = tab ?? null;
    return () => (inLesson.value = null);
  }, [tab]);
  const step = lesson?.steps.find((one) => one.n === n);
  if (!lesson || !step) return problem ? html`<section class="view"><p class="problem" role="alert">${problem}</p><p><a href=${formatRoute("lessons")}>All lessons</a></p></section>` : null;

  const judged = (/** @type {StepVerdict} */ verdict) => {
    setVerdicts((all) => ({ ...all, [verdict.step]: verdict }));
    setLesson((now) => now && { ...now, steps: afterVerdict(now.steps, verdict) });
  };
  const opened = tab?.session.value;
  const sum = sumOf(lesson.steps);
  return html`
    <section class=${"lesson" + (opened ? " with-session" : "")} aria-labelledby="lesson-title">
      <header>
        <h2 id="lesson-title">${lesson.title}</h2>
        <span class="muted" id="lesson-sum">${pointsWords(sum.reached, sum.points)}</span>
        <a href=${formatRoute("lessons")}>All lessons</a>
      </header>
      <${Steps} lesson=${lesson} n=${n} />
      <div class="lesson-text" key=${n}>
        <article class="prose" aria-labelledby="step-title">
          ${n === lesson.steps[0].n && html`<${Prose} nodes=${lesson.text} top=${3} />`}
          <h3 id="step-title" tabindex="-1">${step.title}</h3>
          <${Prose} nodes=${step.text} top=${3} />
        </article>
        <${LessonStart} lesson=${lesson} step=${step} />
        <${LessonChecks} lesson=${lesson} step=${step} tab=${tab} verdict=${verdicts[n]} judged=${judged} onward=${html`<${Onward} lesson=${lesson} step=${step} />`} />
      </div>
      ${tab && opened && html`<div class="lesson-session"><${SessionView} key=${tab.id} tab=${tab} /></div>`}
    </section>
  `;
}

/** @param {{ lesson: LessonType, n: number }} props */
function Steps({ lesson, n }) {
  return html`
    <nav class="lesson-steps" aria-label="Steps">
      <ol>
        ${lesson.steps.map((step) => html`
          <li key=${step.n}>
            <a href=${formatRoute("lessons", lesson.name, { step: step.n })} aria-current=${step.n === n ? "step" : undefined}>
              <span class="mark">${step.passed ? html`<${Icon} name="check" /><span class="unseen">Done: </span>` : step.n}</span>
              <span class="step-name">${step.title}</span>
              <span class="muted">${step.reached} of ${step.points}<span class="unseen"> points</span></span>
            </a>
          </li>
        `)}
      </ol>
    </nav>
  `;
}

/** Where to go on. @param {{ lesson: LessonType, step: LessonStep }} props */
function Onward({ lesson, step }) {
  const at = lesson.steps.findIndex(({ n }) => n === step.n);
  const [last, next] = [lesson.steps[at - 1], lesson.steps[at + 1]];
  const { done, reached, points } = sumOf(lesson.steps);
  const left = nextStep(lesson.steps);
  const to = (/** @type {number} */ n, /** @type {string} */ words, main = false) => html`<a class=${"button small" + (main ? " primary" : "")} href=${formatRoute("lessons", lesson.name, { step: n })}>${words}</a>`;
  return html`
    <div class="onward">
      ${done && html`<p class="good" id="lesson-done"><${Icon} name="check" /> The lesson is done: ${pointsWords(reached, points)}.</p>`}
      ${last && to(last.n, "Step before")}
      ${next ? to(next.n, "Next step", step.passed) : step.passed && !done && left !== step.n && to(left, "Step " + left + ", which is left", true)}
    </div>
  `;
}
