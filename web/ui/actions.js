// What can be done on the page with a key or by its name: one table. The page's
// shortcuts, the list of keys and the palette are made of it, so that they cannot
// differ. It draws nothing.

import { focus } from "./html.js";
import { formatRoute, go, route } from "./route.js";
import { presenter } from "../model/kept.js";
import { closeTab, current, openTab, tabs, turnTab } from "./tabs.js";
import { renaming } from "./TopBar.js";
import { inClass } from "../wire/workbench.js";

/**
 * What the table needs of the page: open shows the list of keys, or the palette.
 * @typedef {{ open(what: "keys" | "palette"): void }} Page
 *
 * keys are written as on a keyboard: "Alt N", "Ctrl R", "?". "Mod K" is Ctrl+K, and
 * ⌘K on a Mac. Those of the group "Anywhere" work on the whole page; the others
 * where the group says, by what stands there, and are only listed. An action without
 * run is no more than its key. when: whether it is possible now; control: the element
 * that does it, which has to be there, and enabled. menu: the button of the menu that
 * has the control, which is opened for it. byKey: run is told by which of the keys, and
 * the action has no name to run it by.
 * @typedef {{ group: string, name: string, keys?: string[], when?: () => boolean, menu?: string, control?: string, byKey?: boolean, run?: (page: Page, key?: string) => void }} Action
 */

const isLive = () => current.value.live.value;
const hasSession = () => !route.value.view && current.value.session.value !== null;
const canStartTLS = () => hasSession() && isLive() && current.value.session.value?.canUpgrade === true;
const hasTranscript = () => hasSession() && current.value.session.value?.transcript !== "";
const isPlayback = () => route.value.view === "transcripts" && route.value.id !== "";

