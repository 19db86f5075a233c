import { sleep } from '@temporalio/workflow';

const alarmSummary = 'wakes the lead when a wait ends: address grace, enrichment deadline, idleness';

/**
 * Wakes the main loop at a time. A running timer that fires no later than asked is kept, and the loop asks again when it
 * fires: a step then costs no timer to cancel and none to start.
 */
export class Alarm {
  #firesAt = Number.POSITIVE_INFINITY;
  #fired = false;

  /** True once after a timer fired: the loop has to look again. */
  get hasFired(): boolean {
    return this.#fired;
  }

  /** @param at epoch milliseconds of the workflow's clock */
  ensure(at: number): void {
    this.#fired = false;
    if (this.#firesAt <= at) return;
    this.#firesAt = at;
    void sleep(Math.max(1, at - Date.now()), { summary: alarmSummary }).then(() => {
      if (this.#firesAt !== at) return;
      this.#firesAt = Number.POSITIVE_INFINITY;
      this.#fired = true;
    });
  }
}
