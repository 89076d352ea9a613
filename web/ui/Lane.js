// A lane: rows that scroll, and follow the newest until the user scrolls up.
// Only the lines in sight are on the page, however many there are.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef } from "../vendor/hooks.js";
import { LineIndex } from "../model/lineindex.js";
import { consoleLayout, roomIn, wireLayout } from "../model/rowlayout.js";
import { count, rowTime } from "../model/format.js";
import { effect, signal } from "../vendor/signals-core.js";
import { hexColumns, inspecting, largeType, showColours, showControls, showHex, timeStyle } from "../model/kept.js";
import { chosenBytes, counterpart, laneOf } from "../model/laneview.js";
import { LaneRow, PassingRows } from "./LaneRow.js";
import { WireHead } from "./WireHead.js";
import { keyOf, point, pointed, spotOf } from "./lanepointer.js";
import { useFlood, useFollow, useRoom, useScroll } from "./scroll.js";

const Inspector = lazy(() => import("./Inspector.js"), "Inspector");

/** Signal: what shows terminal colours, once that was asked for. */
const colours = signal(/** @type {typeof import("../model/ansi.js") | null} */ (null));
effect(() => {
  if (showColours.value) import("../model/ansi.js").then((loaded) => (colours.value = loaded), () => {});
});

/** How many columns the time takes, by its style. @type {Record<string, number>} */
const timeColumns = { relative: 8, absolute: 13, delta: 9, none: 0 };

/**
 * id is "console" or "wire". The children show while there are no rows. name is its id in the
 * document, where several sessions show.
 * @param {{ id: "console" | "wire", name?: string, title: any, feed: import("../wire/feed.js").Feed | null, laneView: import("../model/laneview.js").LaneView, children?: any }} props
 */
