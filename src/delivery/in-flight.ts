import { setTimeout as wait } from 'node:timers/promises';
import type { DeliveryReport } from '../domain/lanes.ts';

/** An attempt under way in this process. */
export interface Running {
  report: Promise<DeliveryReport>;
  /** Resolves when it is being sent; never, when nothing is. */
  sending: Promise<void>;
}

/**
 * The attempts under way in this process, by delivery: a caller that comes for the same delivery waits for the one that is on
 * its way instead of sending again.
 */
export class InFlight {
  readonly #running = new Map<string, Running>();
  readonly #followed = new Set<Promise<unknown>>();
  #isStopping = false;

  /** This process is about to end, and begins nothing of its own accord. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  get size(): number {
    return this.#running.size;
  }

  get(deliveryId: string): Running | undefined {
    return this.#running.get(deliveryId);
  }

  /** @param attempt is given what to call when it begins to send */
  start(deliveryId: string, attempt: (onSending: () => void) => Promise<DeliveryReport>): Running {
    const current = this.#running.get(deliveryId);
    if (current !== undefined) return current;
    let onSending = (): void => {};
    const sending = new Promise<void>((resolve) => {
      onSending = resolve;
    });
    const report = attempt(onSending).finally(() => this.#running.delete(deliveryId));
    // It may have no caller left: a failure is for the next one that asks, not for the process.
    report.catch(() => {});
    const running: Running = { report, sending };
    this.#running.set(deliveryId, running);
    return running;
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
    while (this.#running.size + this.#followed.size > 0 && performance.now() < giveUpAt) await wait(20);
  }
}
