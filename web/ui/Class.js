// The class, as its teacher sees it: how to join, what can be done with all, a tile for each
// student, and the sessions that are watched. The address names whom it watches, so that a
// reload watches them again.

import { html, lazy } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { count } from "../model/format.js";
import { Wall } from "../model/wall.js";
import { follow } from "../wire/classroom.js";
import { inClass, modesProblem } from "../wire/workbench.js";
import { clearProjector, lowerHand, project } from "../wire/teaching.js";
import { formatRoute, replaceRoute, setTitle } from "./route.js";
import { ClassHead } from "./ClassHead.js";
import { ClassWall } from "./ClassWall.js";

const ClassWatch = lazy(() => import("./ClassWatch.js"), "ClassWatch");

const mostWatched = 5; // sessions side by side

/**
 * What the parts of this view do. came says that an element is there, which may get the
 * focus; failing shows why something could not be done; joinAt is which of the addresses to
 * join at shows.
 * @typedef {{ watch(student: string): void, unwatch(student: string): void, came(): void, watched: string[], mostWatched: number, openProjector(): void,
 *   joinAt: number, pickJoin(n: number): void, lower(student: string): void,
 *   project(student: string, attach: string, named: boolean): void, clearProjector(): void, failing(done: Promise<unknown>): Promise<boolean> }} Does
 */

/** @param {{ query: Record<string, string> }} props */
export function Class({ query }) {
  if (inClass.value === "teacher") return html`<${Held} query=${query} />`;
  return html`
    <section class="view"><header><h2>Class</h2></header>
      <p>${modesProblem.value || "No class is held here, or you are not its teacher. A class begins with workbench class."}</p>
    </section>
  `;
}

/** @param {{ query: Record<string, string> }} props */
function Held({ query }) {
  const wall = useMemo(() => new Wall(), []);
  const [stream, setStream] = useState(/** @type {ReturnType<typeof follow> | null} */ (null));
  const [problem, setProblem] = useState("");
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    const one = follow("/api/class/wall", (said) => wall.take(said));
    setStream(one);
    return () => one.close();
  }, []);
  useEffect(() => {
    if (ended) stream?.close();
  }, [ended]);
  const hands = wall.counts.value.in.hand ?? 0;
  useEffect(() => setTitle(hands ? `${count(hands, "hand")} up – Class` : "Class"), [hands]);

  const watched = (query.watch ?? "").split(",").filter(Boolean).slice(0, mostWatched);
  const address = (/** @type {string[]} */ ids) => replaceRoute(formatRoute("class", "", { watch: ids.join(",") }));
  const [joinAt, pickJoin] = useState(0);
  const goTo = useRef(""); // the element that gets the focus once it is there
  const came = () => {
    const found = goTo.current && document.getElementById(goTo.current);
    if (!found) return;
    goTo.current = "";
    found.focus();
  };
  useLayoutEffect(came);
  /** @type {Does} */
  const does = {
    watched,
    came,
    mostWatched,
    joinAt,
    pickJoin,
    openProjector: () => openProjector(joinAt),
    watch(student) {
      goTo.current = "watched-" + student;
      if (watched.includes(student)) came();
      else address([...watched, student]);
    },
    unwatch(student) {
      goTo.current = "watch-" + student;
      address(watched.filter((one) => one !== student));
    },
    project(student, attach, named) {
      openProjector(joinAt);
      does.failing(project({ student, attach, named }));
    },
    lower(student) {
      document.getElementById("watch-" + student)?.focus(); // the button goes
      does.failing(lowerHand(student));
    },
    clearProjector: () => void does.failing(clearProjector()),
    failing: (done) => done.then(() => (setProblem(""), true), (error) => (setProblem(error.message), false)),
  };

  if (ended) return html`<section class="view"><header><h2>Class</h2></header><p role="status">The class has ended. What it left is being deleted, and the workbench stops. You can close this page.</p></section>`;
  if (!wall.said.value) return html`<p class="muted" role="status">${stream?.away.value ? "The workbench does not answer; trying again …" : "Looking who is there …"}</p>`;
  return html`
    <section class="class" aria-labelledby="class-title" data-watching=${watched.length ? "" : undefined}>
      <${ClassHead} wall=${wall} does=${does} ended=${() => setEnded(true)} />
      <p class="problem" role="alert">${problem}</p>
      <p class="caution" role="status">${stream?.away.value && "The connection to the workbench broke: what you see is old. Trying to come back …"}</p>
      <div class="class-body">
        <${ClassWall} wall=${wall} does=${does} />
        ${watched.length > 0 && html`<${ClassWatch} wall=${wall} does=${does} />`}
      </div>
    </section>
  `;
}

/** Opens the window for the projector, or shows the one that is open. @param {number} n of the addresses to join at */
function openProjector(n) {
  globalThis.open(location.pathname + formatRoute("projector", "", { n: n || undefined }), "workbench-projector");
}