export function Lane({ id, name = id, title, feed, laneView, children }) {
  const box = useRef(/** @type {any} */ (null));
  const shift = useRef(/** @type {any} */ (null));
  const scroll = useScroll(box, shift);
  const { following } = scroll;
  const room = useRoom(box, largeType.value);

  const shown = feed && laneView.lanes(feed);
  const log = shown && laneOf(shown, id);
  log?.version.value;
  const style = timeStyle.value;
  const isStream = id === "wire" && laneView.followed.value !== "";
  const { columns, time: hasTime, bytesInLine, offset } = roomIn(room.columns, timeColumns[style], id === "wire" && showHex.value ? hexColumns.value : null, isStream ? 9 : 6);
  const shownStyle = hasTime ? style : "none";
  const passes = laneView.passes.value;
  laneView.sifter.value?.version.value;
  const ansi = id === "console" && showColours.value ? colours.value : null;
  const layout = useMemo(() => {
    const what = { columns, controls: showControls.value || ansi !== null, bytesInLine, linesOf: ansi?.linesOf };
    return id === "wire" ? wireLayout(what) : consoleLayout(what);
  }, [columns, showControls.value, bytesInLine, ansi]);
  const pens = useMemo(() => ansi && log && new ansi.Pens(log), [ansi, log]);
  pens?.update();
  const lines = useMemo(
    () => log && new LineIndex(log, (row, size) => {
      if (!row) return passes ? 0 : layout.guess(size);
      const passed = passes ? passes(row) : true;
      return passed === undefined ? undefined : passed ? layout.measure(row) : 0;
    }),
    [log, layout, passes],
  );
  const { lineHeight, height } = room;
  scroll.moved(lines?.update(scroll.topLine(lineHeight)) ?? 0);

  const total = lines?.total ?? 0;
  const { scrolled, tall, from, to } = scroll.fit(total, lineHeight, height);
  const inSight = lines ? [...lines.between(from, to)] : [];

  // A row keeps its elements while it is in sight. When all that was in sight
  // has gone by, the new rows take over the elements of the old.
  const reuse = useRef({ last: -1, firstKey: 0, shift: 0 });
  const firstInSight = inSight[0]?.number ?? 0;
  if (firstInSight > reuse.current.last) reuse.current.shift = firstInSight - reuse.current.firstKey;
  reuse.current.last = inSight.at(-1)?.number ?? -1;
  reuse.current.firstKey = firstInSight - reuse.current.shift;

  const flood = useFlood(following ? total : 0, to - from);
  const timeOf = (/** @type {number} */ number) => rowTime(shownStyle, log?.row(number)?.t, log && number > log.first ? log.row(number - 1)?.t : undefined, feed?.began ?? 0);

  const seen = useRef(0); // the end of the rows when the lane last followed them
  useLayoutEffect(() => {
    const first = inSight[0];
    scroll.settle(first ? first.at + first.begin : 0);
    keepPlace();
    const seen = inSight.filter(({ at, begin, end }) => (at + end) * lineHeight > scrolled && (at + begin) * lineHeight < scrolled + height);
    const [begin, until] = [seen[0], seen.at(-1)].map((one) => one && log?.row(one.number)?.t);
    if (begin !== undefined) laneView.see(id, begin, until ?? begin);
  });

  // Where the lane is that does not follow outlives the page: it is that entry's line.
  const place = useRef(laneView.places[id]); // to come back to, once it is there
  const keepPlace = () => {
    if (place.current && !comeBack(place.current)) return;
    place.current = /** @type {any} */ (undefined);
    const line = Math.floor(scrolled / lineHeight);
    const first = inSight.find(({ at, end }) => at + end > line);
    const i = first && log?.row(first.number)?.i;
    if (following || !first) delete laneView.places[id];
    else if (i === undefined) return;
    else laneView.places[id] = { i, line: line - first.at };
  };
  const comeBack = (/** @type {import("../model/kept.js").Place} */ { i, line }) => {
    if (!log || !lines || !feed || log.end === log.first || (feed.pages.list.at(-1)?.to ?? 0) <= i) return false;
    const number = feed.pages.rowOf(id, i);
    seen.current = log.end;
    scroll.goTo((lines.of(number).at + line) * lineHeight);
    return true;
  };

  // What is in sight is loaded, where it has left memory.
  useLayoutEffect(() => {
    const isStream = laneView.followed.value !== "" && id === "wire";
    if (inSight.length && !isStream) feed?.need(id, inSight[0].number, /** @type {{ number: number }} */ (inSight.at(-1)).number + 1);
  });

  // Brings a row in sight, or just the line of it that has a place.
  const show = (/** @type {number} */ number, /** @type {number} */ place = -1) => {
    const row = log?.row(number);
    if (!lines || !log || number < log.first || number >= log.end) return;
    const { at, count } = lines.of(number);
    const line = place < 0 || !row ? at : at + layout.lineAt(row, place);
    const [above, below] = [line * lineHeight, (place < 0 ? at + count : line + 1) * lineHeight];
    if (above >= scrolled && below <= scrolled + height) return;
    scroll.goTo(above - height / 3);
  };
  if (following) seen.current = log?.end ?? 0;
  const unseen = Math.max(0, (log?.end ?? 0) - seen.current);
  useFollow(laneView, scroll.follow);
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
  const hover = feed?.hover.value ?? laneView.marked.value;
  const hit = laneView.hits.value[laneView.hit.value];

  const pick = (/** @type {number} */ number, extend = false, /** @type {number} */ line = 0, /** @type {number} */ byte = -1) => {
    laneView.pick(id, number, extend, byte < 0 ? undefined : byte);
    const row = log?.row(number);
    const place = row && layout.lines(row, line, line + 1)[0]?.at;
    if (!extend && shown) laneView.reveal.value = counterpart(shown, id, number, Math.max(0, byte, place ?? 0));
  };
  // Bytes are picked in the hex: in the text, a drag selects text.
  const drag = useRef({ number: -1, byte: -1, moved: false });
  const byteOf = (/** @type {any} */ event) => {
    const spot = event.target.closest(".hex") && log && spotOf(event, log, layout, room.char);
    return spot && spot.byte >= 0 ? spot : null;
  };
  const onPointerDown = (/** @type {PointerEvent} */ event) => {
    const spot = event.button === 0 && !event.shiftKey ? byteOf(event) : null;
    drag.current = { number: spot?.number ?? -1, byte: spot?.byte ?? -1, moved: false };
  };
  const onPointerMove = (/** @type {PointerEvent} */ event) => {
    if (!log || !feed) return;
    point(event, feed, id, log, layout, room.char);
    const from = drag.current;
    const spot = event.buttons === 1 && from.number >= log.first ? byteOf(event) : null;
    if (!spot || (!from.moved && spot.number === from.number && spot.byte === from.byte)) return;
    from.moved = true;
    laneView.selection.value = { lane: id, anchor: from.number, anchorAt: from.byte, focus: spot.number, focusAt: spot.byte };
  };
  const onClick = (/** @type {any} */ event) => {
    if (drag.current.moved) return void (drag.current.moved = false);
    const row = event.target.closest(".row");
    const line = event.target.closest(".line")?.dataset.line;
    if (row && getSelection()?.isCollapsed) pick(Number(row.dataset.number), event.shiftKey, Number(line ?? 0), byteOf(event)?.byte);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (!lines || !log || log.end === log.first) return;
    const key = keyOf(event, here, lines, log, Math.floor(height / lineHeight) - 1);
    if (!key) return;
    event.preventDefault();
    if (key.all) laneView.selection.value = { lane: id, anchor: log.first, focus: log.end - 1 };
    else if (key.none) laneView.selection.value = null;
    else if (key.step && here) growBy(key.step, here.focus);
    else if (key.to >= 0) {
      pick(key.to, event.shiftKey);
      show(key.to);
    }
  };

  // Picks a byte more or less of a row, beginning with its first or last.
  const growBy = (/** @type {number} */ step, /** @type {number} */ number) => {
    const length = log?.row(number)?.bytes?.length;
    if (!length) return;
    const begin = step > 0 ? 0 : length - 1;
    const { anchorAt = begin, focusAt = anchorAt - step } = here?.anchor === number ? here : {};
    const to = Math.min(length - 1, Math.max(0, focusAt + step));
    laneView.selection.value = { lane: id, anchor: number, focus: number, anchorAt, focusAt: to };
    show(number, to);
  };

  const inspects = id === "wire" && here !== null && inspecting.value;
  useEffect(() => {
    if (!inspects || !here || !lines) return; // else its panel has taken room
    const place = here.focusAt ?? (hit?.lane === id && hit.number === here.focus ? hit.from : -1);
    const { at, count } = lines.of(here.focus);
    if (place >= 0 || at * lineHeight >= scrolled + height || (at + count) * lineHeight <= scrolled) show(here.focus, place);
  }, [inspects, inspects && height]);

  return html`
    <section class=${"card lane " + id} aria-labelledby=${name + "-title"}>
      <h2 id=${name + "-title"}>${title}</h2>
      ${id === "wire" && feed && html`<${WireHead} feed=${feed} laneView=${laneView} />`}
      ${log && feed && html`<${Gone} feed=${feed} log=${log} isStream=${isStream} isFiltered=${passes !== null} />`}
      ${total === 0 && html`<div class="empty">${log && log.end > log.first ? html`<p>${lines?.waiting ? "Looking through the rows …" : "No row fits the filter."}</p>` : children}</div>`}
      <div id=${name} class="rows" ref=${box} onScroll=${scroll.onScroll} onClick=${onClick} onKeyDown=${onKeyDown} tabindex="0"
        onPointerDown=${onPointerDown} onPointerMove=${onPointerMove}
        onPointerLeave=${() => feed && (feed.hover.value = null)}
        role="listbox" aria-multiselectable="true" aria-labelledby=${name + "-title"}
        aria-activedescendant=${here && inSight.some((row) => row.number === here.focus) ? `${name}-row-${here.focus}` : undefined}>
        <div class="sizer" ref=${(/** @type {HTMLElement | null} */ node) => { if (node) node.style.height = tall; }} role="presentation">
          <div class="in-sight" ref=${shift} role="presentation" data-time=${shownStyle} data-stream=${isStream ? "" : undefined}>
            ${flood
              ? html`<${PassingRows} layout=${layout} offsets=${offset}
                  rows=${inSight.map(({ number, begin, end }) => ({ row: log?.row(number), begin, end, time: timeOf(number) }))} />`
              : inSight.map(({ number, begin, end }) => {
              const row = log?.row(number);
              if (!row) return html`<${Absent} key=${number - reuse.current.shift} laneId=${name} number=${number} lines=${end - begin} problem=${problemOf(feed, id, number)} />`;
              const marks = pointed(row, hover);
              const [chosenFrom, chosenTo] = (here && chosenBytes(number, row.bytes?.length ?? 0, here)) ?? [-1, -1];
              return html`<${LaneRow} key=${number - reuse.current.shift} row=${row} layout=${layout} offsets=${offset} controls=${showControls.value} begin=${begin} end=${end}
                laneId=${name} number=${number} onWire=${id === "wire"} ansi=${ansi} pen=${pens?.of(number)}
                time=${timeOf(number)} picked=${number >= low && number <= high && chosenFrom < 0}
                related=${marks.related && hover?.lane !== id} from=${marks.from} to=${marks.to} chosenFrom=${chosenFrom} chosenTo=${chosenTo}
                places=${laneView.placesIn(row)} found=${hit?.lane === id && hit.number === number ? hit.from : -1} />`;
            })}
          </div>
        </div>
      </div>
      <div class="lane-foot">
        ${!following && html`<button type="button" class="follow" onClick=${() => laneView.toNewest.value++}>
          ${unseen > 0 ? count(unseen, "new row") : "Jump to the newest"} <${Icon} name="arrow-down" /></button>`}
      </div>
      ${inspects && html`<${Inspector} feed=${feed} laneView=${laneView} />`}
    </section>
  `;
}

