// All lines of a lane, by number: which row line 70,000 belongs to, when a row
// takes several lines or, filtered out, none. Pure. It counts lines, and does not
// know what stands in them.
//
// Every line is equally high, so that a lane of a million lines can be scrolled
// while only those in sight are on the page.

const rowsInChunk = 256;

// Pixels. No browser draws an element that is much higher: Firefox ends at 17.8 million.
const tallest = 8_000_000;

/**
 * Where the bar of a box stands when what is in it is scrolled to a place, and the
 * other way round. Where the content is too high for an element, the bar stands
 * for a greater height than it has: dragged, it goes far; a turn of the wheel
 * moves the content by as much as always.
 */
export class ScrollBar {
  /** How high the element is that makes the bar. */
  height = 0;
  #full = 0; // height of the content
  #seen = 0; // height of what is in sight

  /** @param {number} full height of the content @param {number} seen height of what is in sight */
  fit(full, seen) {
    this.#full = full;
    this.#seen = seen;
    this.height = Math.min(full, tallest);
  }

  /** Whether bar and content move alike. */
  get exact() {
    return this.height === this.#full;
  }

  /** Where the bar stands for a place of the content. @param {number} at */
  barAt(at) {
    return this.exact ? at : (at / (this.#full - this.#seen)) * (this.height - this.#seen);
  }

  /**
   * Where the content is after the bar has moved.
   * @param {number} at where the content was @param {number} before where the bar was @param {number} bar where it is
   */
  moved(at, before, bar) {
    if (this.exact) return bar;
    const last = this.height - this.#seen;
    const step = bar - before;
    if (bar > 0 && bar < last - 1 && Math.abs(step) <= 2 * this.#seen) return Math.min(this.#full - this.#seen, Math.max(0, at + step));
    return (Math.min(bar, last) / last) * (this.#full - this.#seen);
  }

  /** Whether the bar is so near an end that it has to be put right. @param {number} at @param {number} bar */
  strays(at, bar) {
    if (this.exact) return false;
    return (bar < this.#seen && at > this.#seen) || (this.height - this.#seen - bar < this.#seen && this.#full - this.#seen - at > this.#seen);
  }
}

/**
 * @template {{ size: number }} T
 */
export class LineIndex {
  /** How many lines there are. */
  total = 0;

  #log;
  #measure;
  /** @type {{ from: number, counts: number[], total: number }[]} from: the first row's number; all but the first and the last are full */
  #chunks = [];
  #next; // number of the first row that has not been measured
  #changed; // how many of the log's changes were measured again

  /**
   * @param {import("./rowlog.js").RowLog<T>} log
   * @param {(row: T | undefined, size: number) => number | undefined} measure lines that a row takes, which for
   *   one that is not in memory is a guess; 0 hides it, undefined leaves it and those after it for a later update
   */
  constructor(log, measure) {
    this.#log = log;
    this.#measure = measure;
    this.#next = log.first;
    this.#changed = log.changed.length;
  }

  /**
   * Takes in what the log has published. Returns by how many lines what stands at a
   * line has moved up: lines before it have left, or have become fewer.
   * @param {number} [at]
   */
  update(at = 0) {
    const { first, end } = this.#log;
    let left = 0;
    while (this.#chunks.length && this.#chunks[0].from < first) {
      const chunk = this.#chunks[0];
      const gone = chunk.counts.splice(0, first - chunk.from);
      const lines = gone.reduce((sum, n) => sum + n, 0);
      chunk.from += gone.length;
      chunk.total -= lines;
      left += lines;
      if (chunk.counts.length) break;
      this.#chunks.shift();
    }
    this.total -= left;
    for (; this.#changed < this.#log.changed.length; this.#changed++) {
      const fewer = this.#again(this.#log.changed[this.#changed], at - left);
      if (fewer === undefined) break;
      left += fewer;
    }
    let i = Math.max(this.#next, first);
    for (let last = this.#chunks.at(-1); i < end; i++) {
      const lines = this.#measure(this.#log.row(i), this.#log.sizeOf(i));
      if (lines === undefined) break;
      if (!last || last.counts.length >= rowsInChunk) this.#chunks.push((last = { from: i, counts: [], total: 0 }));
      last.counts.push(lines);
      last.total += lines;
      this.total += lines;
    }
    this.#next = i;
    return left;
  }

  // The chunk that has a row which was measured.
  /** @param {number} number */
  #chunkOf(number) {
    const { from, counts } = this.#chunks[0];
    const k = number - from < counts.length ? 0 : 1 + Math.floor((number - from - counts.length) / rowsInChunk);
    return this.#chunks[k];
  }

  /**
   * Measures rows again that are others now. Returns how many lines fewer there are
   * before a line; undefined leaves them for a later update.
   * @param {[number, number]} rows @param {number} at
   */
  #again([from, to], at) {
    const first = Math.max(from, this.#chunks[0]?.from ?? Infinity);
    const last = Math.min(to, this.#next);
    if (first >= last) return 0; // not measured yet, or gone
    let [line, fewer] = [this.of(first).at, 0];
    for (let i = first; i < last; i++) {
      const lines = this.#measure(this.#log.row(i), this.#log.sizeOf(i));
      if (lines === undefined) return undefined;
      const chunk = this.#chunkOf(i);
      const before = chunk.counts[i - chunk.from];
      const more = lines - before;
      if (line + before <= at) fewer -= more;
      line += before;
      chunk.counts[i - chunk.from] = lines;
      chunk.total += more;
      this.total += more;
    }
    return fewer;
  }

  /** Whether rows wait for measure to know them. */
  get waiting() {
    return this.#next < this.#log.end;
  }

  /**
   * The rows that stand in lines from..to (to not included): each with the first
   * of its lines in sight and the one after the last.
   * @param {number} from @param {number} to
   */
  *between(from, to) {
    let line = 0;
    for (const chunk of this.#chunks) {
      if (line >= to) return;
      if (line + chunk.total <= from) {
        line += chunk.total;
        continue;
      }
      for (let i = 0; i < chunk.counts.length && line < to; i++) {
        const count = chunk.counts[i];
        if (count > 0 && line + count > from) {
          yield { number: chunk.from + i, at: line, begin: Math.max(0, from - line), end: Math.min(count, to - line), count };
        }
        line += count;
      }
    }
  }

  /** The first line of a row, and how many it has. @param {number} number of a row */
  of(number) {
    let line = 0;
    for (const chunk of this.#chunks) {
      const index = number - chunk.from;
      if (index < chunk.counts.length) {
        for (let i = 0; i < index; i++) line += chunk.counts[i];
        return { at: line, count: index >= 0 ? chunk.counts[index] : 0 };
      }
      line += chunk.total;
    }
    return { at: this.total, count: 0 };
  }

  /**
   * The next row that shows, from a row's number up (step 1) or down (step -1),
   * that number included; -1 when there is none.
   * @param {number} number @param {1 | -1} step
   */
  visible(number, step) {
    for (let i = number; i >= this.#log.first && i < this.#next; i += step) {
      const { from, counts } = this.#chunkOf(i);
      if (counts[i - from] > 0) return i;
    }
    return -1;
  }
}