/** @type {Action[]} */
export const actions = [
  { group: "Anywhere", name: "Run any action by its name", keys: ["Mod K"], run: (page) => page.open("palette") },
  { group: "Anywhere", name: "Show the list of keys", keys: ["?"], run: (page) => page.open("keys") },
  {
    group: "Anywhere", name: "Open a new session in a tab", keys: ["Alt N"],
    run: () => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); // it goes to the new tab
      openTab();
      showSessions();
    },
  },
  { group: "Anywhere", name: "Go to the tab before", keys: ["Alt ["], run: () => (turnTab(-1), showSessions()) },
  { group: "Anywhere", name: "Go to the next tab", keys: ["Alt ]"], run: () => (turnTab(1), showSessions()) },
  {
    group: "Anywhere", name: "Go to the first tab, to the ninth", byKey: true, keys: [..."123456789"].map((digit) => "Alt " + digit),
    run: (_, key = "") => {
      const tab = tabs.value[Number(key.at(-1)) - 1];
      if (!tab) return;
      current.value = tab;
      showSessions();
    },
  },
  { group: "Anywhere", name: "Name the tab", keys: ["F2"], run: () => void (renaming.value = current.value) },
  {
    group: "Anywhere", name: "Connect or disconnect", keys: ["Alt C"],
    run: () => {
      if (showSessions()) return; // nothing is cut that was not seen
      isLive() ? current.value.disconnect() : current.value.connect();
    },
  },
  { group: "Anywhere", name: "Open or close the connection's form", keys: ["Alt E"], run: () => /** @type {any} */ (document.querySelector("#edit-button"))?.click() },
  { group: "Anywhere", name: "Go to the field where you type", keys: ["Alt I"], run: () => void focus("#command") },
  { group: "Anywhere", name: "Find in the rows", keys: ["/", "Alt F"], run: () => void focus("#find") },
  { group: "Anywhere", name: "Presenter view, on and off", keys: ["Alt P"], run: () => (presenter.value = !presenter.value) },
  {
    group: "Anywhere", name: "Leave the presenter view", keys: ["Escape"],
    when: () => presenter.value && !document.querySelector("dialog[open]"), run: () => (presenter.value = false),
  },
  { group: "Anywhere", name: "Go to the next control, to the one before", keys: ["Tab", "Shift Tab"] },

  { group: "Session", name: "Reconnect", control: "#reconnect-button" },
  { group: "Session", name: "Close this tab", when: () => !route.value.view && (tabs.value.length > 1 || current.value.session.value !== null), run: () => closeTab(current.value) },
  { group: "Session", name: "End the input (half-close)", control: "#half-close-button" },
  { group: "Session", name: "Send a file", control: "#file" },
  { group: "Session", name: "Undo closing a tab", control: "#undo-close" },
  { group: "Session", name: "Ask for the keyboard", control: "#ask-keyboard" },
  { group: "Session", name: "Hand the keyboard over", control: "#give-keyboard" },
  { group: "Session", name: "Save as golden", menu: "#session-menu", control: "#golden-button", when: hasTranscript },
  { group: "Session", name: "Open the transcript", menu: "#session-menu", control: "#transcript-link", when: hasTranscript },
  { group: "Session", name: "Upgrade to TLS", menu: "#session-menu", control: "#starttls-button", when: canStartTLS },
  { group: "Session", name: "Faults …", menu: "#session-menu", control: "#faults-button", when: hasSession },
  { group: "Session", name: "What would another mode have done?", menu: "#session-menu", control: "#compare-button", when: hasSession },
  { group: "Session", name: "Clear the lanes", menu: "#session-menu", control: "#clear-button", when: hasSession },
  { group: "Session", name: "Pick a target", control: "#targets-menu" },
  { group: "Session", name: "Options of TLS", control: "#tls-menu" },
  { group: "Session", name: "Switch TLS on or off", control: "#tls" },
  { group: "Session", name: "Stay after the end of the server's stream, on and off", control: "#stays" },
  { group: "Session", name: "Further connections to any host, on and off", control: "#elsewhere" },
  { group: "Session", name: "Record the next session, on and off", control: "#record" },
  { group: "Rows", name: "Filter the rows", control: "#filter-button" },
  { group: "Rows", name: "Copy or save rows", control: "#copy-menu" },
  { group: "Rows", name: "Edit what was sent, to send it again", menu: "#copy-menu", control: "#send-again" },
  { group: "Rows", name: "Save these rows as text", menu: "#copy-menu", control: "#save-rows" },
  { group: "Rows", name: "Save all entries as JSON lines", menu: "#copy-menu", control: "#save-entries" },
  { group: "Rows", name: "Save the ladder as SVG", control: "#save-svg" },
  { group: "Rows", name: "Save the ladder as PNG", control: "#save-png" },

  { group: "Where you type", name: "Send", keys: ["Enter"] },
  { group: "Where you type", name: "Complete the name of a command", keys: ["Tab"] },
  { group: "Where you type", name: "One more line; several go one by one", keys: ["Shift Enter"] },
  { group: "Where you type", name: "Walk earlier lines", keys: ["↑", "↓"] },
  { group: "Where you type", name: "Search earlier lines", keys: ["Ctrl R"], control: "#history-button" },
  { group: "Where you type", name: "Snippets", keys: ["Ctrl J"], control: "#snippets-button" },
  { group: "Where you type", name: "Macros", control: "#macros-button" },
  { group: "Where you type", name: "Send the next line without a line end", control: "#no-line-end" },
  { group: "Where you type", name: "Type bytes past the line mode", control: "#raw-bytes" },

  { group: "In a lane", name: "Pick a row; the other lane shows what belongs to it", keys: ["↑", "↓", "Page ↑", "Page ↓", "Home", "End"] },
  { group: "In a lane", name: "Pick more rows, all rows", keys: ["Shift ↑", "Shift ↓", "Ctrl A"] },
  { group: "In a lane", name: "Pick bytes of a row on the wire", keys: ["Shift ←", "Shift →"] },
  { group: "In a lane", name: "Pick none", keys: ["Escape"] },

  { group: "In messages", name: "Mark a message or a field, and its bytes", keys: ["↑", "↓", "Page ↑", "Page ↓", "Home", "End"] },
  { group: "In messages", name: "Unfold; go in", keys: ["→", "Enter"] },
  { group: "In messages", name: "Fold; go out", keys: ["←", "Enter"] },
  { group: "In messages", name: "Copy the message as JSON", keys: ["Ctrl C"] },
  { group: "In messages", name: "Mark none", keys: ["Escape"] },
  { group: "In messages", name: "Filter the messages", control: "#message-filter" },
  { group: "In messages", name: "Copy or save messages", control: "#message-copy" },

  { group: "Find", name: "The next one, the one before", keys: ["Enter", "Shift Enter"] },
  { group: "Find", name: "Look for nothing", keys: ["Escape"] },

  { group: "Playback", name: "Play, pause", keys: ["Space"], control: "#play" },
  { group: "Playback", name: "A step on", keys: ["→"], control: "#step" },
  { group: "Playback", name: "A step back", keys: ["←"], control: "#step-back" },
  { group: "Playback", name: "To the start, to the end", keys: ["Home", "End"] },
  { group: "Playback", name: "Predict, on and off", control: "#predict" },
  { group: "Playback", name: "Save as …", menu: "#session-menu", control: "#save-button", when: isPlayback },
  { group: "Playback", name: "Name, tags, note …", menu: "#session-menu", control: "#name-button", when: isPlayback },
  { group: "Playback", name: "Notes", menu: "#session-menu", control: "#notes-button", when: isPlayback },
  { group: "Playback", name: "Replay it", menu: "#session-menu", control: "#replay-button", when: isPlayback },
  { group: "Playback", name: "Play as server …", menu: "#session-menu", control: "#play-server-button", when: isPlayback },
  { group: "Playback", name: "Play as client …", menu: "#session-menu", control: "#play-client-button", when: isPlayback },
  { group: "Playback", name: "What would another mode have done?", menu: "#session-menu", control: "#compare-recording-button", when: isPlayback },
  { group: "Playback", name: "Redact …", menu: "#session-menu", control: "#redact-button", when: isPlayback },
  { group: "Playback", name: "Delete …", menu: "#session-menu", control: "#delete-button", when: isPlayback },
  { group: "Transcripts", name: "Import files", control: "#import-file" },
  { group: "Class", name: "Raise your hand, or lower it", control: "#hand-button" },
  { group: "Class", name: "Open what the teacher has sent", control: "#open-sent" },
  { group: "Class", name: "Watch what the teacher shows", control: "#watch-show" },
  { group: "Class", name: "Show to the class, or stop that", menu: "#session-menu", control: "#show-button", when: () => inClass.value === "teacher" && (isPlayback() || (isLive() && hasSession())) },
  { group: "Class", name: "Stop showing to the class", control: "#stop-show" },
];

