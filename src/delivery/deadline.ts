/** A moment until which several wait; it keeps no process alive. */
export class Deadline {
  readonly passed: Promise<void>;
  #isOver = false;
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    let pass = (): void => {};
    this.passed = new Promise((resolve) => {
      pass = resolve;
    });
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      pass();
    }, ms).unref();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
