import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface OutboxMetrics {
  /** Rows by what became of them: signalled, duplicate, dead_letter, failed. */
  rows: Counter<'outcome'>;
  /** From the insert to the durable signal, by the clock of the backend's database. */
  relaySeconds: Histogram;
  pending: Gauge;
  oldestPendingSeconds: Gauge;
  stuck: Gauge;
  deadLetters: Gauge;
  /** 1 when the relay works, 0 when a dependency is away. */
  up: Gauge;
}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600, 3_600];

/** The relay's metrics in `registry`, made when they are not there yet: a process may run several relays. */
export function outboxMetrics(registry: Registry): OutboxMetrics {
  const gauge = (name: string, help: string): Gauge =>
    (registry.getSingleMetric(name) as Gauge | undefined) ?? new Gauge({ name, help, registers: [registry] });
  return {
    rows:
      (registry.getSingleMetric('spark360_outbox_rows_total') as Counter<'outcome'> | undefined) ??
      new Counter({
        name: 'spark360_outbox_rows_total',
        help: 'Outbox rows by what became of them',
        labelNames: ['outcome'],
        registers: [registry],
      }),
    relaySeconds:
      (registry.getSingleMetric('spark360_outbox_relay_seconds') as Histogram | undefined) ??
      new Histogram({
        name: 'spark360_outbox_relay_seconds',
        help: 'From the insert of an outbox row to its durable signal',
        buckets,
        registers: [registry],
      }),
    pending: gauge('spark360_outbox_pending', 'Outbox rows not relayed yet, counted up to 100,000'),
    oldestPendingSeconds: gauge(
      'spark360_outbox_oldest_pending_seconds',
      'Age of the oldest outbox row not relayed yet',
    ),
    stuck: gauge('spark360_outbox_stuck_rows', 'Outbox rows that failed and hold back their lead or widget'),
    deadLetters: gauge('spark360_outbox_dead_letters', 'Dead letters of the outbox that were not replayed'),
    up: gauge('spark360_outbox_relay_up', '1 when the relay works, 0 when a dependency is away'),
  };
}