// Why rows are not here, where that is so.
/** @param {{ feed: import("../wire/feed.js").Feed, log: import("../model/rowlog.js").RowLog<import("../types").Row>, isStream: boolean, isFiltered: boolean }} props */
function Gone({ feed, log, isStream, isFiltered }) {
  const away = log.end - log.first - log.loaded;
  const words = [];
  if (log.dropped > 0) words.push(`${count(log.dropped, "earlier row")} left the view to keep it quick${isStream ? ". They are among the rows." : feed.goneWhy}`);
  if (isFiltered && away > 0) words.push(`The filter leaves out ${count(away, "row")} that are not in memory. Find looks through them.`);
  return words.length > 0 && html`<p class="dropped">${words.join(" ")}</p>`;
}

// A row that is not in memory: it is being loaded, or cannot be.
/** @param {{ laneId: string, number: number, lines: number, problem: string }} props */
function Absent({ laneId, number, lines, problem }) {
  return html`
    <div class="row remark absent" role="option" aria-selected="false" id=${laneId + "-row-" + number} data-number=${number}>
      ${Array.from({ length: lines }, (_, i) => html`<div class="line" key=${i}><time></time><span class="way">•</span><span class="payload">${problem && i === 0 ? "not loaded: " + problem : "…"}</span></div>`)}
    </div>
  `;
}

/** @param {import("../wire/feed.js").Feed | null} feed @param {string} lane @param {number} number */
function problemOf(feed, lane, number) {
  return feed?.pages.list[feed.pages.at(/** @type {"console"} */ (lane), number)]?.problem ?? "";
}
