import { setTimeout as wait } from 'node:timers/promises';
import type { Position } from '../src/db/page.ts';
import type { Recovery, RecoveringDelivery } from '../src/db/recovery.ts';
import type { RecoveryFilter } from '../src/db/recovery-scope.ts';

export interface RecoveryDeps {
  recovery: Recovery;
}

/** A job to be taken up, with all that creates it where the process that was asked died before it did. */
export interface RecoveryInput {
  jobId: string;
  endpointId: string;
  asked: RecoveryFilter & { organizationId: string };
}

/** Deliveries that one statement takes up, and how long one activity goes on (milliseconds). */
const takenUpAtOnce = 1_000;
const turnMs = 10_000;

/** Steps of a recovery job, each safe to repeat. */
export const recoveryActivities = ({ recovery }: RecoveryDeps) => ({
  /** Takes up what it can in some seconds; `more`: to be called again. */
  async takeUpRecovery({ jobId, endpointId, asked }: RecoveryInput): Promise<'taken_up' | 'more' | 'refused'> {
    if (!(await recovery.ensure({ id: jobId, endpointId, ...asked }))) return 'refused';
    const endsAt = performance.now() + turnMs;
    for (let after: Position | null = null; performance.now() < endsAt; ) {
      const startedAt = performance.now();
      after = await recovery.takeUp(jobId, after, takenUpAtOnce);
      if (after === null) return 'taken_up';
      // As long as the work took: others need the database too.
      await wait(performance.now() - startedAt);
    }
    return 'more';
  },
  recoverySubjects: ({ jobId, after, limit }: { jobId: string; after: string; limit: number }): Promise<string[]> =>
    recovery.subjects(jobId, after, limit),
  recoveryDeliveries: ({ jobId, subject }: { jobId: string; subject: string }): Promise<RecoveringDelivery[]> =>
    recovery.unsettledOf(jobId, subject),
  /** The first subject of a job, from `from` on, with something unsettled; null: all of it is settled. */
  firstUnsettled: ({ jobId, from }: { jobId: string; from: string }): Promise<string | null> =>
    recovery.firstUnsettled(jobId, from),
  finishRecovery: ({ jobId }: { jobId: string }): Promise<void> => recovery.finish(jobId),
});

export type RecoveryActivities = ReturnType<typeof recoveryActivities>;
