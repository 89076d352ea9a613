// Regular expressions, matched by a worker: some take longer than anyone waits,
// and what runs on the page itself cannot be stopped.

const patience = 2000; // milliseconds for one question

/** @typedef {Pick<import("../types").Row, "text" | "bytes">[]} Rows */

/** @type {Promise<Worker> | null} */
let worker = null;
/** @type {Promise<any>} */
let last = Promise.resolve();

/**
 * The places of a pattern in each of some rows, as placesIn finds them; rejects
 * in words when that takes too long. One question after the other.
 * @param {Rows} rows @param {RegExp} pattern
 * @returns {Promise<import("./search.js").Place[][]>}
 */
export function placesInAll(rows, pattern) {
  const answer = last.then(() => ask(rows, pattern));
  last = answer.catch(() => {});
  return answer;
}

/** @param {Rows} rows @param {RegExp} pattern @returns {Promise<import("./search.js").Place[][]>} */
async function ask(rows, pattern) {
  worker ??= started();
  const asked = await worker;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      asked.terminate();
      worker = null;
      reject(new Error("This regular expression takes too long here. Make it simpler."));
    }, patience);
    asked.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data);
    };
    asked.postMessage({ rows, pattern });
  });
}

// A worker that has said that it is there: until then its time does not count.
/** @returns {Promise<Worker>} */
function started() {
  return new Promise((resolve, reject) => {
    const made = new Worker(new URL("./regexps.worker.js", import.meta.url), { type: "module" });
    made.onmessage = () => resolve(made);
    made.onerror = () => {
      worker = null;
      reject(new Error("This part of the page could not be loaded. Is the workbench still running? Then reload the page."));
    };
  });
}
