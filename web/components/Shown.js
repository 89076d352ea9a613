// Text in which control characters stand out. They are the pictures of
// format.js, ␍ and ␊ and so on; few fonts draw those well and some not at all,
// so the style draws a badge with the character's name over each. Copying, and
// whoever reads textContent, gets the picture.

import { html } from "../html.js";
import { controlNames } from "../format.js";

export function shown(text) {
  return text.split(/([\u2400-\u2421])/).map((part, i) =>
    i % 2 === 0 ? part : html`<span class="control" data-name=${controlNames.get(part)}>${part}</span>`,
  );
}
