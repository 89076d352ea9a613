// The lessons that there are, and what was reached in each.

import { Icon, html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { pointsWords, sumOf } from "../model/lesson.js";
import { listLessons } from "../wire/lessons.js";
import { formatRoute } from "./route.js";

/** @typedef {import("../types").LessonInList} LessonInList */

export function Lessons() {
  const [all, setAll] = useState(/** @type {LessonInList[] | null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    listLessons().then(setAll, (error) => setProblem(error.message));
  }, []);
  return html`
    <section class="view" aria-labelledby="lessons-title">
      <header>
        <h2 id="lessons-title">Lessons</h2>
        <span class="muted">${all && count(all.length, "lesson")}</span>
      </header>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      <ol class="lessons">
        ${all?.map((lesson) => html`<${Listed} key=${lesson.name} lesson=${lesson} />`)}
      </ol>
    </section>
  `;
}

/** @param {{ lesson: LessonInList }} props */
function Listed({ lesson: { name, title, summary, minutes, steps } }) {
  const { points, reached, passed, done } = sumOf(steps);
  return html`
    <li>
      <a class="card" href=${formatRoute("lessons", name)}>
        <b>${title}</b>
        <span>${summary}</span>
        <span class="muted">
          ${minutes ? `about ${minutes} minutes, ` : ""}${count(steps.length, "step")}
          ${done ? html` · <span class="good"><${Icon} name="check" /> done, ${pointsWords(reached, points)}</span>` : reached > 0 || passed > 0 ? ` · ${count(passed, "step")} done, ${pointsWords(reached, points)}` : ""}
        </span>
      </a>
    </li>
  `;
}
