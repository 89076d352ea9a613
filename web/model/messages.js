// The messages that a line mode has recognised, as a tree that folds: a line for each
// message, and below it one for each of its fields. Pure. What of it shows, what is
// folded and what is marked is here; ui/Messages.js draws it.

import { signal } from "../vendor/signals-core.js";
import { payload } from "./kinds.js";
import { shownBytes } from "./format.js";
import { LineIndex } from "./lineindex.js";
import { Spans } from "./spans.js";

/** @typedef {import("../types").Message} Message */
/** @typedef {import("../types").MessageRow} MessageRow */
/** @typedef {import("../types").Field} Field */
/** @typedef {{ number: number, field: number }} Mark a message, and which of its fields counted from 1 as they stand in the text; 0: the message itself */
/**
 * @typedef {{ number: number, field: number, depth: number, of: Message | Field, hasFields: boolean, isOpen: boolean, position: number, siblings: number }} TreeLine
 *   depth: 1 of a message, 2 of its fields, and so on; position and siblings: which of how many beside it, from 1
 */

/** A text of a message, or the bytes that are none as the lanes show them. @param {string} [text] @param {string} [b64] */
export function saidOf(text, b64) {
  return text ?? (b64 === undefined ? "" : shownBytes(payload({ b64, kind: "" })));
}

/** Whether something is wrong with a field. @param {Message | Field} field @returns {field is Field} */
export function isWrong(field) {
  return "name" in field && (field.wrong !== undefined || field.wrongB64 !== undefined);
}

/** A message as the transcript's JSON lines have it, without a line end. @param {MessageRow} row */
export function jsonOf({ n, t, message }) {
  return JSON.stringify({ n, t, dir: "<<", kind: "message", message });
}

/** The line of a message, and those of its fields that are not in a folded one. @param {MessageRow} row @param {Set<number> | undefined} folded fields; undefined: the message is folded @returns {TreeLine[]} */
export function treeLines({ number, message }, folded) {
  const hasFields = !!message.fields?.length;
  /** @type {TreeLine[]} */
  const lines = [{ number, field: 0, depth: 1, of: message, hasFields, isOpen: hasFields && folded !== undefined, position: 0, siblings: 0 }];
  let field = 0;
  /** @param {Field[]} fields @param {number} depth @param {boolean} shows */
  const add = (fields, depth, shows) => fields.forEach((of, i) => {
    const hasFields = !!of.fields?.length;
    const isOpen = hasFields && !folded?.has(++field);
    if (!hasFields) field++;
    if (shows) lines.push({ number, field, depth, of, hasFields, isOpen, position: i + 1, siblings: fields.length });
    if (of.fields) add(of.fields, depth + 1, shows && isOpen);
  });
  if (folded && message.fields) add(message.fields, 2, true);
  return lines;
}

/** The innermost field that has a byte, counted as in a Mark; 0: none has it. @param {Message} message @param {number} byte */
export function fieldAt({ fields = [] }, byte) {
  let [count, found] = [0, 0];
  /** @param {Field[]} list @param {boolean} inside */
  const look = (list, inside) => {
    for (const { from, to, fields } of list) {
      count++;
      const has = inside && from <= byte && byte < to;
      if (has) found = count;
      if (fields) look(fields, has);
    }
  };
  look(fields, true);
  return found;
}

/** What a mark names: the message itself, or its field. @param {MessageRow} row @param {number} field @returns {Message | Field} */
export function markedOf({ message }, field) {
  let left = field;
  /** @param {Field[]} list @returns {Field | undefined} */
  const find = (list) => {
    for (const one of list) {
      if (--left === 0) return one;
      const found = one.fields && find(one.fields);
      if (found) return found;
    }
    return undefined;
  };
  return (field > 0 && find(message.fields ?? [])) || message;
}

const slice = 4; // milliseconds for which lines are counted at once: a frame has as much to do besides, on a busy machine twice over
const firstSlice = 12; // where nothing shows yet: lines that are not the last ones would be drawn for nothing
const often = 64; // rows between two looks at the clock
const spansAtOnce = 1000; // messages

/** @typedef {import("./messagefilter.js").MessageFilter} MessageFilter */
/** @typedef {{ lines: LineIndex<MessageRow>, filter: MessageFilter, problem: string, isWhole: boolean }} Counted
 *   problem: the filter's, which then leaves nothing out; isWhole: all that there was is counted */

export class MessageTree {
  /** Signal: rises when lines are others though no message has come. */
  version = signal(0);
  /** Signal: what is marked for good, and not just pointed at. @type {import("../vendor/signals-core.js").Signal<Mark | null>} */
  mark = signal(null);
  log;
  spans;

  /** The unfolded messages, with those of their fields that are folded. @type {Map<number, Set<number>>} */
  #open = new Map();
  /** @type {Counted | null} what shows */
  #shown = null;
  /** @type {Counted | null} what shows once it is counted */
  #next = null;
  #until = 0; // when counting pauses
  #left = 0; // rows until the clock is looked at again

  /** @param {import("./rowlog.js").RowLog<MessageRow>} log */
  constructor(log) {
    this.log = log;
    this.spans = new Spans(log);
  }

  /** @param {MessageFilter} filter @returns {Counted} */
  #count(filter) {
    const { problem } = filter;
    return {
      filter,
      problem,
      isWhole: false,
      lines: new LineIndex(this.log, (row) => {
        if (!row) return 0;
        if (--this.#left < 0) {
          if (performance.now() > this.#until) return undefined;
          this.#left = often;
        }
        const passed = problem ? true : filter.passes(row);
        if (passed === undefined) return undefined;
        return !passed ? 0 : this.#open.has(row.number) ? this.lines(row).length : 1;
      }),
    };
  }

