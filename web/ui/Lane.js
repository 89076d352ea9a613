// A lane: rows that scroll, and follow the newest until the user scrolls up.
// Only the lines in sight are on the page, however many there are.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { LineIndex, ScrollBar } from "../model/lineindex.js";
import { byteAt, consoleLayout, roomIn, wireLayout } from "../model/rowlayout.js";
import { count, dataSize, rowTime } from "../model/format.js";
import { effect, signal } from "../vendor/signals-core.js";
import { hexColumns, inspecting, largeType, showColours, showControls, showHex, timeStyle } from "../model/kept.js";
import { chosenBytes, counterpart, laneOf } from "../model/laneview.js";
import { LaneRow, PassingRows, spoken, ways } from "./LaneRow.js";

const Inspector = lazy(() => import("./Inspector.js"), "Inspector");

/** Signal: what shows terminal colours, once that was asked for. */
const colours = signal(/** @type {typeof import("../model/ansi.js") | null} */ (null));
effect(() => {
  if (showColours.value) import("../model/ansi.js").then((loaded) => (colours.value = loaded), () => {});
});

const nearEnd = 24; // pixels from the end that still count as being there
const spare = 6; // lines above and below what is in sight

/** How many columns the time takes, by its style. @type {Record<string, number>} */
const timeColumns = { relative: 8, absolute: 13, delta: 9, none: 0 };

/**
 * id is "console" or "wire". The children show while there are no rows. name is its id in the
 * document, where several sessions show.
 * @param {{ id: "console" | "wire", name?: string, title: string, feed: import("../wire/feed.js").Feed | null, laneView: import("../model/laneview.js").LaneView, children?: any }} props
 */
