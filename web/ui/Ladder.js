// The session as a sequence diagram, which can be saved.

import { html } from "./html.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { ladder, ladderSVG, narrow, tip } from "../model/ladder.js";
import { count } from "../model/format.js";
import { save, saveURL } from "./download.js";
import { useFollow } from "./scroll.js";

const nearEnd = 24; // pixels from the end that still count as being there

/** @param {{ feed: import("../wire/feed.js").Feed | null, laneView: import("../model/laneview.js").LaneView, about: { mode: string, target: string, name: string } }} props */
export function Ladder({ feed, laneView, about }) {
  const box = useRef(/** @type {any} */ (null));
  const following = useRef(true); // the newest, until the user scrolls up
  const follow = () => {
    following.current = true;
    box.current.scrollTop = box.current.scrollHeight;
  };
  useFollow(laneView, follow);
  useLayoutEffect(() => {
    if (following.current) follow();
  });
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    following.current = scrollHeight - scrollTop - clientHeight < nearEnd;
  };
  feed?.entries.version.value;
  const draw = (/** @type {number | undefined} */ width) => ladder(feed ? feed.entries.rows() : [], { ...about, width });
  const drawn = draw(useNarrow() ? narrow : undefined);
  const missing = drawn.dropped > 0 || (feed?.entries.dropped ?? 0) > 0;
  const saveSVG = () => save(about.name + ".svg", ladderSVG(draw(undefined)), "image/svg+xml");
  return html`
    <section class="card ladder" aria-labelledby="ladder-title">
      <div class="ladder-tools">
        <h2 id="ladder-title">Ladder</h2>
        <p>${missing ? `The newest ${count(drawn.items.length, "step")}.` : count(drawn.items.length, "step")}</p>
        <button type="button" class="small" id="save-svg" disabled=${drawn.items.length === 0} onClick=${saveSVG}>Save SVG</button>
        <button type="button" class="small" id="save-png" disabled=${drawn.items.length === 0} onClick=${() => savePNG(draw(undefined), about.name)}>Save PNG</button>
      </div>
      <div class="ladder-box" ref=${box} onScroll=${onScroll} tabindex="0" role="group" aria-label="Sequence diagram">
        ${drawn.items.length === 0
          ? html`<p class="nothing">Connect and send something: each message becomes an arrow here, from you through the line mode to the server and back.</p>`
          : html`<${Drawing} drawn=${drawn} />`}
      </div>
    </section>
  `;
}

/** @param {{ drawn: import("../model/ladder.js").Ladder }} props */
function Drawing({ drawn }) {
  const { width, height, columns, items, titles } = drawn;
  return html`
    <svg viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`Sequence diagram: ${titles.map(({ text }) => text).join(", ")}; ${count(items.length, "step")}`}>
      ${columns.map((x, i) => html`
        <text key=${"t" + i} class="life-name" ...${placed(titles[i].spot)}>${titles[i].text}</text>
        <path key=${"p" + i} class="life" d=${`M${x} 48V${height - 20}`} />
      `)}
      ${items.map((item, i) => {
        const time = html`<text class="at" x="8" y=${item.y + 4}>${item.time}</text>`;
        if (item.kind === "words") {
          return html`<g key=${i}>${time}<text class=${item.way} ...${placed(item.spot)}>${item.label}</text></g>`;
        }
        const [from, to] = [columns[item.from], columns[item.to]];
        return html`
          <g key=${i} class=${item.way}>
            <title>${[item.label, item.detail, item.n !== undefined && "event " + item.n].filter(Boolean).join(" · ")}</title>
            ${time}
            <path class=${"arrow " + item.way} d=${`M${from} ${item.y}H${to}`} />
            <path class=${"tip " + item.way} d=${tip(to, from, item.y)} />
            <text class=${item.way} ...${placed(item.spot)}>${item.label}</text>
          </g>
        `;
      })}
    </svg>
  `;
}

/** @param {import("../model/ladder.js").Spot} spot */
const placed = ({ x, y, anchor }) => ({ x, y, "text-anchor": anchor });

// Whether the screen has room for no more than a narrow ladder.
function useNarrow() {
  const [media] = useState(() => matchMedia("(max-width: 43.75em)"));
  const [matches, setMatches] = useState(media.matches);
  useEffect(() => {
    const onChange = () => setMatches(media.matches);
    media.addEventListener("change", onChange);
    return () => media.removeEventListener("change", onChange);
  }, []);
  return matches;
}

// The SVG, drawn at twice its size. The page's policy lets an image come from a
// data: address only.
/** @param {import("../model/ladder.js").Ladder} drawn @param {string} name */
function savePNG(drawn, name) {
  const image = new Image();
  image.onload = () => {
    const scale = Math.min(2, 16_000 / drawn.height);
    const canvas = document.createElement("canvas");
    canvas.width = drawn.width * scale;
    canvas.height = drawn.height * scale;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => {
      if (!blob) return;
      const url = URL.createObjectURL(blob);
      saveURL(url, name + ".png");
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    });
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(ladderSVG(drawn));
}