  // Counting may take so many milliseconds from now on.
  /** @param {number} most */
  #begin(most) {
    this.#until = performance.now() + most;
    this.#left = often; // however busy the machine is
  }

  /**
   * Takes in what has come, before it is drawn. What another filter lets through shows once
   * look has counted it; until then, what did. Returns by how many lines what stands at a
   * line has moved up.
   * @param {MessageFilter} filter @param {number} [at]
   */
  update(filter, at = 0) {
    this.#begin(this.#shown ? slice : firstSlice);
    const isOf = (/** @type {Counted | null} */ one) => one?.filter === filter && one.problem === filter.problem;
    if (isOf(this.#shown)) this.#next = null;
    else if (!isOf(this.#next)) this.#next = this.#count(filter);
    if (this.#next && (!this.#shown || this.#next.isWhole)) {
      this.#shown = this.#next;
      this.#next = null;
    }
    const moved = this.#shown?.lines.update(at) ?? 0;
    if (!this.waiting) this.spans.update(spansAtOnce);
    return moved;
  }

  /** Counts on, in a frame that draws nothing. Returns whether there is something else to draw then. */
  look() {
    this.#begin(slice);
    if (this.#next) {
      this.#next.lines.update();
      return (this.#next.isWhole = !this.#next.lines.waiting);
    }
    if (!this.waiting) this.spans.update(spansAtOnce);
    return this.waiting || !this.spans.behind;
  }

  /** The lines that show. @returns {LineIndex<MessageRow>} */
  get shown() {
    return /** @type {{ lines: LineIndex<MessageRow> }} */ (this.#shown).lines;
  }

  /** Whether there is more to count. */
  get waiting() {
    return this.#next !== null || (this.#shown?.lines.waiting ?? false);
  }

  /** The lines of a message, as far as they are unfolded. @param {MessageRow} row */
  lines(row) {
    return treeLines(row, this.#open.get(row.number));
  }

  /** Folds or unfolds a line. @param {Mark} at @param {boolean} open */
  fold({ number, field }, open) {
    const folded = this.#open.get(number);
    if (field === 0 && open) this.#open.set(number, folded ?? new Set());
    else if (field === 0) this.#open.delete(number);
    else if (open) folded?.delete(field);
    else folded?.add(field);
    this.log.changed.push([number, number + 1]);
    this.version.value++;
  }

  /** Unfolds whatever hides a field. @param {MessageRow} row @param {number} field */
  unfoldTo(row, field) {
    if (field === 0) return;
    const { number } = row;
    if (!this.#open.has(number)) this.fold({ number, field: 0 }, true);
    for (let lines = this.lines(row); !lines.some((line) => line.field === field); lines = this.lines(row)) {
      const above = lines.filter((line) => line.field < field).at(-1);
      if (!above || above.isOpen || above.field === 0) return;
      this.fold({ number, field: above.field }, true);
    }
  }

  /** The line of a mark among all that show; -1: it is hidden. @param {Mark} mark */
  lineOf({ number, field }) {
    const row = number >= this.log.first && number < this.log.end ? this.log.row(number) : undefined;
    if (!row) return -1;
    const { at, count } = this.shown.of(number);
    const k = count ? this.lines(row).findIndex((line) => line.field === field) : -1;
    return k < 0 ? -1 : at + k;
  }

  /** What stands in lines from..to (to not included). @param {number} from @param {number} to @returns {{ at: number, line: TreeLine, row: MessageRow }[]} */
  between(from, to) {
    const found = [];
    for (const { number, at, begin, end } of this.shown.between(Math.max(0, from), to)) {
      const row = this.log.row(number);
      const lines = row ? this.lines(row) : [];
      for (let k = begin; row && k < Math.min(end, lines.length); k++) found.push({ at: at + k, line: lines[k], row });
    }
    return found;
  }

  /** Where a key leads from a mark; undefined: the key is not the tree's. @param {string} key @param {Mark | null} mark @param {number} page lines that PageUp and PageDown go @returns {{ mark?: Mark, fold?: boolean } | undefined} */
  step(key, mark, page) {
    const last = this.shown.total - 1;
    const here = mark ? this.lineOf(mark) : -1;
    const goTo = (/** @type {number} */ line) => {
      const to = Math.min(last, Math.max(0, line));
      const found = this.between(to, to + 1)[0]?.line;
      return found ? { mark: { number: found.number, field: found.field } } : {};
    };
    const isNew = here < 0;
    switch (key) {
      case "ArrowDown": return goTo(isNew ? 0 : here + 1);
      case "ArrowUp": return goTo(isNew ? last : here - 1);
      case "PageDown": return goTo(isNew ? 0 : here + page);
      case "PageUp": return goTo(isNew ? last : here - page);
      case "Home": return goTo(0);
      case "End": return goTo(last);
    }
    const line = isNew ? undefined : this.between(here, here + 1)[0]?.line;
    if (!line) return undefined;
    switch (key) {
      case "Enter":
      case " ": return line.hasFields ? { fold: !line.isOpen } : {};
      case "ArrowRight": return !line.hasFields ? {} : line.isOpen ? goTo(here + 1) : { fold: true };
      case "ArrowLeft": {
        if (line.isOpen) return { fold: false };
        let above = here;
        while (above > 0 && (this.between(above, above + 1)[0]?.line.depth ?? 1) >= line.depth && line.depth > 1) above--;
        return goTo(above);
      }
    }
    return undefined;
  }

  /** The messages that show. @returns {Generator<MessageRow>} */
  *rows() {
    for (const { number } of this.shown.between(0, Infinity)) {
      const row = this.log.row(number);
      if (row) yield row;
    }
  }
}
