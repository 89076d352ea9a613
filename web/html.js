// htm joined to Preact: html`<p>…</p>` makes what JSX would, with no build step.
//
// What stands in ${…} becomes a text node, never markup. Server bytes are shown
// only that way, so nothing a server sends can become part of the page.

import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";
import "./vendor/signals.js"; // teaches components to render again when a signal they read changes

export const html = htm.bind(h);
