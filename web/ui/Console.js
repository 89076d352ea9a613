// The middle of the page: what was typed and shown beside what went over the
// wire for it, messages and both, or the ladder. A live session and a playback look the same here.

import { html, lazy } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { lanes, showMap } from "../model/kept.js";
import { ConsoleBar, Messages } from "./ConsoleBar.js";
import { Lane } from "./Lane.js";
import { shown } from "./LaneRow.js";

const Ladder = lazy(() => import("./Ladder.js"), "Ladder");
const Links = lazy(() => import("./Links.js"), "Links");
const MiniMap = lazy(() => import("./MiniMap.js"), "MiniMap");

/**
 * feed is null before the first session. about: what the ladder and the copies
 * need to know of it. status and tools stand in the bar. earlier: whose rows these are,
 * where the page is about another session. children show in the console while it is empty.
 * @param {{ feed: import("../wire/feed.js").Feed | null, laneView: import("../model/laneview.js").LaneView,
 *   about: { mode: string, target: string, tls: boolean, name: string }, status?: any, tools?: any, earlier?: string, children?: any }} props
 */
export function Console({ feed, laneView, about, status, tools, earlier = "", children }) {
  const show = lanes.value;
  const links = feed?.links.value;
  const hasLinks = links !== undefined && links.size > 0 && show !== "console" && show !== "ladder";
  const whose = earlier && `: earlier, with ${earlier}`;
  return html`
    <${ConsoleBar} feed=${feed} laneView=${laneView} about=${about} status=${status} tools=${tools} />
    <div class=${earlier ? "lanes earlier" : "lanes"} data-show=${show} data-links=${hasLinks ? "" : undefined} title=${earlier ? "These rows are of the session before, with " + earlier : undefined}>
      ${show === "ladder"
        ? html`<${Ladder} feed=${feed} about=${about} laneView=${laneView} />`
        : html`
          ${show === "messages" && html`<${Messages} key="messages" feed=${feed} laneView=${laneView} name=${about.name} />`}
          ${show !== "wire" && html`<${Lane} key="console" id="console" title=${"Typed and shown" + whose} feed=${feed} laneView=${laneView}>${children}<//>`}
          ${show !== "console" && html`
            <${Lane} key="wire" id="wire" title=${"On the wire" + whose} feed=${feed} laneView=${laneView}>
              <p>Every byte to the server (▶) and from it (◀), with the ends of lines shown: ${shown("␍␊")}</p>
            <//>
          `}
          ${hasLinks && html`<${Links} key="links" links=${links} />`}
        `}
    </div>
    ${feed && showMap.value && show !== "ladder" && html`<${MapOfLong} feed=${feed} laneView=${laneView} lanes=${show === "both" || show === "messages" ? ["console", "wire"] : [show]} />`}
    <${Announcer} feed=${feed} />
  `;
}

const long = 200; // rows of a lane from which on a session has a map

/** @param {{ feed: import("../wire/feed.js").Feed, laneView: import("../model/laneview.js").LaneView, lanes: string[] }} props */
function MapOfLong({ feed, laneView, lanes }) {
  const [of, setOf] = useState(/** @type {object | null} */ (null)); // the feed that is long
  useEffect(() => {
    const look = () => void ((feed.console.end - feed.console.first > long || feed.wire.end - feed.wire.first > long) && setOf(feed));
    const stops = [feed.console, feed.wire].map((log) => log.version.subscribe(look));
    return () => stops.forEach((stop) => stop());
  }, [feed]);
  return of === feed && html`<${MiniMap} feed=${feed} laneView=${laneView} lanes=${lanes} />`;
}

const pause = 1000; // milliseconds between two announcements
const most = 3; // rows that are read out; more are counted

// Reads out what comes, for those who do not see it. A lane cannot do that
// itself: its rows come and go with scrolling.
/** @param {{ feed: import("../wire/feed.js").Feed | null }} props */
function Announcer({ feed }) {
  const box = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (!feed) return;
    let said = feed.console.end;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const say = () => {
      timer = undefined;
      if (!box.current) return;
      const rows = [...feed.console.rows(said)].filter((row) => row.kind !== "sent");
      said = feed.console.end;
      const text = rows.slice(-most).map((row) => (row.text ?? new TextDecoder().decode(row.bytes?.subarray(0, 200))).slice(0, 200));
      if (rows.length) box.current.textContent = (rows.length > most ? `${rows.length - most} more rows, then: ` : "") + text.join("\n");
    };
    const stop = feed.console.version.subscribe(() => {
      if (feed.console.end > said && timer === undefined) timer = setTimeout(say, pause);
      else if (feed.console.end < said) said = feed.console.end;
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [feed]);
  return html`<div class="unseen" aria-live="polite" ref=${box}></div>`;
}
