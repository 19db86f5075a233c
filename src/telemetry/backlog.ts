import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { Backlog } from '../db/backlog.ts';
import type { Log } from './log.ts';

/** However often it is scraped, the database is asked this seldom (milliseconds), and for one part in so many of the time. */
const freshMs = 15_000;
const shareOfTime = 200;
/** How long a scrape waits for the database: then it has no such numbers (milliseconds). */
const patienceMs = 1_000;

const statuses = ['pending', 'delivering', 'retrying', 'held'] as const;

/**
 * Gauges of what waits, read when somebody scrapes. Every process reads the same database, so a dashboard takes their maximum.
 * While it does not answer the gauges are absent: an old number, or 0, would look like good news.
 */
export function observeBacklog(registry: Registry, read: () => Promise<Backlog>, log: Pick<Log, 'debug'>): void {
  let latest: Backlog | null = null;
  let staleAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> = Promise.resolve();

  const recent = async (): Promise<Backlog | null> => {
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
    await Promise.race([reading, sleep(patienceMs, undefined, { ref: false })]);
    return latest;
  };

  new Gauge({
    name: 'spark360_deliveries_unsettled',
    help: 'Deliveries that are not settled, by status; counted up to 100,000 together',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      const backlog = await recent();
      for (const status of statuses) {
        if (backlog === null) this.remove({ status });
        else this.set({ status }, backlog.unsettled[status] ?? 0);
      }
    },
  });
  new Gauge({
    name: 'spark360_endpoints_paused',
    help: 'Endpoints that are paused, by hand or for failing',
    registers: [registry],
    async collect() {
      const backlog = await recent();
      if (backlog === null) this.remove();
      else this.set(backlog.pausedEndpoints);
    },
  });
}
