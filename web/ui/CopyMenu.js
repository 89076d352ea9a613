// The rows that are picked, or all that show, in forms for elsewhere.

import { focus, html } from "./html.js";
import { formatRoute, go, route } from "./route.js";
import { current } from "./tabs.js";
import { useState } from "../vendor/hooks.js";
import { copied, forms, goBothWays, ofDirection, typed } from "../model/copy.js";
import { away } from "../model/laneview.js";
import { count } from "../model/format.js";
import { lanes, typeHex } from "../model/kept.js";
import { maxCopied, toClipboard } from "./clipboard.js";
import { save } from "./download.js";
import { isWhole } from "../model/local.js";
import { isWebSocket, splitTarget } from "../model/target.js";

const ways = [
  ["", "Both"],
  ["sent", "▶ Sent"],
  ["received", "◀ Received"],
];

/** done(what) is told what was copied or saved, in words. @param {{ feed: import("../wire/feed.js").Feed, laneView: import("../model/laneview.js").LaneView, about: any, done: (what: string) => void }} props */
export function CopyMenu({ feed, laneView, about, done }) {
  const [problem, setProblem] = useState("");
  const lane = lanes.value === "console" ? "console" : "wire";
  const [way, setWay] = useState("");
  const picked = laneView.picked(feed, lane);
  const missing = away(laneView, feed, lane);
  const bothWays = goBothWays(picked);
  const rows = ofDirection(picked, bothWays ? way : "");
  const isPicked = laneView.selection.value !== null;
  const from = laneView.selection.value?.lane ?? lane;
  const bare = about.target.replace(/^tls(:\/\/|\+)/, "");
  const target = { ...(isWhole(bare) || isWebSocket(bare) ? { host: bare, port: "" } : splitTarget(bare)), tls: about.tls };

  const copy = async (/** @type {string} */ form, /** @type {string} */ label) => {
    const text = copied(form, rows, target);
    if (text.length > maxCopied) return setProblem("That is too much for a clipboard. Pick fewer rows, or save them.");
    try {
      await toClipboard(text);
      done(`Copied ${count(rows.length, "row")} as ${label}.`);
    } catch {
      setProblem("The browser does not let the page copy. Save the rows instead.");
    }
  };
  const tab = current.value;
  const again = isPicked ? typed(picked, (tab.session.value?.mode ?? tab.picked.value?.manifest)?.input ?? "line", typeHex.value) : null;
  const sendAgain = () => {
    tab.draft.value = again ?? "";
    done("What was sent stands in the field.");
    if (route.value.view) go(formatRoute(""));
    focus("#command");
  };
  const saveText = () => {
    save(about.name + ".txt", copied("text", rows));
    done(`Saved ${count(rows.length, "row")} as text.`);
  };
  const saveEntries = () => {
    const lines = [...feed.entries.rows()].map(({ size, ...entry }) => JSON.stringify(entry) + "\n");
    save(about.name + ".jsonl", lines.join(""), "application/x-ndjson");
    done("Saved all entries.");
  };

  return html`
    ${missing > 0 && html`<p class="problem">${count(missing, "row")} that are not in memory are left out.</p>`}
    <p class="muted">${isPicked ? count(rows.length, "picked row") : "All " + count(rows.length, "row")} ${from === "wire" ? "of the wire" : "as typed and shown"}${!isPicked && ". Click rows to pick some."}</p>
    ${bothWays && html`
      <fieldset class="segments">
        <legend class="unseen">Direction</legend>
        ${ways.map(([value, label]) => html`
          <label key=${value}>
            <input type="radio" name="copied-way" value=${value} checked=${way === value} onChange=${() => setWay(value)} />
            <span>${label}</span>
          </label>
        `)}
      </fieldset>
    `}
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${again !== null && html`<button type="button" class="item" id="send-again" onClick=${sendAgain}>Edit what was sent, to send it again</button>`}
    <fieldset>
      <legend>Copy as</legend>
      ${forms.map(([form, label]) => html`
        <button type="button" class="item" key=${form} data-form=${form} onClick=${() => copy(form, label)}>${label}</button>
      `)}
    </fieldset>
    <fieldset>
      <legend>Save</legend>
      <button type="button" class="item" id="save-rows" onClick=${saveText}>These rows as text</button>
      <button type="button" class="item" id="save-entries" onClick=${saveEntries}>All entries as JSON lines</button>
    </fieldset>
  `;
}
