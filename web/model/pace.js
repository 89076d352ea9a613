// Says where something is as it moves, not too often, and the last of it always.

export class Pace {
  #send;
  #every;
  #next = /** @type {{ value: any } | null} */ (null); // what is to be said when it may
  #resting = false;

  /**
   * send is told at most once in so many milliseconds, and not before what it promised
   * the last time has come. A promise that is broken counts as kept: the next one tells
   * where it is by then.
   * @param {(value: any) => Promise<void>} send @param {number} every
   */
  constructor(send, every) {
    this.#send = send;
    this.#every = every;
  }

  /** @param {any} value */
  say(value) {
    this.#next = { value };
    if (!this.#resting) this.#go();
  }

  async #go() {
    this.#resting = true;
    while (this.#next) {
      const { value } = this.#next;
      this.#next = null;
      const rest = new Promise((over) => setTimeout(over, this.#every));
      await this.#send(value).catch(() => {});
      await rest;
    }
    this.#resting = false;
  }
}
