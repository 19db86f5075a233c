import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { AttemptReport } from './attempt.ts';

/**
 * The attempts under way in this process, by delivery: whoever comes for the same delivery waits for the one that is on its
 * way instead of sending again.
 */
export class InFlight {
  /** Names this process in the rows of the attempts it has under way. */
  readonly owner: string = randomUUID();
  readonly #attempts = new Map<string, Promise<AttemptReport>>();
  readonly #followed = new Set<Promise<void>>();
  #isStopping = false;

  /** This process is about to end: what it only waits for is for others to wait for. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

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

  /** Work that no activity waits for, and that this process does not end before; it does not throw. */
  follow(work: Promise<void>): void {
    this.#followed.add(work);
    void work.finally(() => this.#followed.delete(work));
  }

  /** Resolves when the attempts under way have come to their end, handed over ones and what followed them included, or after `ms`. */
  async stop(ms: number): Promise<void> {
    this.#isStopping = true;
    const giveUpAt = performance.now() + ms;
    while (this.#attempts.size + this.#followed.size > 0 && performance.now() < giveUpAt) await wait(20);
  }

  get size(): number {
    return this.#attempts.size;
  }
}
