// The worker of dev.js. All tabs of the page share it, and so one connection: a
// browser opens six to a host, and if each tab held one of its own, the seventh tab
// could not load.

/** @type {EventSource | null} */
let source = null;
/** @type {string | null} the last state, as JSON */
let last = null;
/** @type {Set<MessagePort>} of the tabs that are open */
const tabs = new Set();

addEventListener("connect", (/** @type {any} */ { ports: [tab] }) => {
  tabs.add(tab);
  tab.onmessage = () => tabs.delete(tab); // it is leaving
  if (source && source.readyState !== EventSource.CLOSED) {
    if (last !== null) tab.postMessage(last);
    return;
  }
  last = null;
  source = new EventSource("/api/dev/events");
  source.onmessage = ({ data }) => {
    last = data;
    for (const one of tabs) one.postMessage(data);
  };
});
