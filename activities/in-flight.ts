import { randomUUID } from 'node:crypto';
import type { AttemptReport } from './attempt.ts';

/**
 * The attempts under way in this process, by delivery: whoever comes for the same delivery waits for the one that is on its
 * way instead of sending again.
 */
export class InFlight {
  /** Names this process in the rows of the attempts it has under way. */
  readonly owner: string = randomUUID();
  readonly #attempts = new Map<string, Promise<AttemptReport>>();

  start(deliveryId: string, attempt: () => Promise<AttemptReport>): Promise<AttemptReport> {
    const current = this.#attempts.get(deliveryId);
    if (current !== undefined) return current;
    const started = attempt().finally(() => this.#attempts.delete(deliveryId));
    // Handed over and not yet awaited by anybody: a failure is thrown to the activity that comes for it, not at the process.
    started.catch(() => {});
    this.#attempts.set(deliveryId, started);
    return started;
  }

  get(deliveryId: string): Promise<AttemptReport> | undefined {
    return this.#attempts.get(deliveryId);
  }

  get size(): number {
    return this.#attempts.size;
  }
}
