import type { Recovery, RecoveringDelivery } from '../src/db/recovery.ts';

export interface RecoveryParts {
  recovery: Recovery;
}

/** Steps of a recovery job, each safe to repeat. */
export const recoveryActivities = ({ recovery }: RecoveryParts) => ({
  takeUpRecovery: ({ jobId }: { jobId: string }): Promise<void> => recovery.takeUp(jobId),
  recoverySubjects: ({ jobId, after, limit }: { jobId: string; after: number; limit: number }): Promise<string[]> =>
    recovery.subjects(jobId, after, limit),
  recoveryDeliveries: ({ jobId, subject }: { jobId: string; subject: string }): Promise<RecoveringDelivery[]> =>
    recovery.unsettledOf(jobId, subject),
  finishRecovery: ({ jobId }: { jobId: string }): Promise<boolean> => recovery.finish(jobId),
});

export type RecoveryActivities = ReturnType<typeof recoveryActivities>;
