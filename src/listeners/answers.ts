import { answersChannel } from '../db/listener-requests.ts';
import type { Notifications } from '../db/notifications.ts';
import { WakeSignal } from '../wake-signal.ts';

/** The attempts of this process that wait for answers of listeners, notified by the database. */
export class Answers {
  readonly #notifications: Notifications;
  readonly #waiting = new Map<string, WakeSignal>();
  #listening: Promise<unknown> | null = null;

  constructor(notifications: Notifications) {
    this.#notifications = notifications;
  }

  /**
   * Runs `work` with a signal that is set when the answer to request `id` may be there. Nothing is missed that comes
   * after `work` has begun.
   */
  async expect<Result>(id: string, work: (signal: WakeSignal) => Promise<Result>): Promise<Result> {
    const signal = new WakeSignal();
    this.#waiting.set(id, signal);
    try {
      await this.#listen();
      return await work(signal);
    } finally {
      this.#waiting.delete(id);
    }
  }

  async #listen(): Promise<void> {
    this.#listening ??= this.#notifications.listen(answersChannel, (payload) => this.#hear(payload));
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = null;
      throw error;
    }
  }

  /** Null: some notifications may have been missed, so everything that waits looks. */
  #hear(payload: string | null): void {
    if (payload !== null) this.#waiting.get(payload)?.set();
    else for (const signal of this.#waiting.values()) signal.set();
  }
}
