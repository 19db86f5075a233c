/** Wakes the one who waits for it. A ring that nobody waits for is kept for the next wait; several are one. */
export class Bell {
  #isRung = false;
  #rings = 0;
  #wake: () => void = () => undefined;

  /** How often it was rung. */
  get rings(): number {
    return this.#rings;
  }

  ring = (): void => {
    this.#rings += 1;
    this.#isRung = true;
    this.#wake();
  };

  /** Resolves at a ring, at the latest after `ms`. */
  async heard(ms: number): Promise<void> {
    if (!this.#isRung) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    this.#isRung = false;
  }
}
