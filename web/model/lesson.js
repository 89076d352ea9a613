// What a lesson's view says and remembers: which step comes next, what was tried, the
// verdict in words.

/** @typedef {import("../types").LessonStep} LessonStep */
/** @typedef {import("../types").StepVerdict} StepVerdict */
/** @typedef {import("../types").CheckVerdict} CheckVerdict */

/** The most transcripts that are checked at once, as the workbench has it. */
export const mostTranscripts = 16;

/** The step to go on at, from 1: the first that is not passed, or the last. @param {{ n: number, passed: boolean }[]} steps */
export function nextStep(steps) {
  return (steps.find(({ passed }) => !passed) ?? steps.at(-1))?.n ?? 1;
}

/** The step that an address names, or where to go on. @param {{ n: number, passed: boolean }[]} steps @param {string | undefined} asked */
export function stepOf(steps, asked) {
  return steps.find(({ n }) => String(n) === asked)?.n ?? nextStep(steps);
}

/** What was reached in all steps. @param {{ points: number, reached: number, passed: boolean }[]} steps */
export function sumOf(steps) {
  return {
    points: steps.reduce((sum, step) => sum + step.points, 0),
    reached: steps.reduce((sum, step) => sum + step.reached, 0),
    passed: steps.filter((step) => step.passed).length,
    done: steps.every((step) => step.passed),
  };
}

/** @param {number} reached @param {number} points */
export function pointsWords(reached, points) {
  return `${reached} of ${points} point${points === 1 ? "" : "s"}`;
}

/** The transcripts of a step with one more, the oldest left out. @param {string[]} all @param {string} id */
export function withTranscript(all, id) {
  return all.includes(id) ? all : [...all, id].slice(-mostTranscripts);
}

/** Steps after a verdict: what was reached once stays. @template {LessonStep} S @param {S[]} steps @param {StepVerdict} verdict @returns {S[]} */
export function afterVerdict(steps, { step, points, passed }) {
  return steps.map((one) => (one.n === step ? { ...one, reached: passed ? one.points : Math.max(one.reached, points), passed: one.passed || passed } : one));
}

/** Whether a session talks to whom a step wants, in the way that it wants. @param {LessonStep["with"]} wanted @param {{ target: string, mode: { name: string, options: import("../types").Option[] }, options: Record<string, string>, serving?: Record<string, string> }} session */
export function fits({ target, mode, options = {}, serving = {} }, session) {
  return session.target === target && (!mode || session.mode.name === mode) &&
    JSON.stringify(session.serving ?? {}) === JSON.stringify(serving) &&
    Object.entries(options).every(([name, value]) => (session.options[name] ?? session.mode.options.find((one) => one.name === name)?.default) === value);
}

/** How a step's verdict is read out. @param {StepVerdict} verdict */
export function verdictWords({ passed, points, of, hint }) {
  return (passed ? "Done: " : "Not yet: ") + pointsWords(points, of) + "." + (!passed && hint?.mistake ? " " + hint.words : "");
}

/** Whether a verdict says more than that nothing was done yet. @param {CheckVerdict | undefined} check */
export function isTried(check) {
  return check !== undefined && (check.holds || check.hint?.mistake === true || !["no-connection", "no-answer"].includes(check.code ?? ""));
}
