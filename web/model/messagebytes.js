// From a message to its bytes in the lanes, and back. Pure.

import { flowOf, laneOfFlow } from "./offsets.js";
import { laneOf } from "./laneview.js";

/** @typedef {import("../types").Message["flow"]} Flow */
/** @typedef {import("../types").Hover} Hover */
/** @typedef {{ flow: Flow, at: number }} Place a byte of a flow */

/** The bytes from..to of a flow, as if they were pointed at. @param {Flow} flow @param {number} from @param {number} to @returns {Hover} */
export function hoverOf(flow, from, to) {
  if (laneOfFlow[flow] === "wire") return { stream: flow === "to-server" ? "up" : "down", from, to, lane: "messages" };
  return { from: -1, to: -1, lane: "messages", client: { kind: flow === "from-client" ? "sent" : "received", from, to } };
}

/** Where the byte is that is pointed at, in each flow that has it. @param {Hover} hover @returns {Place[]} */
export function stretchesOf({ stream, from, client, lane }) {
  /** @type {Place[]} */
  const places = [];
  if (client) places.push({ flow: flowOf("console", client.kind), at: client.from });
  if (stream && from >= 0 && lane !== "messages") places.push({ flow: stream === "up" ? "to-server" : "from-server", at: from });
  return places;
}

/** Where what is picked begins. @param {import("../types").Lanes} lanes @param {import("./laneview.js").Selection} selection @returns {Place | undefined} */
export function stretchOf(lanes, { lane, anchor, focus, anchorAt = 0, focusAt = anchorAt }) {
  const row = laneOf(lanes, lane).row(focus);
  if (!row || (row.kind !== "sent" && row.kind !== "received")) return undefined;
  const begin = lane === "wire" ? row.from : row.begin;
  if (begin === undefined || begin < 0) return undefined;
  return { flow: flowOf(/** @type {"wire"} */ (lane), row.kind), at: begin + (anchor === focus ? Math.min(anchorAt, focusAt) : focusAt) };
}

/**
 * Where a lane shows a byte of a flow: at most one place.
 * @param {import("../types").Lanes} lanes @param {string} followed the direction that the wire shows as a stream, or ""
 * @param {import("./offsets.js").Offsets} offsets @param {Flow} flow @param {number} at
 * @returns {import("./laneview.js").Spot[]}
 */
export function spotsOf(lanes, followed, offsets, flow, at) {
  const lane = laneOfFlow[flow];
  const log = laneOf(lanes, lane);
  const isStream = lane === "wire" && followed !== "";
  if (isStream && flowOf(lane, followed) !== flow) return [];
  const number = isStream ? lastBefore(log, at) : offsets.row(flow, at);
  if (number < log.first || number >= log.end) return [];
  const row = log.row(number);
  const begin = (lane === "wire" ? row?.from : row?.begin) ?? at;
  return [{ lane, number, at: Math.max(0, at - begin) }];
}

// The last row of a stream that begins at a byte or before it.
/** @param {import("./rowlog.js").RowLog<import("../types").Row>} log @param {number} at */
function lastBefore(log, at) {
  let [low, high] = [log.first, log.end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((log.row(middle)?.from ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
