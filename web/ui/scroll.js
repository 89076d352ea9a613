// How a box of lines scrolls that are all equally high, of which only those in sight are
// on the page: where it is, that it follows the end until somebody scrolls up, and the
// room that it has.

import { useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { ScrollBar } from "../model/lineindex.js";

const nearEnd = 24; // pixels from the end that still count as being there
const spare = 6; // lines above and below what is in sight

/** @typedef {{ current: any }} Ref */

/**
 * box scrolls, what is as high as fit says is in it, and in that shift, which holds the lines
 * in sight. With each drawing, fit and then, once it is on the page, settle are called.
 * @param {Ref} box @param {Ref} shift
 */
export function useScroll(box, shift, followsAtFirst = true) {
  const [following, setFollowing] = useState(followsAtFirst);
  const [top, setTop] = useState(0);
  const kept = useRef(/** @type {any} */ (null));
  kept.current ??= { bar: new ScrollBar(), moved: 0, lastTop: 0, wheel: 0, scrolled: 0, end: 0, lineHeight: 1 };
  /** moved: lines that left above since the box was scrolled; lastTop: where the bar was; wheel: which way it was turned last; end: of scrolling
   * @type {{ bar: ScrollBar, moved: number, lastTop: number, wheel: number, scrolled: number, end: number, lineHeight: number }} */
  const now = kept.current;
  const moveBar = (/** @type {number} */ at) => {
    box.current.scrollTop = now.bar.barAt(at);
    now.lastTop = box.current.scrollTop;
  };

  // A turn of the wheel is heard at once: until it has scrolled, new rows would have
  // moved the box to the end again.
  useEffect(() => {
    const lane = box.current;
    const onWheel = (/** @type {WheelEvent} */ event) => {
      now.wheel = event.deltaY;
      if (event.deltaY < 0 && lane.scrollTop > 0) setFollowing(false);
    };
    lane.addEventListener("wheel", onWheel, { passive: true }); // the wheel does not wait for it
    return () => lane.removeEventListener("wheel", onWheel);
  }, []);

  return {
    following,
    follow: () => setFollowing(true),
    /** The line at the top, as the lines were that were counted last. @param {number} lineHeight */
    topLine: (lineHeight) => Math.floor(top / lineHeight) - now.moved,
    /** Lines have left above. @param {number} lines */
    moved: (lines) => void (now.moved += lines),
    /**
     * Which lines are in sight, from..to, and where that is in pixels. tall is for the element
     * in the box, which is drawn with it: set by settle, each lane would lay the page out again.
     * @param {number} total @param {number} lineHeight @param {number} height
     */
    fit(total, lineHeight, height) {
      now.bar.fit(total * lineHeight, height);
      now.lineHeight = lineHeight;
      now.end = Math.max(0, total * lineHeight - height);
      now.scrolled = following ? now.end : Math.min(now.end, Math.max(0, top - now.moved * lineHeight));
      const { scrolled } = now;
      return { scrolled, tall: now.bar.height + "px", from: Math.max(0, Math.floor(scrolled / lineHeight) - spare), to: Math.ceil((scrolled + height) / lineHeight) + spare };
    },
    /** Puts the lines where they belong. @param {number} first of those on the page */
    settle(first) {
      const { scrolled, bar } = now;
      if (following || now.moved || bar.strays(scrolled, now.lastTop)) moveBar(scrolled);
      const line = first * now.lineHeight;
      shift.current.style.transform = `translateY(${bar.exact ? line : now.lastTop + line - scrolled}px)`;
      if (now.moved) setTop(scrolled);
      now.moved = 0;
    },
    /** Goes to a place, and stays there. @param {number} place in pixels */
    goTo(place) {
      setFollowing(false);
      const to = Math.min(now.end, Math.max(0, place));
      moveBar(to);
      setTop(to);
    },
    // Only a person moves the box up; what the page does keeps it at the end.
    onScroll() {
      if (!box.current) return; // called once more while it leaves the page
      const { scrollTop, scrollHeight, clientHeight } = box.current;
      const isLeaving = now.wheel < 0 && scrollTop < now.lastTop; // as yet by little
      if (scrollHeight - scrollTop - clientHeight < nearEnd && !isLeaving) setFollowing(true);
      else if (scrollTop < now.lastTop) setFollowing(false);
      setTop(now.bar.moved(now.scrolled, now.lastTop, scrollTop));
      now.lastTop = scrollTop;
    },
  };
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

// The room in a lane: columns of text, the height of it and of a line, and the
// width of a character, in pixels.
/** @param {{ current: any }} box @param {unknown} type measured again when it changes */
export function useRoom(box, type) {
  const [room, setRoom] = useState({ columns: 80, height: 400, lineHeight: 20, char: 8 });
  useLayoutEffect(() => {
    const lane = box.current;
    const measure = () => {
      if (!lane.isConnected) return; // reported once more while it leaves the page
      const style = getComputedStyle(lane);
      const char = charWidth(style.font);
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

/** How wide a digit is, by the font and the zoom. @type {Map<string, number>} */
const widths = new Map();

/** @param {string} font of CSS */
function charWidth(font) {
  const key = `${globalThis.devicePixelRatio} ${font}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  const canvas = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  canvas.font = font;
  const width = canvas.measureText("0".repeat(100)).width / 100;
  widths.set(key, width);
  return width;
}

const calm = 400; // milliseconds without a flood

// Whether lines come so fast that each frame has others than the one before: nobody
// can read those.
/** @param {number} total lines that there are @param {number} inSight */
export function useFlood(total, inSight) {
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
