// A map of a long session: its time from left to right, what was sent above the middle
// and what was received below it, silences as gaps, and the part that the lanes show. A
// click, a drag or an arrow key goes there.

import { html } from "./html.js";
import { useEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { SessionMap, height } from "../model/minimap.js";
import { clock, dataSize } from "../model/format.js";
import { laneOf } from "../model/laneview.js";

const pause = 250; // milliseconds between two drawings of what comes
const page = 10; // parts that PageUp and PageDown go

/** @param {{ feed: import("../types").Lanes, laneView: import("../model/laneview.js").LaneView, lanes: string[] }} props lanes: those that show */
export function MiniMap({ feed, laneView, lanes }) {
  const map = useMemo(() => new SessionMap(feed), [feed]);
  const [drawn, draw] = useState(0);
  const at = useRef(-1); // where somebody went last, in seconds
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        draw((n) => n + 1);
      }, pause);
    };
    const stops = [feed.console.version, feed.wire.version, laneView.hits].map((one) => one.subscribe(soon));
    return () => {
      for (const stop of stops) stop();
      clearTimeout(timer);
    };
  }, [feed]);

  const shown = laneView.lanes(feed);
  const timeOf = (/** @type {string} */ lane, /** @type {number} */ number) => {
    const log = laneOf(shown, lane);
    return number >= log.first && number < log.end ? log.row(number)?.t : undefined;
  };
  const paths = useMemo(() => {
    map.update();
    return map.paths(laneView.hits.peek().map(({ lane, number }) => timeOf(lane, number)).filter((t) => t !== undefined));
  }, [map, drawn]);
  const selection = laneView.selection.value;
  const picked = selection && timeOf(selection.lane, selection.focus);
  const sights = lanes.map((lane) => laneView.sight.value[lane]).filter(Boolean);
  const from = Math.min(map.end, ...sights.map(([begin]) => begin));
  const to = Math.min(map.end, Math.max(from, ...sights.map(([, end]) => end)));
  const here = at.current >= from && at.current <= to ? at.current : to === map.end ? to : from;

  const go = (/** @type {number} */ t) => {
    at.current = Math.min(map.end, Math.max(0, t));
    if (at.current === map.end) laneView.toNewest.value++;
    else {
      const rowOf = (/** @type {"console" | "wire"} */ lane) => {
        const log = laneOf(shown, lane);
        if (log === laneOf(feed, lane)) return Math.max(log.first, map.rowAt(lane, at.current));
        let number = log.first; // a stream has lines of its own
        while (number < log.end - 1 && (log.row(number)?.t ?? 0) < at.current) number++;
        return number;
      };
      const spots = /** @type {const} */ (["console", "wire"]).map((lane) => ({ lane, number: rowOf(lane), at: 0 }));
      laneView.reveal.value = spots.filter(({ lane, number }) => number < laneOf(shown, lane).end);
    }
    draw((n) => n + 1);
  };
  const onPointer = (/** @type {any} */ event) => {
    if (event.buttons !== 1) return;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture?.(event.pointerId);
    const { left, width } = event.currentTarget.getBoundingClientRect();
    go(((event.clientX - left) / width) * map.end);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    /** @type {Record<string, () => number>} */
    const keys = {
      ArrowRight: () => map.next(here, 1), ArrowUp: () => map.next(here, 1), ArrowLeft: () => map.next(here, -1), ArrowDown: () => map.next(here, -1),
      PageUp: () => map.next(here + page * map.width, 1), PageDown: () => map.next(here - page * map.width, -1), Home: () => 0, End: () => map.end,
    };
    if (event.altKey || event.ctrlKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    go(keys[event.key]());
  };

  const x = (/** @type {number} */ t) => t / map.width;
  const least = map.parts / 120; // so narrow that it can still be seen
  const part = map.partOf(here);
  const words = `${clock(here)} of ${clock(map.end)}; ${dataSize(map.sent[part])} sent and ${dataSize(map.received[part])} received about then`;
  return html`
    <div class="minimap">
      <span class="minimap-ways" aria-hidden="true"><span class="sent">▶</span><span class="received">◀</span></span>
      <div class="minimap-bar" id="minimap-bar" role="slider" tabindex="0" aria-label="Map of the session" aria-valuemin="0" aria-valuemax=${Math.ceil(map.end)} aria-valuenow=${Math.round(here)}
        aria-valuetext=${words} title=${words} onPointerDown=${onPointer} onPointerMove=${onPointer} onKeyDown=${onKeyDown}>
        <svg viewBox=${`0 0 ${map.parts} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          <rect class="unknown" x="0" y="0" width=${x(map.unknown)} height=${height} />
          <path class="remarks" d=${paths.remarks} />
          <path class="silence" d=${paths.silence} />
          <path class="sent" d=${paths.sent} />
          <path class="received" d=${paths.received} />
          <path class="found" d=${paths.found} />
          ${sights.length > 0 && html`<rect class="sight" x=${Math.min(x(from), map.parts - least)} y="0" width=${Math.max(least, x(to) - x(from))} height=${height} />`}
          ${picked !== null && picked !== undefined && html`<path class="picked" d=${`M${x(picked)} 0v${height}`} />`}
        </svg>
      </div>
      <span class="minimap-end">${clock(map.end)}</span>
    </div>
  `;
}
