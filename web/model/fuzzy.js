// Texts by what is typed of them: letters in their order, those that begin words
// first. Pure.

/**
 * How well a text has the letters of what is typed, and where they stand. Each word
 * that is typed is looked for on its own; case and accents do not matter.
 * @param {string} typed @param {string} text
 * @returns {{ score: number, at: number[] } | null} null: it has not all of them
 */
export function fuzzyMatch(typed, text) {
  const [letters, starts] = fold(text);
  /** @type {Set<number>} */
  const at = new Set();
  let score = 0;
  for (const word of typed.trim().split(/\s+/)) {
    const found = word ? best(fold(word)[0], letters, starts) : { score: 0, at: [] };
    if (!found) return null;
    score += found.score;
    for (const place of found.at) at.add(place);
  }
  return { score: score - letters.length / 1000, at: [...at].sort((a, b) => a - b) };
}

/**
 * The things whose text has what is typed, the best first; all of them, in their own
 * order, while nothing is typed.
 * @template T @param {string} typed @param {T[]} things @param {(thing: T) => string} textOf
 * @returns {{ thing: T, at: number[] }[]}
 */
export function fuzzyFilter(typed, things, textOf) {
  if (!typed.trim()) return things.map((thing) => ({ thing, at: [] }));
  return things
    .flatMap((thing) => {
      const match = fuzzyMatch(typed, textOf(thing));
      return match ? [{ thing, ...match }] : [];
    })
    .sort((a, b) => b.score - a.score);
}

/** One small letter for each UTF-16 unit, and whether a word begins there. @param {string} text @returns {[string[], boolean[]]} */
function fold(text) {
  const letters = text.split("").map((unit) => unit.normalize("NFD")[0].toLowerCase());
  return [letters, letters.map((letter, i) => /[\p{L}\p{N}]/u.test(letter) && !/[\p{L}\p{N}]/u.test(letters[i - 1] ?? " "))];
}

// The whole word where there is one, at the beginning of a word best of all; else the
// letters from left to right, where each takes the next beginning of a word if the
// rest can still follow it.
/** @param {string[]} word @param {string[]} letters @param {boolean[]} starts */
function best(word, letters, starts) {
  let whole = -1;
  for (let i = 0; i + word.length <= letters.length; i++) {
    if (!word.every((letter, k) => letters[i + k] === letter)) continue;
    if (whole < 0 || starts[i]) whole = i;
    if (starts[i]) break;
  }
  if (whole >= 0) return { score: word.length * 4 + (starts[whole] ? 8 : 0), at: word.map((_, k) => whole + k) };
  /** @type {number[]} */
  const at = [];
  let score = 0;
  for (const [k, letter] of word.entries()) {
    const from = (at.at(-1) ?? -1) + 1;
    const next = letters.indexOf(letter, from);
    if (next < 0) return null;
    const start = letters.findIndex((one, i) => i >= from && one === letter && starts[i]);
    const taken = start >= 0 && next !== from && isIn(word.slice(k + 1), letters, start + 1) ? start : next;
    score += (starts[taken] ? 3 : 0) + (taken === from && k > 0 ? 2 : 0) - Math.min(taken - from, 10) / 10;
    at.push(taken);
  }
  return { score, at };
}

/** @param {string[]} word @param {string[]} letters @param {number} from */
function isIn(word, letters, from) {
  for (const letter of word) {
    const next = letters.indexOf(letter, from);
    if (next < 0) return false;
    from = next + 1;
  }
  return true;
}
