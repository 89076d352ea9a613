// The sessions that live in the workbench and that this window does not show: to be
// watched, or ended.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { formatRoute } from "./route.js";
import { tabs } from "./tabs.js";
import { count } from "../model/format.js";
import { change } from "../wire/workbench.js";

const every = 5000; // milliseconds

/** @typedef {{ id: string, mode: string, target: string, watchers: number, over: boolean, left?: number, tap?: string, agent?: string }} Kept */

export function Sessions() {
  const [all, setAll] = useState(/** @type {Kept[]} */ ([]));
  const load = () => fetch("/api/sessions").then((answer) => answer.json()).then(setAll, () => {});
  useEffect(() => {
    load();
    const timer = setInterval(load, every);
    return () => clearInterval(timer);
  }, []);
  const here = new Set(tabs.value.map((tab) => tab.attach.value));
  const others = all.filter(({ id, tap }) => !here.has(id) && !tap); // a tap's are with the tap
  if (others.length === 0) return null;
  const end = (/** @type {Kept} */ { id }) => change("/api/sessions/" + encodeURIComponent(id), { method: "DELETE" }).then(load, () => {});
  return html`
    <section class="kept" aria-labelledby="kept-title">
      <h2 id="kept-title">Sessions that live in the workbench</h2>
      <ul>
        ${others.map((one) => html`
          <li key=${one.id}>
            <a href=${formatRoute("", one.id)}>${one.target}</a>
            <span class="muted"> ${one.mode}, ${one.agent ? `of the agent ${one.agent}, ` : ""}${standing(one)}</span>
            <button type="button" class="small" aria-label=${(one.over ? "Forget " : "End ") + one.target} onClick=${() => end(one)}>${one.over ? "Forget" : "End"}</button>
          </li>
        `)}
      </ul>
    </section>
  `;
}

/** @param {Kept} session */
function standing({ watchers, over, left = 0 }) {
  const minutes = Math.ceil(left / 60);
  const time = `for ${minutes === 1 ? "a minute" : minutes + " minutes"}`;
  if (over) return watchers ? "is over" : `is over, can be read ${time}`;
  return watchers ? count(watchers, "window") + (watchers === 1 ? " watches" : " watch") : `no window, goes on ${time}`;
}
