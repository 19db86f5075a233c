import { Gauge, type Registry } from 'prom-client';
import type { Backlog } from '../db/backlog.ts';
import { within } from '../within.ts';
import type { Log } from '../log.ts';

/** An answer of the database serves all scrapes within this time (milliseconds). */
const freshMs = 15_000;
/** Counting takes at most one part in this many of the time. */
const shareOfTime = 200;
/** How long a scrape waits for the database: then it has no such numbers (milliseconds). */
const patienceMs = 1_000;

const statuses = ['pending', 'delivering', 'retrying', 'held'] as const;
const reasons = ['manual', 'failing', 'consecutive_failures', 'gone', 'listener_lost'] as const;

/** One gauge: its value for each of `values`, or one value where it has no label. */
interface BacklogGauge {
  name: string;
  help: string;
  label?: string;
  values?: readonly string[];
  read: (backlog: Backlog, value: string) => number;
}

const gauges: BacklogGauge[] = [
  {
    name: 'spark360_deliveries_unsettled',
    help: 'Deliveries that are not settled, by status; counted up to 100,000 together',
    label: 'status',
    values: statuses,
    read: ({ unsettled }, status) => unsettled[status as keyof typeof unsettled]?.count ?? 0,
  },
  {
    name: 'spark360_oldest_unsettled_seconds',
    help: 'Age of the oldest delivery that is not settled, by status; 0 when there is none',
    label: 'status',
    values: statuses,
    read: ({ unsettled }, status) => unsettled[status as keyof typeof unsettled]?.oldestSeconds ?? 0,
  },
  {
    name: 'spark360_retries_overdue',
    help: 'Retries that were due more than a minute ago',
    read: ({ overdueRetries }) => overdueRetries,
  },
  {
    name: 'spark360_deliveries_ready',
    help: 'Deliveries that wait for the service alone: not behind a retry of their lane, and not held',
    read: ({ readyDeliveries }) => readyDeliveries,
  },
  {
    name: 'spark360_endpoints_saturated',
    help: 'Endpoints whose max_in_flight attempts are all under way',
    read: ({ saturatedEndpoints }) => saturatedEndpoints,
  },
  {
    name: 'spark360_endpoints_paused',
    help: 'Endpoints that are paused, by reason',
    label: 'reason',
    values: reasons,
    read: ({ pausedEndpoints }, reason) => pausedEndpoints[reason as keyof typeof pausedEndpoints] ?? 0,
  },
];

/**
 * Gauges of what waits, read at each scrape. Every process reads the same database, so a dashboard takes their maximum.
 * While it does not answer the gauges are absent: an old number, or 0, would look like good news.
 */
export function observeBacklog(registry: Registry, read: () => Promise<Backlog>, log: Pick<Log, 'debug'>): void {
  const recent = cached(read, log);
  for (const { name, help, label, values = [''], read: pick } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      async collect() {
        const backlog = await recent();
        for (const value of values) {
          const labels: Record<string, string> = label === undefined ? {} : { [label]: value };
          if (backlog === null) this.remove(labels);
          else this.set(labels, pick(backlog, value));
        }
      },
    });
  }
}

/** Gives what was read last, or null while the database does not answer. */
function cached(read: () => Promise<Backlog>, log: Pick<Log, 'debug'>): () => Promise<Backlog | null> {
  let latest: Backlog | null = null;
  let staleAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> = Promise.resolve();
  return async () => {
    const readAt = performance.now();
    if (readAt >= staleAt) {
      staleAt = readAt + freshMs;
      latest = null;
      reading = read().then(
        (backlog) => {
          latest = backlog;
          staleAt = readAt + Math.max(freshMs, (performance.now() - readAt) * shareOfTime);
        },
        (error: unknown) => log.debug({ err: error }, 'no backlog for the metrics'),
      );
    }
    await within(patienceMs, reading, () => undefined);
    return latest;
  };
}
