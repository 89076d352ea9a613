// That a session was closed, and for a while can be had back.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { closed, undoClose, undoTime } from "./tabs.js";

export function Undo() {
  const tab = closed.value;
  const [left, setLeft] = useState(undoTime);
  useEffect(() => {
    setLeft(undoTime);
    if (!tab) return;
    const timer = setInterval(() => setLeft((now) => Math.max(0, now - 1)), 1000);
    return () => clearInterval(timer);
  }, [tab]);
  return tab && html`
    <div class="undo">
      <p><span role="status">Closed ${tab.title.value}.</span> <span aria-hidden="true">It ends in ${left} s.</span></p>
      <button type="button" id="undo-close" onClick=${undoClose}>Undo</button>
    </div>
  `;
}
