import type { OutboxCounts } from '../db/outbox.ts';
import type { OutboxMetrics } from './metrics.ts';

export interface RelayHealth {
  /** False while a dependency is away. Rows that fail by themselves do not make it so: `stuck`, `dead_letters`. */
  ok: boolean;
  /** What is away, in words; null when nothing is. */
  reason: string | null;
  /**
   * Rows not relayed yet, exact up to 100,000; as of the last look,
   * a few seconds ago at most unless the outbox is away.
   */
  pending: number;
  oldest_pending_seconds: number;
  /** Rows that failed and hold back their lead or widget. */
  stuck: number;
  /** Dead letters not replayed. */
  dead_letters: number;
}

/** What the relay knows of itself, for health checks and metrics. */
export class RelayState {
  readonly #troubles = new Map<string, string>([['relay', 'starting']]);
  readonly #metrics: OutboxMetrics;
  #counts: OutboxCounts = { pending: 0, oldestPendingSeconds: 0, stuck: 0, deadLetters: 0 };

  constructor(metrics: OutboxMetrics) {
    this.#metrics = metrics;
  }

  /** Null: the dependency is well. */
  set(dependency: string, trouble: string | null): void {
    if (trouble === null) this.#troubles.delete(dependency);
    else this.#troubles.set(dependency, trouble);
    this.#metrics.up.set(this.#troubles.size === 0 ? 1 : 0);
  }

  count(counts: OutboxCounts): void {
    this.#counts = counts;
    this.#metrics.pending.set(counts.pending);
    this.#metrics.oldestPendingSeconds.set(counts.oldestPendingSeconds);
    this.#metrics.stuck.set(counts.stuck);
    this.#metrics.deadLetters.set(counts.deadLetters);
  }

  health(): RelayHealth {
    const { pending, oldestPendingSeconds, stuck, deadLetters } = this.#counts;
    const reasons = [...this.#troubles].map(([dependency, trouble]) => `${dependency}: ${trouble}`);
    return {
      ok: reasons.length === 0,
      reason: reasons.length === 0 ? null : reasons.join('; '),
      pending,
      oldest_pending_seconds: oldestPendingSeconds,
      stuck,
      dead_letters: deadLetters,
    };
  }
}
