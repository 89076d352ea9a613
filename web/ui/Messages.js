// The messages that the line mode has recognised: a line each, which unfolds into the
// tree of its fields. Their bytes are marked in the lanes beside it, and the message of
// bytes that are pointed at there is marked here.

import { Icon, html } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { effect, signal } from "../vendor/signals-core.js";
import { count, rowTime } from "../model/format.js";
import { largeType, timeStyle } from "../model/kept.js";
import { MessageFilter } from "../model/messagefilter.js";
import { MessageTree, fieldAt, jsonOf, markedOf } from "../model/messages.js";
import { hoverOf, spotsOf, stretchOf, stretchesOf } from "../model/messagebytes.js";
import { placesInAll } from "../model/regexps.js";
import { MessageBar } from "./MessageBar.js";
import { MarkedMessage, MessageLine } from "./MessageLine.js";
import { toClipboard } from "./clipboard.js";
import { useFollow, useRoom, useScroll } from "./scroll.js";

/** @typedef {import("../wire/feed.js").Feed} Feed */
/** @typedef {import("../model/laneview.js").LaneView} LaneView */
/** @typedef {import("../model/messages.js").Mark} Mark */
/** @typedef {{ wanted: import("../vendor/signals-core.js").Signal<import("../model/messagefilter.js").Wanted>, feed: Feed | null, tree: MessageTree }} Seen */

/** How somebody looks at messages, which outlives other lanes. @type {WeakMap<LaneView, Seen>} */
const seenBy = new WeakMap();

/** @param {LaneView} laneView @param {Feed | null} feed @returns {Seen} */
function seenOf(laneView, feed) {
  const before = seenBy.get(laneView);
  if (before?.feed === feed) return before;
  const wanted = before?.wanted ?? signal({ text: "", flow: "", wrong: false });
  const seen = { wanted, feed, tree: new MessageTree(feed?.messages ?? /** @type {any} */ ({ first: 0, end: 0, changed: [], row: () => undefined })) };
  seenBy.set(laneView, seen);
  laneView.marked.value = null;
  return seen;
}

