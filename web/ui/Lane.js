// A lane: rows that scroll, and follow the newest until the user scrolls up.
// Only the lines in sight are on the page, however many there are.

import { Icon, html } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { LineIndex } from "../model/lineindex.js";
import { consoleLayout, wireLayout } from "../model/rowlayout.js";
import { count, rowTime } from "../model/format.js";
import { largeType, showControls, showHex, timeStyle } from "../model/kept.js";
import { counterpart, laneOf } from "../model/laneview.js";
import { LaneRow } from "./LaneRow.js";

const nearEnd = 24; // pixels from the end that still count as being there
const spare = 6; // lines above and below what is in sight

/** How many columns the time takes, by its style. @type {Record<string, number>} */
const timeColumns = { relative: 8, absolute: 13, delta: 9, none: 0 };

/**
 * id is "console" or "wire". The children show while there are no rows.
 * @param {{ id: string, title: string, feed: import("../wire/feed.js").Feed | null, laneView: import("../model/laneview.js").LaneView, children?: any }} props
 */
export function Lane({ id, title, feed, laneView, children }) {
  const box = useRef(/** @type {any} */ (null));
  const sizer = useRef(/** @type {any} */ (null));
  const shift = useRef(/** @type {any} */ (null));
  const [following, setFollowing] = useState(true);
  const [top, setTop] = useState(0);
  const room = useRoom(box, largeType.value);
  const moved = useRef(0); // lines that left above since the last time the box was scrolled

  const log = feed && laneOf(feed, id);
  log?.version.value;
  const style = timeStyle.value;
  const columns = Math.max(12, room.columns - timeColumns[style] - 3);
  const passes = laneView.passes.value;
  laneView.sifter.value?.version.value;
  const layout = useMemo(() => {
    const what = { columns, controls: showControls.value, hex: showHex.value };
    return id === "wire" ? wireLayout(what) : consoleLayout(what);
  }, [columns, showControls.value, showHex.value]);
  const lines = useMemo(
    () => log && new LineIndex(log, (row) => {
      const passed = passes ? passes(row) : true;
      return passed === undefined ? undefined : passed ? layout.measure(row) : 0;
    }),
    [log, layout, passes],
  );
  moved.current += lines?.update() ?? 0;

  const { lineHeight, height } = room;
  const total = lines?.total ?? 0;
  const end = Math.max(0, total * lineHeight - height);
  const scrolled = following ? end : Math.min(end, Math.max(0, top - moved.current * lineHeight));
  const from = Math.max(0, Math.floor(scrolled / lineHeight) - spare);
  const to = Math.ceil((scrolled + height) / lineHeight) + spare;
  const inSight = lines ? [...lines.between(from, to)] : [];

  // A row keeps its elements while it is in sight. When all that was in sight
  // has gone by, the new rows take over the elements of the old.
  const reuse = useRef({ last: -1, firstKey: 0, shift: 0 });
  const firstInSight = inSight[0]?.number ?? 0;
  if (firstInSight > reuse.current.last) reuse.current.shift = firstInSight - reuse.current.firstKey;
  reuse.current.last = inSight.at(-1)?.number ?? -1;
  reuse.current.firstKey = firstInSight - reuse.current.shift;

  useLayoutEffect(() => {
    sizer.current.style.height = total * lineHeight + "px";
    const first = inSight[0];
    shift.current.style.transform = `translateY(${first ? (first.at + first.begin) * lineHeight : 0}px)`;
    if (following || moved.current) box.current.scrollTop = scrolled;
    if (moved.current) setTop(scrolled);
    moved.current = 0;
    keepPlace();
  });

  // Where the lane is that does not follow outlives the page: it is that entry's line.
  const place = useRef(laneView.places[id]); // to come back to, once it is there
  const keepPlace = () => {
    if (place.current && !comeBack(place.current)) return;
    place.current = /** @type {any} */ (undefined);
    const line = Math.floor(scrolled / lineHeight);
    const first = inSight.find(({ at, end }) => at + end > line);
    const i = first && log?.row(first.number).i;
    if (following || !first || i === undefined) delete laneView.places[id];
    else laneView.places[id] = { i, line: line - first.at };
  };
  const comeBack = (/** @type {import("../model/kept.js").Place} */ { i, line }) => {
    if (!log || !lines || log.end === log.first || (log.row(log.end - 1).i ?? 0) < i) return false;
    let number = log.first;
    while (number < log.end - 1 && (log.row(number).i ?? 0) < i) number++;
    setFollowing(false);
    box.current.scrollTop = (lines.of(number).at + line) * lineHeight;
    setTop(box.current.scrollTop);
    return true;
  };

  // Only a person moves the box up; what the page does keeps it at the end.
  const lastTop = useRef(0);
  const onScroll = () => {
    if (!box.current) return; // called once more while it leaves the page
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    if (scrollHeight - scrollTop - clientHeight < nearEnd) setFollowing(true);
    else if (scrollTop < lastTop.current) setFollowing(false);
    lastTop.current = scrollTop;
    setTop(scrollTop);
  };

  // Brings a row in sight, or just the line of it that has a place.
  const show = (/** @type {number} */ number, /** @type {number} */ place = -1) => {
    const row = log?.row(number);
    if (!lines || !row) return;
    const { at, count } = lines.of(number);
    const line = place < 0 ? at : at + layout.lineAt(row, place);
    const [above, below] = [line * lineHeight, (place < 0 ? at + count : line + 1) * lineHeight];
    if (above >= scrolled && below <= scrolled + height) return;
    setFollowing(false);
    box.current.scrollTop = Math.max(0, above - height / 3);
    setTop(box.current.scrollTop);
  };
  const reveal = laneView.reveal.value;
  const revealed = useRef(reveal); // what was revealed before this lane came shows no more
  useEffect(() => {
    if (reveal === revealed.current) return;
    revealed.current = reveal;
    for (const spot of reveal) if (spot.lane === id) show(spot.number, spot.at);
  }, [reveal]);

  const selection = laneView.selection.value;
  const here = selection?.lane === id ? selection : null;
  const [low, high] = here ? [Math.min(here.anchor, here.focus), Math.max(here.anchor, here.focus)] : [1, 0];
  const hover = feed?.hover.value ?? null;
  const hit = laneView.hits.value[laneView.hit.value];

  const pick = (/** @type {number} */ number, extend = false, /** @type {number} */ line = 0) => {
    laneView.pick(id, number, extend);
    const place = log && layout.lines(log.row(number), line, line + 1)[0]?.at;
    if (!extend && feed) laneView.reveal.value = counterpart(feed, id, number, Math.max(0, place ?? 0));
  };
  const onClick = (/** @type {any} */ event) => {
    const row = event.target.closest(".row");
    const line = event.target.closest(".line")?.dataset.line;
    if (row && getSelection()?.isCollapsed) pick(Number(row.dataset.number), event.shiftKey, Number(line ?? 0));
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (!lines || !log || log.end === log.first) return;
    const key = keyOf(event, here, lines, log, Math.floor(height / lineHeight) - 1);
    if (!key) return;
    event.preventDefault();
    if (key.all) laneView.selection.value = { lane: id, anchor: log.first, focus: log.end - 1 };
    else if (key.none) laneView.selection.value = null;
    else if (key.to >= 0) {
      pick(key.to, event.shiftKey);
      show(key.to);
    }
  };

  return html`
    <section class=${"card lane " + id} aria-labelledby=${id + "-title"}>
      <h2 id=${id + "-title"}>${title}</h2>
      ${(log?.dropped ?? 0) > 0 && html`<p class="dropped">${count(log?.dropped ?? 0, "earlier row")} left the view to keep it quick.</p>`}
      ${total === 0 && html`<div class="empty">${log && log.end > log.first ? html`<p>${lines?.waiting ? "Looking through the rows …" : "No row fits the filter."}</p>` : children}</div>`}
      <div id=${id} class="rows" ref=${box} onScroll=${onScroll} onClick=${onClick} onKeyDown=${onKeyDown} tabindex="0"
        onPointerMove=${(/** @type {PointerEvent} */ event) => log && feed && point(event, feed, id, log, layout, room.char)}
        onPointerLeave=${() => feed && (feed.hover.value = null)}
        role="listbox" aria-multiselectable="true" aria-labelledby=${id + "-title"}
        aria-activedescendant=${here && inSight.some((row) => row.number === here.focus) ? `${id}-row-${here.focus}` : undefined}>
        <div class="sizer" ref=${sizer} role="presentation">
          <div class="in-sight" ref=${shift} role="presentation" data-time=${style}>
            ${inSight.map(({ number, begin, end }) => {
              const row = /** @type {import("./LaneRow.js").Props["row"]} */ (log?.row(number));
              const before = log && number > log.first ? log.row(number - 1).t : undefined;
              const marks = pointed(row, hover);
              return html`<${LaneRow} key=${number - reuse.current.shift} row=${row} layout=${layout} begin=${begin} end=${end} laneId=${id} number=${number}
                time=${rowTime(style, row.t, before, feed?.began ?? 0)} picked=${number >= low && number <= high}
                related=${marks.related && hover?.lane !== id} from=${marks.from} to=${marks.to}
                places=${laneView.placesIn(row)} found=${hit?.lane === id && hit.number === number ? hit.from : -1} />`;
            })}
          </div>
        </div>
      </div>
      ${!following && html`
        <button type="button" class="follow" onClick=${() => setFollowing(true)}>Jump to the newest <${Icon} name="arrow-down" /></button>
      `}
    </section>
  `;
}

