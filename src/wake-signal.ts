/** Wakes the loop that waits for it. Set while nothing waits, it is kept for the next wait; set twice, it is one. */
export class WakeSignal {
  #isSet = false;
  #wake: () => void = () => undefined;

  set = (): void => {
    this.#isSet = true;
    this.#wake();
  };

  /** Resolves when it is set, after `timeoutMs` at the latest. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#isSet) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    this.#isSet = false;
  }
}
