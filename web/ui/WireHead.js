// The head of the wire.

import { html } from "./html.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { count, dataSize } from "../model/format.js";
import { spoken, ways } from "./LaneRow.js";

const streams = [
  ["", "Rows"],
  ["sent", "▶ Sent as a stream"],
  ["received", "◀ Received as a stream"],
];

// What went each way so far and how fast it goes now; and which direction shows as
// one stream.
/** @param {{ feed: import("../wire/feed.js").Feed, laneView: import("../model/laneview.js").LaneView }} props */
export function WireHead({ feed, laneView }) {
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
