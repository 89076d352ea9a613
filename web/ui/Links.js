// The further connections of a session: a lane for each, with its name and how it stands.

import { html } from "./html.js";
import { useMemo } from "../vendor/hooks.js";
import { LaneView } from "../model/laneview.js";
import { Lane } from "./Lane.js";

/** @typedef {import("../wire/feed.js").LinkFeed} LinkFeed */

/** @param {{ links: Map<string, LinkFeed> }} props */
export function Links({ links }) {
  return html`
    <div class="card links" role="group" aria-label="Further connections">
      ${[...links].map(([name, feed]) => html`<${Link} key=${name} name=${name} feed=${feed} />`)}
    </div>
  `;
}

/** @param {{ name: string, feed: LinkFeed }} props */
function Link({ name, feed }) {
  const laneView = useMemo(() => new LaneView(), [feed]);
  return html`
    <${Lane} id="wire" name=${"link-" + name} title=${html`<b>${name}</b> <span class="standing">${feed.standing.value}</span>`} feed=${feed} laneView=${laneView}>
      <p>Nothing has come or gone by this connection yet.</p>
    <//>
  `;
}
