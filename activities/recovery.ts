import type { NewRecoveryJob, Recovery, RecoveringDelivery } from '../src/db/recovery.ts';

export interface RecoveryParts {
  recovery: Recovery;
}

/** A job to be taken up, with all that creates it when whoever asked for it died before that. */
export interface RecoveryInput {
  jobId: string;
  endpointId: string;
  asked: RecoveryRequest;
}

export interface RecoveryRequest {
  organizationId: string;
  /** ISO 8601. */
  since: string;
  until: string;
}

/** Steps of a recovery job, each safe to repeat. */
export const recoveryActivities = ({ recovery }: RecoveryParts) => ({
  async takeUpRecovery({ jobId, endpointId, asked }: RecoveryInput): Promise<'taken_up' | 'refused'> {
    if (!(await recovery.ensure(jobOf(jobId, endpointId, asked)))) return 'refused';
    await recovery.takeUp(jobId);
    return 'taken_up';
  },
  recoverySubjects: ({ jobId, after, limit }: { jobId: string; after: number; limit: number }): Promise<string[]> =>
    recovery.subjects(jobId, after, limit),
  recoveryDeliveries: ({ jobId, subject }: { jobId: string; subject: string }): Promise<RecoveringDelivery[]> =>
    recovery.unsettledOf(jobId, subject),
  finishRecovery: ({ jobId }: { jobId: string }): Promise<boolean> => recovery.finish(jobId),
});

const jobOf = (id: string, endpointId: string, { organizationId, since, until }: RecoveryRequest): NewRecoveryJob => ({
  id,
  endpointId,
  organizationId,
  since: new Date(since),
  until: new Date(until),
});

export type RecoveryActivities = ReturnType<typeof recoveryActivities>;
