// Everything that can be done, by its name: actions, line modes, targets, sessions,
// recordings, views, settings.

import { focus, html } from "./html.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { actions, isKey, isPossible, keyLabel, perform, showSessions } from "./actions.js";
import { commandsFor } from "../model/commands.js";
import { forms } from "../model/copy.js";
import { fuzzyFilter } from "../model/fuzzy.js";
import { whenOf } from "../model/format.js";
import { detailsOpen, hexColumns, inspecting, lanes, presenting, resetSettings, showColours, showControls, showHex, showMap, theme, timeStyle, typeHex } from "../model/kept.js";
import { fieldsOf, targetTitle } from "../model/target.js";
import { canTap, hasLessons, modes, practice, practices } from "../wire/workbench.js";
import { listTranscripts } from "../wire/transcripts.js";
import { formatRoute, go } from "./route.js";
import { current, openTab, tabs, targets } from "./tabs.js";

const most = 60; // that are listed
const recordings = 200; // that are asked for

/** @typedef {{ group: string, name: string, keys?: string[], on?: boolean, run: () => void }} Item on: it is so now */

/** @param {{ close: () => void, page: import("./actions.js").Page }} props */
export function Palette({ close, page }) {
  const dialog = useRef(/** @type {any} */ (null));
  const list = useRef(/** @type {any} */ (null));
  const chosen = useRef(/** @type {Item | null} */ (null));
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [recorded, setRecorded] = useState(/** @type {Item[]} */ ([]));
  const here = useMemo(() => itemsOf(page), []); // before the dialog opens: what stands behind it
  useEffect(() => {
    dialog.current.showModal();
    listTranscripts({ limit: recordings }).then((all) => setRecorded(all.map(recordingItem)), () => {}); // without recordings, there are none to go to
  }, []);
  const found = fuzzyFilter(typed, [...here, ...recorded], (item) => item.group + ": " + item.name).slice(0, most);
  useLayoutEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at, typed]);

  const run = (/** @type {Item | undefined} */ item) => {
    if (!item) return;
    chosen.current = item;
    dialog.current.close();
  };
  const onClose = () => {
    close();
    chosen.current?.run(); // the focus is back, from wherever the action may take it
  };
  // Enter does this last, so it cannot press what has the focus then.
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run(found[at]?.thing);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const last = found.length - 1;
    if (event.key === "ArrowDown") setAt(at >= last ? 0 : at + 1);
    else if (event.key === "ArrowUp") setAt(at <= 0 ? Math.max(0, last) : at - 1);
    else if (event.key === "PageDown") setAt(Math.max(0, Math.min(at + 10, last)));
    else if (event.key === "PageUp") setAt(Math.max(at - 10, 0));
    else if (isKey(event, "Mod K", true)) dialog.current.close();
    else return;
    event.preventDefault();
  };

  return html`
    <dialog id="palette" ref=${dialog} aria-label="Actions" onClose=${onClose} onKeyDown=${onKeyDown}
      onClick=${(/** @type {Event} */ event) => event.target === dialog.current && dialog.current.close()}>
      <form class="palette-head" autocomplete="off" onSubmit=${submit}>
        <input type="text" id="palette-field" value=${typed} placeholder="action, mode, target, recording, view, setting" aria-label="What to do"
          role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list" aria-activedescendant=${found.length ? "palette-" + at : undefined}
          spellcheck=${false} autocomplete="off" autocapitalize="off"
          onInput=${(/** @type {any} */ event) => (setTyped(event.target.value), setAt(0))} />
        <button type="button" class="icon" aria-label="Close the actions" title="Close (Escape)" onClick=${() => dialog.current.close()}>×</button>
      </form>
      <ul id="palette-list" ref=${list} role="listbox" aria-label="Actions">
        ${found.map(({ thing, at: letters }, i) => html`
          <li key=${thing.group + thing.name + i} id=${"palette-" + i} role="option" aria-selected=${i === at ? "true" : "false"}
            onPointerMove=${() => at !== i && setAt(i)} onClick=${() => run(thing)}>
            <span class="palette-name"><span class="muted">${marked(thing.group, letters, 0)}</span> <span>${marked(thing.name, letters, thing.group.length + 2)}</span></span>
            ${thing.on && html`<span class="palette-on">on</span>`}
            ${thing.keys?.map((key) => html`<kbd key=${key}>${keyLabel(key)}</kbd>`)}
          </li>
        `)}
      </ul>
      <p class="muted palette-none" role="status">${found.length === 0 && "Nothing here has those letters."}</p>
    </dialog>
  `;
}

/** A part of an item's text with the letters that were typed. @param {string} text @param {number[]} letters @param {number} from where it begins */
function marked(text, letters, from) {
  /** @type {{ hit: boolean, text: string }[]} */
  const runs = [];
  for (const [i, char] of text.split("").entries()) {
    const hit = letters.includes(from + i);
    const last = runs.at(-1);
    if (last?.hit === hit) last.text += char;
    else runs.push({ hit, text: char });
  }
  return runs.map(({ hit, text }) => (hit ? html`<b>${text}</b>` : text));
}