// Which of a row's bytes the pointer is on, in this lane or, by way of the
// wire, in the other.
/** @param {import("../types").Row} row @param {import("../types").Hover | null} hover */
function pointed(row, hover) {
  const none = { from: -1, to: -1, related: false };
  if (!hover) return none;
  if (hover.from < 0 || row.from < 0) return { ...none, related: row.n !== undefined && row.n === hover.n && row.stream === hover.stream };
  if (row.stream !== hover.stream || hover.from >= row.to || hover.to <= row.from) return none;
  return { from: Math.max(0, hover.from - row.from), to: Math.min(row.to, hover.to) - row.from, related: true };
}

/**
 * Tells the feed which bytes the pointer is on.
 * @param {PointerEvent} event @param {import("../wire/feed.js").Feed} feed @param {string} lane
 * @param {import("../model/rowlog.js").RowLog<import("../types").Row>} log @param {import("../model/rowlayout.js").Layout} layout @param {number} char
 */
function point(event, feed, lane, log, layout, char) {
  const target = /** @type {HTMLElement} */ (event.target);
  const line = /** @type {HTMLElement | null} */ (target.closest(".line"));
  const number = Number(/** @type {HTMLElement | null} */ (target.closest(".row"))?.dataset.number ?? -1);
  const row = line && number >= log.first ? log.row(number) : undefined;
  if (!line || !row?.stream) return void (feed.hover.value = null);
  const k = Number(line.dataset.line);
  const { from, to, text, places } = layout.lines(row, k, k + 1)[0];
  let [begin, end] = [from, to]; // within the row
  const part = /** @type {HTMLElement | null} */ (target.closest(".hex, .payload"));
  if (part && from >= 0) {
    const at = Math.floor((event.clientX - part.getBoundingClientRect().left) / char);
    let byte = -1;
    if (part.classList.contains("hex")) byte = from + Math.floor(at / 3);
    else if (/^[\u0020-\u007e]*[^\u0000-\u007e]*$/.test(text) && at < (text.match(/^[\u0020-\u007e]*/)?.[0].length ?? 0)) byte = from + (places ? places.indexOf(at) : at);
    if (byte >= from && byte < to) [begin, end] = [byte, byte + 1];
  } else if (from < 0) {
    [begin, end] = [0, row.to - row.from];
  }
  const known = row.from >= 0;
  const hover = { stream: row.stream, from: known ? row.from + begin : -1, to: known ? row.from + end : -1, n: row.n, lane };
  const now = feed.hover.value;
  if (now?.stream !== hover.stream || now?.from !== hover.from || now.to !== hover.to || now.n !== hover.n) feed.hover.value = hover;
}

