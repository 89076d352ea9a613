// A recording as a feed: what it shows is its entries up to a position.

import { Feed } from "./feed.js";

export class Reel extends Feed {
  #shown = 0; // entries that the lanes have

  /** entries may grow. @param {import("../types").Entry[]} entries @param {number} began in milliseconds since 1970 */
  constructor(entries, began) {
    super();
    this.all = entries;
    this.began = began;
  }

  /** How many entries it shows. */
  get position() {
    return this.#shown;
  }

  /** @param {number} position within its length */
  goTo(position) {
    if (position < this.#shown) {
      this.restart();
      this.#shown = 0;
    }
    if (position > this.#shown) this.take(this.all.slice(this.#shown, position));
    else this.publishSoon();
    this.#shown = position;
  }
}
