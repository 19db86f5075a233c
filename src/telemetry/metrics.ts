import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What the service counts. One registry per process, made with its other parts; labels are small closed sets, so
 * that no id, URL or personal data can become one. Durations are in seconds, as Prometheus wants them.
 */
export interface Metrics {
  registry: Registry;
  /** Inbound events over HTTP. `outcome`: accepted, duplicate, conflict, invalid, unavailable. */
  inboundEvents: Counter<'outcome'>;
  /** Delivery attempts. `outcome`: delivered, retry, abandoned, held. */
  attempts: Counter<'outcome'>;
  /**
   * Attempts asked for by hand. `outcome`: delivered, abandoned: what a failed one would have been, it changes nothing.
   */
  resends: Counter<'outcome'>;
  /** From the acceptance of the inbound event that made a delivery due to its success, over all attempts. */
  acceptedToDelivered: Histogram;
  /** From there to its first attempt: the engine, and what the delivery waits for (its lane, a slot, a pause). */
  acceptedToFirstAttempt: Histogram;
  /** Mails by recipient. `outcome`: accepted, refused, deferred (tried again). */
  mails: Counter<'outcome'>;
  /** Leads whose enrichment did not arrive within `ENRICHMENT_DEADLINE` (spec section 1). */
  enrichmentOverdue: Counter;
  /** Workflows that were gone while something of theirs was unsettled, and were started anew. */
  takeovers: Counter;
  /** Rows that retention removed. `rows`: deliveries, attempts, bodies, receipts, jobs, audit. */
  retentionRemoved: Counter<'rows'>;
  /** When this process ended a run of retention; absent until then. */
  retentionLastRun: Gauge;
  /** `route` is the pattern, never the path. */
  httpDuration: Histogram<'method' | 'route' | 'status'>;
}

const latencyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const deliveryBuckets = [...latencyBuckets, 600, 3_600, 14_400, 43_200];

/** `process` adds Node's own metrics (memory, event loop, garbage collection): once in a process. */
export function createMetrics({ process = false }: { process?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (process) collectDefaultMetrics({ register: registry });
  const retentionLastRun = new Gauge({
    name: 'spark360_retention_last_run_timestamp_seconds',
    help: 'When this process ended a run of retention',
    registers,
  });
  retentionLastRun.remove(); // 0 would say 1970.
  return {
    registry,
    ...outcomeCounters(registers),
    ...deliveryTimes(registers),
    enrichmentOverdue: new Counter({
      name: 'spark360_enrichment_overdue_total',
      help: 'Leads whose enrichment did not arrive before its deadline',
      registers,
    }),
    takeovers: new Counter({
      name: 'spark360_workflow_takeovers_total',
      help: 'Workflows that were gone while deliveries of theirs were unsettled: a fresh run took them over',
      registers,
    }),
    retentionRemoved: new Counter({
      name: 'spark360_retention_removed_rows_total',
      help: 'Rows removed for being older than RETENTION_DAYS, by kind',
      labelNames: ['rows'],
      registers,
    }),
    retentionLastRun,
    httpDuration: new Histogram({
      name: 'spark360_http_request_duration_seconds',
      help: 'HTTP requests by method, route pattern and status',
      labelNames: ['method', 'route', 'status'],
      buckets: latencyBuckets,
      registers,
    }),
  };
}

const outcomeCounters = (registers: Registry[]) => {
  const counter = (name: string, help: string, outcomes: readonly string[]): Counter<'outcome'> => {
    const made = new Counter({ name, help, labelNames: ['outcome'] as const, registers });
    // From 0 on: a series that begins with its first event has no increase that Prometheus could see.
    for (const outcome of outcomes) made.inc({ outcome }, 0);
    return made;
  };
  return {
    inboundEvents: counter('spark360_inbound_events_total', 'Inbound events by outcome', [
      'accepted',
      'duplicate',
      'conflict',
      'invalid',
      'unavailable',
    ]),
    attempts: counter('spark360_delivery_attempts_total', 'Delivery attempts by outcome', [
      'delivered',
      'retry',
      'abandoned',
      'held',
    ]),
    resends: counter('spark360_resends_total', 'Attempts asked for by hand, by outcome', ['delivered', 'abandoned']),
    mails: counter('spark360_mails_total', 'Mails by recipient and outcome', ['accepted', 'refused', 'deferred']),
  };
};

const deliveryTimes = (registers: Registry[]) => ({
  acceptedToDelivered: new Histogram({
    name: 'spark360_accepted_to_delivered_seconds',
    help: 'From the acceptance of what made a delivery due to its success',
    buckets: deliveryBuckets,
    registers,
  }),
  acceptedToFirstAttempt: new Histogram({
    name: 'spark360_accepted_to_first_attempt_seconds',
    help: 'From the acceptance of what made a delivery due to its first attempt',
    buckets: deliveryBuckets,
    registers,
  }),
});

type RemovedRows = Record<'deliveries' | 'attempts' | 'bodies' | 'receipts' | 'jobs' | 'audit', number>;

/** Adds to the counter what one batch of retention removed. */
export const countRemoved =
  ({ retentionRemoved }: Pick<Metrics, 'retentionRemoved'>) =>
  (removed: RemovedRows): void => {
    for (const [rows, count] of Object.entries(removed)) retentionRemoved.inc({ rows }, count);
  };
