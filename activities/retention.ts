import { setTimeout as wait } from 'node:timers/promises';
import type { Gauge } from 'prom-client';
import type { Retention } from '../src/db/retention.ts';
import type { Position } from '../src/db/page.ts';
import type { Log } from '../src/log.ts';

export interface RetentionDeps {
  retention: Retention;
  retentionDays: number;
  /** Hears what each batch removed, by kind of row. */
  countRemoved: (rows: RemovedRows) => void;
  retentionLastRun: Pick<Gauge, 'setToCurrentTime'>;
  log: Pick<Log, 'info'>;
}

export interface RemovedRows {
  deliveries: number;
  attempts: number;
  bodies: number;
  receipts: number;
  jobs: number;
  audit: number;
}

/**
 * Where retention stands: the endpoint it is at, or was at last.
 * Plain data, so that a fresh run of the workflow goes on.
 */
export interface RetentionPosition {
  endpointId: string;
  /** Null: the endpoint is done. */
  after: Position | null;
}

export interface RetentionTurn {
  /** Null when every endpoint was looked at. */
  position: RetentionPosition | null;
  removed: RemovedRows;
}

/** Rows a statement looks at: some tens of milliseconds of work. */
const batchSize = 1_000;
const endpointsAtOnce = 200;
/** How long one activity goes on (milliseconds): its position is kept by the workflow then. */
const turnMs = 15_000;
const dayMs = 86_400_000;

export const nothingRemoved: RemovedRows = { deliveries: 0, attempts: 0, bodies: 0, receipts: 0, jobs: 0, audit: 0 };

/** Steps of retention, each safe to repeat (spec section 8, RETENTION_DAYS). */
export const retentionActivities = ({
  retention,
  retentionDays,
  countRemoved,
  retentionLastRun,
  log,
}: RetentionDeps) => {
  const cutoff = (now: number): Date => new Date(now - retentionDays * dayMs);
  /**
   * Gives its result, after a rest as long as the work took:
   * at most half of one connection, however much there is to remove.
   */
  const unhurried = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const startedAt = performance.now();
    const result = await work();
    await wait(performance.now() - startedAt);
    return result;
  };

  return {
    /**
     * Removes settled deliveries with their attempts and bodies, endpoint by endpoint, for some seconds.
     * @param now the workflow's time, epoch milliseconds: ages count back from it
     */
    async removeDeliveries({
      now,
      position,
    }: {
      now: number;
      position: RetentionPosition | null;
    }): Promise<RetentionTurn> {
      const before = cutoff(now);
      const endsAt = performance.now() + turnMs;
      const removed = { ...nothingRemoved };

      /** Goes on with one endpoint until it is done or the turn is over. */
      async function clean({ endpointId, after: from }: RetentionPosition): Promise<RetentionPosition> {
        for (let after = from; ; ) {
          const batch = await unhurried(() => retention.removeDeliveries(endpointId, before, after, batchSize));
          removed.deliveries += batch.removed.deliveries;
          removed.attempts += batch.removed.attempts;
          removed.bodies += batch.removed.bodies;
          countRemoved({ ...nothingRemoved, ...batch.removed });
          after = batch.next;
          if (after === null || performance.now() > endsAt) return { endpointId, after };
        }
      }

      let at = position !== null && position.after !== null ? await clean(position) : position;
      while (performance.now() <= endsAt) {
        const endpoints = await retention.endpoints(at?.endpointId ?? null, endpointsAtOnce);
        if (endpoints.length === 0) return { position: null, removed };
        for (const endpointId of endpoints) {
          at = await clean({ endpointId, after: null });
          if (performance.now() > endsAt) break;
        }
      }
      return { position: at, removed };
    },

    /**
     * Removes receipts of mails, finished recoveries and rows of the audit log:
     * a batch of each. `isDone`: there was no more than that.
     */
    async removeRecords({ now }: { now: number }): Promise<{ isDone: boolean; removed: RemovedRows }> {
      const before = cutoff(now);
      const receipts = await unhurried(() => retention.removeReceipts(before, batchSize));
      const jobs = await unhurried(() => retention.removeJobs(before, batchSize));
      const audit = await unhurried(() => retention.removeAudit(before, batchSize));
      const removed = { ...nothingRemoved, receipts, jobs, audit };
      countRemoved(removed);
      return { isDone: Math.max(receipts, jobs, audit) < batchSize, removed };
    },

    /** Says that a run is over: one line a day, and the time that an alert looks at. */
    async reportRetention({ now, removed }: { now: number; removed: RemovedRows }): Promise<void> {
      log.info({ removed, before: cutoff(now).toISOString() }, 'retention done');
      retentionLastRun.setToCurrentTime();
    },
  };
};

export type RetentionActivities = ReturnType<typeof retentionActivities>;
