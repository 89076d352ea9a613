// What a person says of a recording: its title, tags, a text, and notes on events.
// Pure.

/** @typedef {import("../types").Notes} Notes */

/** The tags in a list that was typed, each once. @param {string} text */
export function tagsOf(text) {
  return [...new Set(text.split(",").map((tag) => tag.trim().replace(/\s+/g, " ")).filter(Boolean))];
}

/** Notes with another one on an event; "": with none. @param {Notes} notes @param {number} event @param {string} text @returns {Notes} */
export function withRow(notes, event, text) {
  const { [event]: _, ...rows } = notes.rows ?? {};
  return { ...notes, rows: text.trim() ? { ...rows, [event]: text.trim() } : rows };
}

/** The notes on events, in their order. @param {Notes} notes @returns {{ event: number, text: string }[]} */
export function rowsOf(notes) {
  return Object.entries(notes.rows ?? {}).map(([event, text]) => ({ event: Number(event), text })).sort((a, b) => a.event - b.event);
}

/** Where a playback has just shown an event with all that it led to. @param {import("../types").Entry[]} entries @param {number} event */
export function positionAfter(entries, event) {
  const last = entries.map((entry) => entry.n).lastIndexOf(event);
  return last < 0 ? entries.length : last + 1;
}

/** The event that was shown last at a position; 1 before the first. @param {import("../types").Entry[]} entries @param {number} position */
export function eventAt(entries, position) {
  while (position > 0 && entries[position - 1]?.n === undefined) position--;
  return entries[position - 1]?.n ?? 1;
}