export function Lane({ id, name = id, title, feed, laneView, children }) {
  const box = useRef(/** @type {any} */ (null));
  const sizer = useRef(/** @type {any} */ (null));
  const shift = useRef(/** @type {any} */ (null));
  const [following, setFollowing] = useState(true);
  const [top, setTop] = useState(0);
  const room = useRoom(box, largeType.value);
  const moved = useRef(0); // lines that left above since the last time the box was scrolled

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
  moved.current += lines?.update(Math.floor(top / lineHeight) - moved.current) ?? 0;

  const total = lines?.total ?? 0;
  const bar = useRef(/** @type {any} */ (null));
  bar.current ??= new ScrollBar();
  bar.current.fit(total * lineHeight, height);
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

  const flood = useFlood(following ? total : 0, to - from);
  const timeOf = (/** @type {number} */ number) => rowTime(shownStyle, log?.row(number)?.t, log && number > log.first ? log.row(number - 1)?.t : undefined, feed?.began ?? 0);

  const seen = useRef(0); // the end of the rows when the lane last followed them
  const lastTop = useRef(0); // where the bar was
  const moveBar = (/** @type {number} */ at) => {
    box.current.scrollTop = bar.current.barAt(at);
    lastTop.current = box.current.scrollTop;
  };
  useLayoutEffect(() => {
    sizer.current.style.height = bar.current.height + "px";
    if (following || moved.current || bar.current.strays(scrolled, lastTop.current)) moveBar(scrolled);
    const first = inSight[0];
    const line = first ? (first.at + first.begin) * lineHeight : 0;
    shift.current.style.transform = `translateY(${bar.current.exact ? line : lastTop.current + line - scrolled}px)`;
    if (moved.current) setTop(scrolled);
    moved.current = 0;
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
    setFollowing(false);
    seen.current = log.end;
    const to = Math.min(end, (lines.of(number).at + line) * lineHeight);
    moveBar(to);
    setTop(to);
    return true;
  };

  // What is in sight is loaded, where it has left memory.
  useLayoutEffect(() => {
    const isStream = laneView.followed.value !== "" && id === "wire";
    if (inSight.length && !isStream) feed?.need(id, inSight[0].number, /** @type {{ number: number }} */ (inSight.at(-1)).number + 1);
  });

  // A turn of the wheel is heard at once: until it has scrolled, new rows would have
  // moved the box to the end again.
  const wheel = useRef(0); // which way it was turned last
  useEffect(() => {
    const lane = box.current;
    const onWheel = (/** @type {WheelEvent} */ event) => {
      wheel.current = event.deltaY;
      if (event.deltaY < 0 && lane.scrollTop > 0) setFollowing(false);
    };
    lane.addEventListener("wheel", onWheel, { passive: true }); // the wheel does not wait for it
    return () => lane.removeEventListener("wheel", onWheel);
  }, []);

  // Only a person moves the box up; what the page does keeps it at the end.
  const onScroll = () => {
    if (!box.current) return; // called once more while it leaves the page
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    const isLeaving = wheel.current < 0 && scrollTop < lastTop.current; // as yet by little
    if (scrollHeight - scrollTop - clientHeight < nearEnd && !isLeaving) setFollowing(true);
    else if (scrollTop < lastTop.current) setFollowing(false);
    setTop(bar.current.moved(scrolled, lastTop.current, scrollTop));
    lastTop.current = scrollTop;
  };

  // Brings a row in sight, or just the line of it that has a place.
  const show = (/** @type {number} */ number, /** @type {number} */ place = -1) => {
    const row = log?.row(number);
    if (!lines || !log || number < log.first || number >= log.end) return;
    const { at, count } = lines.of(number);
    const line = place < 0 || !row ? at : at + layout.lineAt(row, place);
    const [above, below] = [line * lineHeight, (place < 0 ? at + count : line + 1) * lineHeight];
    if (above >= scrolled && below <= scrolled + height) return;
    setFollowing(false);
    const to = Math.min(end, Math.max(0, above - height / 3));
    moveBar(to);
    setTop(to);
  };
  if (following) seen.current = log?.end ?? 0;
  const unseen = Math.max(0, (log?.end ?? 0) - seen.current);
  useFollow(laneView, () => setFollowing(true));
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
      <div id=${name} class="rows" ref=${box} onScroll=${onScroll} onClick=${onClick} onKeyDown=${onKeyDown} tabindex="0"
        onPointerDown=${onPointerDown} onPointerMove=${onPointerMove}
        onPointerLeave=${() => feed && (feed.hover.value = null)}
        role="listbox" aria-multiselectable="true" aria-labelledby=${name + "-title"}
        aria-activedescendant=${here && inSight.some((row) => row.number === here.focus) ? `${name}-row-${here.focus}` : undefined}>
        <div class="sizer" ref=${sizer} role="presentation">
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

const calm = 400; // milliseconds without a flood

// Whether lines come so fast that each frame has others than the one before: nobody
// can read those.
/** @param {number} total lines that there are @param {number} inSight */
function useFlood(total, inSight) {
  const last = useRef({ total: 0, at: 0 });
  const [, again] = useState(0);
  const now = performance.now();
  const since = now - last.current.at;
  const isFlood = total - last.current.total >= inSight;
  if (isFlood) last.current.at = now;
  last.current.total = total;
  const goesOn = since < calm;
  useEffect(() => {
    if (!goesOn) return;
    const timer = setTimeout(() => again(now), calm);
    return () => clearTimeout(timer);
  });
  return goesOn;
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

const streams = [
  ["", "Rows"],
  ["sent", "▶ Sent as a stream"],
  ["received", "◀ Received as a stream"],
];

// What went each way so far and how fast it goes now; and which direction shows as
// one stream.
/** @param {{ feed: import("../wire/feed.js").Feed, laneView: import("../model/laneview.js").LaneView }} props */
function WireHead({ feed, laneView }) {
  feed.wire.version.value, feed.console.version.value; // it counts anew with each frame that shows more
  const { counts } = feed;
  const last = useRef({ at: 0, sent: 0, received: 0 });
  const [rates, setRates] = useState({ sent: 0, received: 0 });
  useEffect(() => {
    const look = () => {
      const { sent, received } = feed.counts;
      const [now, before] = [performance.now(), last.current];
      last.current = { at: now, sent: sent.bytes, received: received.bytes };
      const rate = (/** @type {number} */ more) => Math.max(0, Math.round((1000 * more) / (now - before.at)));
      const next = { sent: rate(sent.bytes - before.sent), received: rate(received.bytes - before.received) };
      if (before.at) setRates((shown) => (shown.sent === next.sent && shown.received === next.received ? shown : next));
    };
    last.current.at = 0;
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [feed]);
  return html`
    <div class="wire-head">
      <select aria-label="What the wire shows" value=${laneView.followed.value} onChange=${(/** @type {any} */ event) => laneView.follow(event.target.value)}>
        ${streams.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
      ${/** @type {const} */ (["sent", "received"]).map((way) => {
        const { messages, bytes } = counts[way];
        return html`
          <span key=${way} class=${"traffic " + way} title=${`${spoken[way]}: ${count(messages, "message")}, ${count(bytes, "byte")}; now ${count(rates[way], "byte")} a second`}>
            <span aria-hidden="true">${ways[way]}</span><span class="unseen">${spoken[way]}</span>
            <b>${messages.toLocaleString("en")}</b><b>${dataSize(bytes)}</b><b class="rate">${dataSize(rates[way])}/s</b>
          </span>
        `;
      })}
    </div>
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
 * What the pointer is on: a row, its line, and the byte of the row, -1 for none
 * that is known; undefined where there is no row.
 * @param {PointerEvent} event @param {import("../model/rowlog.js").RowLog<import("../types").Row>} log
 * @param {import("../model/rowlayout.js").Layout} layout @param {number} char
 */
function spotOf(event, log, layout, char) {
  const target = /** @type {HTMLElement} */ (event.target);
  const element = /** @type {HTMLElement | null} */ (target.closest(".line"));
  const number = Number(/** @type {HTMLElement | null} */ (target.closest(".row"))?.dataset.number ?? -1);
  const row = element && number >= log.first ? log.row(number) : undefined;
  if (!element || !row) return undefined;
  const k = Number(element.dataset.line);
  const line = layout.lines(row, k, k + 1)[0];
  const { from, to, text, places } = line;
  let byte = -1;
  const part = /** @type {HTMLElement | null} */ (target.closest(".hex, .payload"));
  if (part && from >= 0) {
    const at = Math.floor((event.clientX - part.getBoundingClientRect().left) / char);
    if (line.bytes) byte = byteAt(line, part.classList.contains("hex") ? "hex" : "text", at, layout.bytesInLine);
    else if (/^[\u0020-\u007e]*[^\u0000-\u007e]*$/.test(text) && at < (text.match(/^[\u0020-\u007e]*/)?.[0].length ?? 0)) byte = from + (places ? places.indexOf(at) : at);
  }
  return { number, row, line, byte: byte >= from && byte < to ? byte : -1 };
}

/**
 * Tells the feed which bytes the pointer is on.
 * @param {PointerEvent} event @param {import("../wire/feed.js").Feed} feed @param {string} lane
 * @param {import("../model/rowlog.js").RowLog<import("../types").Row>} log @param {import("../model/rowlayout.js").Layout} layout @param {number} char
 */
function point(event, feed, lane, log, layout, char) {
  const spot = spotOf(event, log, layout, char);
  if (!spot?.row.stream) return void (feed.hover.value = null);
  const { row, line, byte } = spot;
  let [begin, end] = [line.from, line.to]; // within the row
  if (byte >= 0) [begin, end] = [byte, byte + 1];
  else if (line.from < 0) [begin, end] = [0, row.to - row.from];
  const known = row.from >= 0;
  const hover = { stream: row.stream, from: known ? row.from + begin : -1, to: known ? row.from + end : -1, n: row.n, lane };
  const now = feed.hover.value;
  if (now?.stream !== hover.stream || now?.from !== hover.from || now.to !== hover.to || now.n !== hover.n) feed.hover.value = hover;
}

/** Calls follow when the newest rows are wanted. @param {import("../model/laneview.js").LaneView} laneView @param {() => void} follow */
export function useFollow(laneView, follow) {
  const asked = laneView.toNewest.value;
  const before = useRef(asked);
  useEffect(() => {
    if (before.current !== asked) follow();
    before.current = asked;
  }, [asked]);
}

/**
 * What a key asks for: to (a row's number), step (a byte more or less), all, none; undefined when it is not for the lane.
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
    case "ArrowLeft":
    case "ArrowRight":
      return here && event.shiftKey ? { step: event.key === "ArrowRight" ? 1 : -1, to: -1 } : undefined;
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
