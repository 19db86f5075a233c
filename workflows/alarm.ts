import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

const defaultSummary = 'wakes the lead when a wait ends: address grace, enrichment deadline, idleness';

export interface AlarmOptions {
  /** Names the timer in the history. */
  summary?: string | undefined;
  /**
   * It only guards against a signal that is lost: once it is not needed it is cancelled, which costs less than a task.
   */
  isGuard?: boolean;
}

/**
 * Wakes the main loop at a time. A running timer that fires no later than asked is kept, and the loop asks again when
 * it fires: a step then costs no timer to cancel and none to start.
 */
export class Alarm {
  #running: { at: number; isGuard: boolean; scope: CancellationScope } | null = null;
  #fired = false;

  /** True once after a timer fired: the loop has to look again. */
  get hasFired(): boolean {
    return this.#fired;
  }

  /** @param at epoch milliseconds of the workflow's clock; infinity: not until something is told */
  ensure(at: number, { summary = defaultSummary, isGuard = false }: AlarmOptions = {}): void {
    this.#fired = false;
    if (this.#running?.isGuard && this.#running.at !== at) {
      this.#running.scope.cancel();
      this.#running = null;
    }
    if (at === Number.POSITIVE_INFINITY || (this.#running !== null && this.#running.at <= at)) return;
    const running = { at, isGuard, scope: new CancellationScope() };
    this.#running = running;
    running.scope
      .run(() => sleep(Math.max(1, at - Date.now()), { summary }))
      .then(
        () => this.#fire(running),
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }

  #fire(running: object): void {
    if (this.#running !== running) return;
    this.#running = null;
    this.#fired = true;
  }
}