/** name: what files are called. @param {{ feed: Feed | null, laneView: LaneView, name: string }} props */
export function Messages({ feed, laneView, name }) {
  const box = useRef(/** @type {any} */ (null));
  const shift = useRef(/** @type {any} */ (null));
  const { wanted, tree } = useMemo(() => seenOf(laneView, feed), [laneView, feed]);
  const scroll = useScroll(box, shift, tree.mark.peek() === null);
  const room = useRoom(box, largeType.value);
  const { lineHeight, height } = room;
  const [said, say] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => say(""), saidFor);
    return () => clearTimeout(timer);
  }, [said]);

  const { log } = tree;
  feed?.messages.version.value;
  tree.version.value;
  const filter = useFilter(usePaused(wanted, log.end - log.first > many ? pause : 0), tree);
  scroll.moved(tree.update(filter, scroll.topLine(lineHeight)));
  useMore(tree);
  const { scrolled, tall, from, to } = scroll.fit(tree.shown.total, lineHeight, height);
  const inSight = tree.between(from, to);

  // A line keeps its elements while it is in sight. When all that was in sight has gone
  // by, the new lines take over the elements of the old.
  const reuse = useRef({ first: 0, last: -1, shift: 0 });
  const [first, last] = [inSight[0]?.at ?? 0, inSight.at(-1)?.at ?? -1];
  if (first > reuse.current.last || last < reuse.current.first) reuse.current.shift += first - reuse.current.first;
  Object.assign(reuse.current, { first, last });

  const mark = tree.mark.value;
  const goTo = useRef(/** @type {Mark | null} */ (null)); // is to be in sight once it has its line
  const show = (/** @type {Mark} */ at) => {
    const line = tree.lineOf(at);
    if (line < 0) return;
    goTo.current = null;
    if (line * lineHeight < scrolled || (line + 1) * lineHeight > scrolled + height) scroll.goTo(line * lineHeight - height / 3);
  };
  useLayoutEffect(() => {
    scroll.settle(inSight[0]?.at ?? 0);
    if (goTo.current && height > 0) show(goTo.current);
  });
  useFollow(laneView, scroll.follow);
  useEffect(() => {
    if (mark) goTo.current = mark; // where somebody was who comes back
  }, []);

  // Marks a message or a field, and shows its bytes.
  const marked = (/** @type {Mark | null} */ at) => {
    const row = at ? log.row(at.number) : undefined;
    tree.mark.value = row ? at : null;
    if (!row || !at || !feed) return void (laneView.marked.value = null);
    const { from, to } = markedOf(row, at.field);
    laneView.marked.value = hoverOf(row.message.flow, from, to);
    laneView.reveal.value = spotsOf(laneView.lanes(feed), laneView.followed.value, feed.offsets, row.message.flow, from);
    goTo.current = at;
  };

  // What is picked in a lane marks its message.
  const selection = laneView.selection.value;
  const picked = useRef(selection);
  useEffect(() => {
    if (picked.current === selection) return;
    picked.current = selection;
    if (!selection || !feed) return;
    const stretch = stretchOf(laneView.lanes(feed), selection);
    const row = stretch && tree.spans.at(stretch.flow, stretch.at);
    if (!row) return;
    const field = selection.anchorAt === undefined ? 0 : fieldAt(row.message, stretch.at);
    if (field) tree.unfoldTo(row, field);
    const at = { number: row.number, field };
    tree.mark.value = at;
    const { from, to } = markedOf(row, field);
    laneView.marked.value = hoverOf(row.message.flow, from, to);
    goTo.current = at;
  }, [selection]);

  // What is pointed at there has its message here.
  const hover = feed?.hover.value;
  const under = useMemo(() => {
    if (!hover || hover.lane === "messages") return null;
    for (const { flow, at } of stretchesOf(hover)) {
      const row = tree.spans.at(flow, at);
      if (row) return { number: row.number, field: fieldAt(row.message, at) };
    }
    return null;
  }, [hover, tree]);
  const lineUnder = (/** @type {import("../model/messages.js").TreeLine} */ { number, field, isOpen, hasFields }) =>
    under?.number === number && (under.field === field || (field === 0 && (!isOpen || !hasFields)));

  const markAt = (/** @type {any} */ event) => {
    const { number, field } = event.target.closest("[role=treeitem]")?.dataset ?? {};
    return number === undefined ? null : { number: Number(number), field: Number(field) };
  };
  const onPointerMove = (/** @type {PointerEvent} */ event) => {
    if (!feed) return;
    const at = markAt(event);
    const row = at && log.row(at.number);
    const now = feed.hover.value;
    if (!row) return void (feed.hover.value = null);
    const { from, to } = markedOf(row, at.field);
    const next = hoverOf(row.message.flow, from, to);
    if (JSON.stringify(now) !== JSON.stringify(next)) feed.hover.value = next;
  };
  const onClick = (/** @type {any} */ event) => {
    const at = markAt(event);
    if (!at || !getSelection()?.isCollapsed) return;
    if (event.target.closest(".twist:not(:empty)")) tree.fold(at, event.target.closest("[role=treeitem]").ariaExpanded !== "true");
    marked(at);
  };
  const onDoubleClick = (/** @type {any} */ event) => {
    const line = event.target.closest("[role=treeitem]");
    const at = markAt(event);
    if (at && line.ariaExpanded && !event.target.closest(".twist")) tree.fold(at, line.ariaExpanded !== "true");
  };
  const copy = async (/** @type {import("../types").MessageRow} */ row) => {
    try {
      await toClipboard(jsonOf(row));
      say("Copied the message as JSON.");
    } catch {
      say("The browser does not let the page copy.");
    }
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const command = event.ctrlKey || event.metaKey;
    const row = mark ? log.row(mark.number) : undefined;
    if (command && event.key.toLowerCase() === "c" && row && getSelection()?.isCollapsed) copy(row);
    else if (command || event.altKey) return;
    else if (event.key === "Escape" && mark) marked(null);
    else {
      const done = tree.step(event.key, mark, Math.max(1, Math.floor(height / lineHeight) - 1));
      if (!done) return;
      if (done.mark) marked(done.mark);
      if (done.fold !== undefined && mark) tree.fold(mark, done.fold);
    }
    event.preventDefault();
  };

  const style = room.columns < narrow ? "none" : timeStyle.value;
  const markedRow = mark && log.row(mark.number);
  const isHere = mark && inSight.some(({ line }) => line.number === mark.number && line.field === mark.field);
  return html`
    <section class="card lane messages" aria-labelledby="messages-title">
      <h2 id="messages-title">Messages</h2>
      <${MessageBar} wanted=${wanted} tree=${tree} filter=${filter} name=${name} said=${said} say=${say} flows=${tree.spans.flows} />
      ${feed && feed.messages.dropped > 0 && html`<p class="dropped">${count(feed.messages.dropped, "earlier message")} left the view to keep it quick.</p>`}
      ${tree.shown.total === 0 && html`<div class="empty"><p>${log.end > log.first
        ? (tree.waiting ? "Looking through the messages …" : "No message fits the filter.")
        : "What the line mode recognises appears here: requests, replies, frames and their fields. Not every line mode does."}</p></div>`}
      <div id="messages" class="rows" role="tree" tabindex="0" ref=${box} aria-labelledby="messages-title"
        aria-activedescendant=${isHere ? `message-${mark.number}-${mark.field}` : undefined}
        onScroll=${scroll.onScroll} onClick=${onClick} onDblClick=${onDoubleClick} onKeyDown=${onKeyDown}
        onPointerMove=${onPointerMove} onPointerLeave=${() => feed && (feed.hover.value = null)}>
        <div class="sizer" ref=${(/** @type {HTMLElement | null} */ node) => { if (node) node.style.height = tall; }} role="presentation">
          <div class="in-sight" ref=${shift} role="presentation" data-time=${style}>
            ${inSight.map(({ at, line, row }) => html`
              <${MessageLine} key=${at - reuse.current.shift} line=${line} row=${row} answered=${line.field ? undefined : tree.spans.answered(row.message)}
                time=${line.field ? "" : rowTime(style, row.t, log.row(row.number - 1)?.t, feed?.began ?? 0)} isOpen=${line.isOpen}
                isMarked=${mark?.number === line.number && mark.field === line.field} isUnder=${lineUnder(line)} first=${log.first} />
            `)}
          </div>
        </div>
      </div>
      <div class="lane-foot">
        ${!scroll.following && html`<button type="button" class="follow" onClick=${() => laneView.toNewest.value++}>Jump to the newest <${Icon} name="arrow-down" /></button>`}
      </div>
      ${mark && markedRow && html`<${MarkedMessage} of=${markedOf(markedRow, mark.field)} row=${markedRow} answered=${tree.spans.answered(markedRow.message)} />`}
    </section>
  `;
}