/** Whether an action can be done now, by its name. @param {Action} action */
export function isPossible({ run, control, menu, when, byKey }) {
  if (byKey || (when && !when())) return false;
  if (!control) return run !== undefined;
  const element = /** @type {any} */ (document.querySelector(menu ?? control));
  return element !== null && !element.disabled;
}

/** @param {Action} action @param {Page} page @param {string} [key] by which it is done */
export function perform({ run, control = "", menu }, page, key) {
  if (run) return run(page, key);
  if (!control) return;
  const find = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector));
  const opener = menu && !find(control) ? find(menu) : null;
  if (!opener) return find(control)?.click();
  const coming = new MutationObserver(() => {
    if (!find(control)) return;
    coming.disconnect();
    find(control)?.click();
  });
  coming.observe(/** @type {Node} */ (opener.parentNode), { childList: true, subtree: true });
  setTimeout(() => coming.disconnect(), patience); // the menu stays open, and says what there is
  opener.click();
}

const patience = 3000; // milliseconds for a menu that is loaded for the first time

/** Whether this is a Mac, an iPhone or an iPad. */
export const isMac = /Mac|iP(hone|ad|od)/.test(globalThis.navigator?.platform ?? "");

/** How a key is written here. @param {string} key as in the table */
export function keyLabel(key, mac = isMac) {
  return key.replace(/^Mod /, mac ? "⌘ " : "Ctrl ");
}

/** @type {Record<string, string>} */
const codes = { "[": "BracketLeft", "]": "BracketRight" };

/**
 * Whether a key event is the key of the table. A key that writes something counts only
 * outside of fields, and so does Ctrl+K on a Mac, which kills a line in them.
 * @param {Pick<KeyboardEvent, "key" | "code" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey">} event
 * @param {string} key @param {boolean} typing whether the focus is in a field
 */
export function isKey(event, key, typing, mac = isMac) {
  const [modifier, name] = key.split(" ");
  const { altKey, ctrlKey, metaKey, shiftKey } = event;
  if (modifier === "Alt") return altKey && !ctrlKey && !metaKey && event.code === (codes[name] ?? (/\d/.test(name) ? "Digit" : "Key") + name);
  if (modifier === "Mod") {
    if (altKey || shiftKey || event.key.toLowerCase() !== name.toLowerCase()) return false;
    return mac ? metaKey !== ctrlKey && (metaKey || !typing) : ctrlKey && !metaKey;
  }
  return event.key === key && !altKey && !ctrlKey && !metaKey && (key.length > 1 || !typing);
}

/** Does what a key asks for. What another part of the page took for itself is left alone. @param {KeyboardEvent} event @param {Page} page */
export function onShortcut(event, page) {
  if (event.defaultPrevented || event.isComposing) return;
  const typing = event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox], [type=radio], [type=range]), textarea, select");
  const pressed = (/** @type {Action} */ { keys }) => keys?.find((key) => isKey(event, key, typing));
  const action = actions.find((one) => one.group === "Anywhere" && one.run && pressed(one) && (one.when?.() ?? true));
  if (!action) return;
  perform(action, page, pressed(action));
  event.preventDefault();
}

/** Goes to the sessions, and says whether another view was shown. */
export function showSessions() {
  const { view } = route.value;
  if (view) go(formatRoute(""));
  return view !== "";
}