/** @param {import("./actions.js").Page} page @returns {Item[]} */
function itemsOf(page) {
  const tab = current.value;
  const live = tab.live.value;
  const session = tab.session.value;
  const one = (/** @type {string} */ group, /** @type {string} */ name, /** @type {() => void} */ run, on = false) => ({ group, name, run, on });
  const chosen = (/** @type {string} */ group, /** @type {import("../vendor/signals-core.js").Signal<any>} */ setting, /** @type {[any, string][]} */ values) =>
    values.map(([value, name]) => one(group, name, () => (setting.value = value), setting.value === value));
  /** Uses the fields of the tab, or of a new one while it is connected. @param {(tab: import("./tabs.js").Tab) => void} use */
  const inForm = (use) => () => {
    showSessions();
    use(live ? openTab() : tab);
    focus("#connect-button");
  };
  const picked = tab.picked.value;
  return [
    ...actions.filter((action) => isPossible(action) && !action.keys?.includes("Mod K")).map((action) => ({ group: action.group === "Anywhere" ? "Page" : action.group, name: action.name, keys: action.keys, run: () => perform(action, page) })),
    ...[["", "Sessions"], ["transcripts", "Transcripts"], ["plugins", "Plugins"], ["compare", "Compare"], ...(hasLessons.value ? [["lessons", "Lessons"]] : []), ...(canTap.value ? [["tap", "Tap"]] : [])].map(([view, name]) => one("View", name, () => go(formatRoute(view)))),
    one("View", "Documentation", () => void globalThis.open("/docs/", "_blank", "noopener")),
    ...tabs.value.map((tab) => one("Session", tab.title.value, () => (showSessions(), (current.value = tab)), tab === current.value)),
    ...modes.value.map(({ manifest }) => one("Line mode", manifest.title, inForm((to) => (to.form.mode.value = manifest.name)), manifest.name === tab.form.mode.value)),
    ...(live && session ? commandsFor(session.mode.commands ?? [], session.options) : []).map(({ name, help, fields }) => one("Command", help ? `${name} · ${help}` : name, () => {
      showSessions();
      if (fields?.length) tab.commanding.value = name;
      else session?.command(name, {});
    })),
    ...(picked && !live ? picked.manifest.options : []).flatMap((option) => (option.type === "bool" ? ["true", "false"] : (option.choices ?? []))
      .map((value) => one("Option", `${option.name} ${value}`, inForm((to) => to.setOption(option, value)), tab.option(option) === value))),
    ...(practice.value ? [one("Target", "Practice echo " + practice.value, inForm((to) => to.usePractice()))] : []),
    ...practices.value.map(({ name, target, mode, summary }) => one("Target", `Practice ${name} ${target} · ${summary}`, inForm((to) => to.use({ ...fieldsOf(target), mode })))),
    ...targets.list.map((target) => one("Target", [targetTitle(target), target.name && targetTitle({ ...target, name: "" }), target.mode].filter(Boolean).join(" · "), inForm((to) => to.use({ ...fieldsOf(targetTitle({ ...target, name: "" })), ...target })))),
    ...forms.map(([form, label]) => ({ group: "Rows", name: "Copy as " + label, menu: "#copy-menu", control: `[data-form="${form}"]` }))
      .filter(isPossible).map((action) => one(action.group, action.name, () => perform(action, page))),
    ...chosen("Show", lanes, [["both", "Both lanes"], ["console", "Only what is typed and shown"], ["wire", "Only the wire"], ["ladder", "The ladder"], ["messages", "Messages, and both lanes"]]),
    ...chosen("Time", timeStyle, [["relative", "Since the start"], ["delta", "Since the row before"], ["absolute", "Of day"], ["none", "None"]]),
    ...chosen("Bytes in a line of hex", hexColumns, [["fit", "As many as fit"], ["8", "8"], ["16", "16"]]),
    ...chosen("Colours", theme, [["", "As the system has them"], ["light", "Light"], ["dark", "Dark"]]),
    ...switches.map(([name, setting]) => one("Setting", name, () => (setting.value = !setting.value), setting.value)),
    one("Setting", "Reset all settings", resetSettings),
  ];
}

/** @type {[string, import("../vendor/signals-core.js").Signal<boolean>][]} */
const switches = [
  ["Hex with offsets", showHex], ["Control characters", showControls], ["Terminal colours (ANSI)", showColours], ["What picked bytes mean", inspecting], ["Map of a long session", showMap], ["Large type, for a projector", presenting],
  ["Type bytes as hex", typeHex], ["Unfold what is said about a mode", detailsOpen],
];

/** @param {import("../types").Info} info @returns {Item} */
function recordingItem({ id, target, session, mode, began }) {
  return { group: "Recording", name: [target || session || id, mode, whenOf(began)].join(" · "), run: () => go(formatRoute("transcripts", id)) };
}
