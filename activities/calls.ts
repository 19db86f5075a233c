/** Calls that are due later, in this process: the earliest for each endpoint. Lost with the process, they are made up for by the lanes' own timers. */
export class Calls {
  readonly #due = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  readonly #pausedUntil = new Map<string, number>();

  /** Milliseconds until somebody may be called at the endpoint; 0: now. */
  pausedMs(endpointId: string): number {
    return Math.max(0, (this.#pausedUntil.get(endpointId) ?? 0) - performance.now());
  }

  /** Somebody was called: nobody else for so long. */
  pause(endpointId: string, ms: number): void {
    if (ms === 0) return;
    this.#pausedUntil.set(endpointId, performance.now() + ms);
    setTimeout(() => this.pausedMs(endpointId) === 0 && this.#pausedUntil.delete(endpointId), ms + 1).unref();
  }

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