/**
 * What a key asks for: to (a row's number), all, none; undefined when it is not for the lane.
 * @param {KeyboardEvent} event @param {import("../model/laneview.js").Selection | null} here
 * @param {LineIndex<import("../types").Row>} lines @param {import("../model/rowlog.js").RowLog<import("../types").Row>} log @param {number} page
 */
function keyOf(event, here, lines, log, page) {
  const [first, last] = [log.first, log.end - 1];
  const from = here ? here.focus : event.key === "ArrowUp" || event.key === "PageUp" ? last + 1 : first - 1;
  const within = (/** @type {number} */ n) => Math.min(last, Math.max(first, n));
  const command = event.ctrlKey || event.metaKey;
  if (command) return event.key.toLowerCase() === "a" ? { all: true, to: -1 } : undefined;
  switch (event.key) {
    case "ArrowDown":
      return { to: lines.visible(within(from + 1), 1) };
    case "ArrowUp":
      return { to: lines.visible(within(from - 1), -1) };
    case "PageDown":
      return { to: lines.visible(within(from + page), 1) };
    case "PageUp":
      return { to: lines.visible(within(from - page), -1) };
    case "Home":
      return { to: lines.visible(first, 1) };
    case "End":
      return { to: lines.visible(last, -1) };
    case "Escape":
      return here ? { none: true, to: -1 } : undefined;
  }
  return undefined;
}

// The room in a lane: columns of text, the height of it and of a line, and the
// width of a character, in pixels.
/** @param {{ current: any }} box @param {unknown} type measured again when it changes */
function useRoom(box, type) {
  const [room, setRoom] = useState({ columns: 80, height: 400, lineHeight: 20, char: 8 });
  useLayoutEffect(() => {
    const lane = box.current;
    const measure = () => {
      if (!lane.isConnected) return; // reported once more while it leaves the page
      const style = getComputedStyle(lane);
      const canvas = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
      canvas.font = style.font;
      const char = canvas.measureText("0".repeat(100)).width / 100;
      const width = lane.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      setRoom((now) => {
        const next = { columns: Math.floor(width / char), height: lane.clientHeight, lineHeight: parseFloat(style.lineHeight), char };
        return JSON.stringify(next) === JSON.stringify(now) ? now : next;
      });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(lane);
    return () => observer.disconnect();
  }, [type]);
  return room;
}
