// What the teacher of a class sends to all: a step of a lesson, or a target with its
// mode. What is to be done about it, and how it is told.

/**
 * @typedef {{ n: number, at: string, lesson?: string, title?: string, step?: number, target?: string, mode?: string }} Sent
 */

/** What a browser remembers of one that it has dealt with. Another class counts from 1 again, so the number alone will not do. @param {Sent} sent */
export function markOf({ n, at }) {
  return `${n} ${at}`;
}

/**
 * What is to be done: it is opened where that takes nothing away, else offered; once in
 * a browser. done is the mark of the last that was dealt with.
 * @param {Sent | null | undefined} sent @param {string} done
 * @param {{ live: boolean, typing: boolean }} now live: a session is; typing: something was typed and not sent
 * @returns {"" | "open" | "offer"}
 */
export function whatToDo(sent, done, { live, typing }) {
  if (!sent || markOf(sent) === done) return "";
  return live || typing ? "offer" : "open";
}

/** What it is, as part of a sentence. @param {Sent} sent */
export function wordsOf({ lesson, title, step, target, mode }) {
  if (!lesson) return mode ? `${target} with ${mode}` : `${target}`;
  const name = title || lesson;
  return step ? `${name}, step ${step}` : name;
}
