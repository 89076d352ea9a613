// What stands above the messages: which of them show, and copies.

import { html } from "./html.js";
import { count } from "../model/format.js";
import { jsonOf } from "../model/messages.js";
import { Menu } from "./Menu.js";
import { flowNames } from "./MessageLine.js";
import { maxCopied, toClipboard } from "./clipboard.js";
import { save } from "./download.js";

/** @typedef {import("../model/messages.js").MessageTree} MessageTree */
/** @typedef {import("../types").MessageRow} MessageRow */

/**
 * said: what was done last, in words; say takes it.
 * @param {{ wanted: import("../vendor/signals-core.js").Signal<import("../model/messagefilter.js").Wanted>, tree: MessageTree,
 *   filter: import("../model/messagefilter.js").MessageFilter, flows: MessageRow["message"]["flow"][], name: string, said: string, say: (words: string) => void }} props
 */
export function MessageBar({ wanted, tree, filter, flows, name, said, say }) {
  const now = wanted.value;
  const set = (/** @type {Partial<typeof now>} */ change) => (wanted.value = { ...now, ...change });
  const { problem } = filter;
  return html`
    <div class="message-bar" role="group" aria-label="Which messages show">
      <input type="search" id="message-filter" aria-label="Only messages with" placeholder="words, or name = value" value=${now.text} spellcheck=${false} autocomplete="off"
        title=${hints} aria-invalid=${problem ? "true" : undefined} aria-describedby="message-problem"
        onInput=${(/** @type {any} */ event) => set({ text: event.target.value })}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && now.text && (event.preventDefault(), set({ text: "" }))} />
      <select id="message-flow" aria-label="Flow" onChange=${(/** @type {any} */ event) => set({ flow: event.target.value })}>
        <option value="" selected=${!now.flow}>All flows</option>
        ${[...new Set([...flows, ...(now.flow ? [now.flow] : [])])].map((flow) => {
          const { arrow, words } = flowNames[/** @type {keyof typeof flowNames} */ (flow)];
          return html`<option key=${flow} value=${flow} selected=${flow === now.flow}>${arrow} ${words}</option>`;
        })}
      </select>
      <label class="switch small" title="Only messages of which a field is wrong">
        <input type="checkbox" role="switch" id="message-wrong" checked=${now.wrong} onChange=${(/** @type {any} */ event) => set({ wrong: event.target.checked })} />
        <span>Wrong</span>
      </label>
      <div class="menu">
        <${Menu} id="message-copy" label="Copy" disabled=${tree.shown.total === 0}
          sheet=${(/** @type {() => void} */ close) => html`<${Copies} tree=${tree} name=${name} done=${(/** @type {string} */ words) => (say(words), close())} />`} />
      </div>
    </div>
    <p id="message-problem" role="status" class=${problem ? "problem message-said" : said ? "message-said" : "unseen"}>${problem ? problem + " Nothing is left out." : said}</p>
  `;
}

const hints = `Words of the summary, or fields:
name
name = value
name != value
name ~ regular expression
A value with blanks stands in quotes.`;

/** @param {{ tree: MessageTree, name: string, done: (words: string) => void }} props */
function Copies({ tree, name, done }) {
  const marked = tree.mark.value && tree.log.row(tree.mark.value.number);
  const rows = [...tree.rows()];
  const lines = () => rows.map((row) => jsonOf(row) + "\n").join("");
  const copy = async (/** @type {string} */ text, /** @type {string} */ what) => {
    if (text.length > maxCopied) return done("That is too much for a clipboard. Filter the messages, or save them.");
    try {
      await toClipboard(text);
      done(`Copied ${what}.`);
    } catch {
      done("The browser does not let the page copy. Save the messages instead.");
    }
  };
  const saveAll = () => {
    save(name + "-messages.jsonl", lines(), "application/x-ndjson");
    done(`Saved ${count(rows.length, "message")}.`);
  };
  return html`
    <button type="button" class="item" id="copy-message" disabled=${!marked} title=${marked ? undefined : "Click a message first"}
      onClick=${() => marked && copy(jsonOf(marked), "the message as JSON")}>The marked message as JSON</button>
    <button type="button" class="item" id="copy-messages" onClick=${() => copy(lines(), count(rows.length, "message") + " as JSON lines")}>The ${rows.length.toLocaleString("en")} shown as JSON lines</button>
    <button type="button" class="item" id="save-messages" onClick=${saveAll}>Save the ${rows.length.toLocaleString("en")} shown as a file</button>
  `;
}
