// The worker of regexps.js.

import { placesIn } from "./search.js";

addEventListener("message", ({ data: { rows, pattern } }) => postMessage(rows.map((/** @type {any} */ row) => placesIn(row, pattern))));
postMessage("ready");
