/** Calls that are due later, in this process: the earliest for each endpoint. Lost with the process, they are made up for by the lanes' own timers. */
export class Calls {
  readonly #due = new Map<string, { at: number; timer: NodeJS.Timeout }>();

  in(endpointId: string, ms: number, call: () => void): void {
    const at = performance.now() + ms;
    const other = this.#due.get(endpointId);
    if (other !== undefined && other.at <= at) return;
    clearTimeout(other?.timer);
    const timer = setTimeout(() => {
      this.#due.delete(endpointId);
      call();
    }, ms).unref();
    this.#due.set(endpointId, { at, timer });
  }
}
