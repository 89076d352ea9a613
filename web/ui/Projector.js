// What the class sees on the projector, in a window of its own: the student's session that
// the teacher has put there, in large type, or how to join.

import { html } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useState } from "../vendor/hooks.js";
import { Wall } from "../model/wall.js";
import { largeType } from "../model/kept.js";
import { follow } from "../wire/classroom.js";
import { inClass } from "../wire/workbench.js";
import { JoinCard } from "./JoinCard.js";
import { WatchedLanes, useStudentSession } from "./WatchedLanes.js";

/** @param {{ query: Record<string, string> }} props n: which of the addresses to join at shows */
export function Projector({ query }) {
  const [drawn, setDrawn] = useState(false); // in large type, which lanes measure once
  useLayoutEffect(() => {
    const root = document.documentElement.classList;
    const had = largeType.peek();
    root.add("projector", "presenting");
    setDrawn(true);
    return () => (root.remove("projector"), root.toggle("presenting", had));
  }, []);
  if (inClass.value !== "teacher") return html`<p class="nothing">No class is held here, or you are not its teacher.</p>`;
  return drawn && html`<${Shown} n=${Number(query.n) || 0} />`;
}

/** @param {{ n: number }} props */
function Shown({ n }) {
  const wall = useMemo(() => new Wall(), []);
  const [stream, setStream] = useState(/** @type {ReturnType<typeof follow> | null} */ (null));
  useEffect(() => {
    const one = follow("/api/class/wall", (said) => wall.take(said));
    setStream(one);
    return () => one.close();
  }, []);
  const said = wall.said.value;
  const projected = said?.projected;
  const at = projected && (wall.tile(projected.student)?.value.sessions.find(({ attach }) => attach === projected.attach) ?? { attach: projected.attach });
  const session = useStudentSession(projected?.student ?? "", at);
  const away = stream?.away.value && html`<p class="caution" role="status">The connection to the workbench broke. Trying to come back …</p>`;
  if (!said) return away || null;
  return html`
    <section class="projection" aria-labelledby="projection-title">
      ${away}
      ${projected
        ? html`
          <header><h1 id="projection-title">${projected.named ? projected.name : "A student"}</h1>
            ${session && html`<span>${session.hello.value?.target ?? session.target}</span> <span class="muted">${session.mode.title}</span>`}</header>
          ${session && html`<${WatchedLanes} key=${session.attach} name="projected" session=${session} />`}
        `
        : html`<h1 id="projection-title">Join the class</h1><${JoinCard} said=${said} n=${n} />`}
    </section>
  `;
}