const saidFor = 4000; // milliseconds for which it says what was copied
const narrow = 56; // columns; with fewer, the time goes

const many = 10_000; // messages; in as many, a filter begins when typing pauses
const pause = 120; // milliseconds

// What a signal has once it has kept it for so long; the first value at once. Who draws
// with it is not drawn for each that comes between.
/** @template T @param {import("../vendor/signals-core.js").Signal<T>} from @param {number} wait milliseconds @returns {T} */
function usePaused(from, wait) {
  const [value, set] = useState(from.peek());
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const stop = effect(() => {
      const next = from.value;
      clearTimeout(timer);
      if (wait === 0) set(next);
      else timer = setTimeout(() => set(next), wait);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [from, wait]);
  return value;
}

// The filter of what is wanted. Regular expressions are looked for a batch at a time.
/** @param {import("../model/messagefilter.js").Wanted} wanted @param {MessageTree} tree */
function useFilter(wanted, tree) {
  const [, again] = useState(0);
  const filter = useMemo(() => new MessageFilter(wanted), [wanted, tree]);
  const reading = useRef({ filter, to: 0, goesOn: false }); // to: the number of the first message that it has not looked through
  if (reading.current.filter !== filter) reading.current = { filter, to: 0, goesOn: false };
  useEffect(() => {
    const now = reading.current;
    if (!filter.reads || now.goesOn || now.to >= tree.log.end) return;
    const read = async () => {
      now.goesOn = true;
      while (now.to < tree.log.end && filter.reads && reading.current === now) {
        const rows = [];
        for (now.to = Math.max(now.to, tree.log.first); now.to < tree.log.end && rows.length < batch; now.to++) {
          const row = tree.log.row(now.to);
          if (row && filter.passes(row) === undefined) rows.push(row);
        }
        if (rows.length) await filter.read(rows, placesInAll);
      }
      now.goesOn = false;
      again((n) => n + 1);
    };
    read();
  });
  useEffect(() => () => void (reading.current = { filter, to: 0, goesOn: false }), []); // it stops
  return filter;
}

const batch = 1000; // messages that are looked through at once

// Counts on while there is more, and draws again when that shows, in a frame that counts
// nothing. The frames before that have nothing to draw.
/** @param {MessageTree} tree */
function useMore(tree) {
  const [, again] = useState(0);
  useEffect(() => {
    if (!tree.waiting && !tree.spans.behind) return;
    const look = () => {
      const isThere = tree.look();
      frame = requestAnimationFrame(isThere ? () => again((n) => n + 1) : look);
    };
    let frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  });
}
