import { setTimeout as wait } from 'node:timers/promises';
import type { DeliveryReport } from '../domain/lanes.ts';

/**
 * What this process has under way, so that no delivery is sent
 * twice at a time and nothing is lost when the process ends.
 */
export class InFlight {
  readonly #attempts = new Map<string, Promise<DeliveryReport>>();
  readonly #followed = new Set<Promise<unknown>>();
  #isStopping = false;

  /** This process is about to end: it finishes what it has, and claims nothing more. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Begins an attempt of a delivery, unless one is under way: then its report is given. */
  start(deliveryId: string, attempt: () => Promise<DeliveryReport>): Promise<DeliveryReport> {
    const current = this.#attempts.get(deliveryId);
    if (current !== undefined) return current;
    const report = attempt().finally(() => this.#attempts.delete(deliveryId));
    // It may have no caller left: a failure is for the next one that asks, not for the process.
    report.catch(() => {});
    this.#attempts.set(deliveryId, report);
    return report;
  }

  /** Work that no caller waits for, and that this process does not end before; it does not throw. */
  follow(work: Promise<unknown>): void {
    this.#followed.add(work);
    void work.finally(() => this.#followed.delete(work)).catch(() => {});
  }

  /** Resolves when the attempts under way have come to their end, and what follows them, or after `ms`. */
  async stop(ms: number): Promise<void> {
    this.#isStopping = true;
    const giveUpAt = performance.now() + ms;
    while (this.#attempts.size + this.#followed.size > 0 && performance.now() < giveUpAt) await wait(20);
  }
}
