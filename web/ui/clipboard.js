// The clipboard. A page that came over plain HTTP from another machine has no
// navigator.clipboard.

/** Characters that a clipboard still takes. */
export const maxCopied = 16 * 1024 * 1024;

/** @param {string} text */
export async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.className = "to-copy";
  area.value = text;
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  if (!done) throw new Error("not copied");
}
