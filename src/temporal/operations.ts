import { randomUUID } from 'node:crypto';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { EndpointRun } from '../../workflows/endpoint.ts';
import { completeEnrichmentUpdate, eraseSignal, removeSignal, resumeSignal } from '../../workflows/messages.ts';
import type { RecoveryJobRun } from '../../workflows/recovery.ts';
import type { ResendRun } from '../../workflows/resend.ts';
import type { EraseInput } from '../../activities/erase.ts';
import type { EndpointStatus } from '../db/endpoint-status.ts';
import type { Erasure } from '../db/erasure.ts';
import type { ManualDelivery } from '../db/manual-delivery.ts';
import type { Outbox } from '../db/outbox.ts';
import type { Recovery } from '../db/recovery.ts';
import type { PausedReason } from '../domain/failing-policy.ts';
import type { Wake } from '../domain/wake.ts';
import { endpointWorkflowId, eraseWorkflowId, leadSubject, recoveryJobWorkflowId } from '../domain/ids.ts';
import type { Histories } from './histories.ts';

/** A call is refused rather than retried when its caller has given up (milliseconds). */
const callDeadlineMs = 5_000;

export interface OperationsParts {
  temporal: Client;
  taskQueue: string;
  endpointStatus: EndpointStatus;
  manualDelivery: ManualDelivery;
  recovery: Recovery;
  erasure: Erasure;
  /** Tells the workflow of a delivery that it is to be skipped. */
  requestSkip: (wake: Wake, deliveryId: string) => Promise<void>;
  histories: Pick<Histories, 'has'>;
  outbox: Pick<Outbox, 'knowsLead'>;
}

export interface RecoverRequest {
  organizationId: string;
  endpointId: string;
  since: Date;
  until: Date;
}

export type Released =
  | { kind: 'released' }
  | { kind: 'blocked'; missing: string[] }
  | { kind: 'already_enriched' }
  | { kind: 'unknown' };

/**
 * What an operator or a partner does to endpoints, deliveries and leads. Each first makes its intent durable in Temporal and
 * then acts, so that the caller sees the effect at once; the workflow does the same again, which changes nothing, or for the
 * first time when this process dies in between.
 */
export const operations = (parts: OperationsParts) => {
  const { temporal, taskQueue, endpointStatus, manualDelivery, recovery, erasure, histories, outbox } = parts;
  const inTime = <Result>(work: () => Promise<Result>): Promise<Result> =>
    temporal.connection.withDeadline(Date.now() + callDeadlineMs, work);
  const toEndpoint = (endpointId: string) => ({
    workflowId: endpointWorkflowId(endpointId),
    taskQueue,
    args: [{ endpointId }] as [EndpointRun],
  });

  /** Starts a recovery, unless it runs already. */
  const startRecovery = (run: RecoveryJobRun) =>
    temporal.workflow.start('recoveryJob', {
      workflowId: recoveryJobWorkflowId(run.endpointId, run.jobId),
      taskQueue,
      args: [run],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    });

  return {
    /** Nothing is sent from here on, and nothing lost; a paused endpoint stays as it is (spec section 5). */
    pause: (endpointId: string, reason?: PausedReason): Promise<void> => endpointStatus.pause(endpointId, reason),

    /** One held delivery goes first; when it succeeds, the rest at a bounded rate. False: the endpoint is not paused. */
    async resume(endpointId: string): Promise<boolean> {
      const pauseVersion = await endpointStatus.pauseVersion(endpointId);
      if (pauseVersion === null) return false;
      await inTime(() =>
        temporal.workflow.signalWithStart('endpoint', {
          ...toEndpoint(endpointId),
          signal: resumeSignal,
          signalArgs: [{ pauseVersion }],
        }),
      );
      await endpointStatus.resume(endpointId, pauseVersion);
      return true;
    },

    /** Deletes an endpoint, abandons what is unsettled there, and wakes the lanes that sleep on it (spec section 4). */
    async remove(endpointId: string): Promise<void> {
      await inTime(() =>
        temporal.workflow.signalWithStart('endpoint', {
          ...toEndpoint(endpointId),
          signal: removeSignal,
          signalArgs: [],
        }),
      );
      await endpointStatus.remove(endpointId);
    },

    /** Abandons an unsettled delivery as `skipped`, and lets what waits behind it go on. False: it is settled. */
    async skip(deliveryId: string): Promise<boolean> {
      const worked = await manualDelivery.workflowOf(deliveryId);
      if (worked === null) return false;
      await parts.requestSkip(worked, deliveryId);
      return manualDelivery.skip(deliveryId);
    },

    /** One more attempt at a settled delivery. False: it is unsettled, erased, or one is under way. */
    async resend(deliveryId: string): Promise<boolean> {
      const number = await manualDelivery.resendNumber(deliveryId);
      if (number === null) return false;
      const run: ResendRun = { deliveryId, number };
      try {
        await inTime(() =>
          temporal.workflow.start('resend', { workflowId: `resend/${deliveryId}`, taskQueue, args: [run] }),
        );
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    },

    /** Recovers what was abandoned in a range of time. Null: a recovery of this endpoint is running already. */
    async recover({
      organizationId,
      endpointId,
      since,
      until,
    }: RecoverRequest): Promise<{ count: number; jobId: string } | null> {
      const jobId = randomUUID();
      const count = await recovery.count(endpointId, since, until);
      const asked = { organizationId, since: since.toISOString(), until: until.toISOString() };
      const created = await recovery.create({ id: jobId, organizationId, endpointId, since, until }, () =>
        inTime(() => startRecovery({ jobId, endpointId, asked })),
      );
      return created === null ? null : { count, jobId };
    },

    /**
     * Erases a lead's personal data: its rows at once, the histories of its runs and its outbox rows soon (spec section 5).
     * False: neither ledger nor history nor outbox has heard of it.
     */
    async erase(organizationId: string, leadId: string): Promise<boolean> {
      const subject = leadSubject(organizationId, leadId);
      const isKnown =
        (await erasure.isKnown(subject)) ||
        (await inTime(() => histories.has(subject))) ||
        (await outbox.knowsLead(subject, leadId));
      if (!isKnown) return false;
      const lead: EraseInput = { organizationId, leadId };
      await inTime(() =>
        temporal.workflow.signalWithStart('eraseLead', {
          workflowId: eraseWorkflowId(organizationId, leadId),
          taskQueue,
          args: [lead],
          signal: eraseSignal,
          signalArgs: [],
        }),
      );
      await erasure.erase(lead);
      return true;
    },

    /** Completes a lead's enrichment with what is known (spec section 1). */
    async completeEnrichment(organizationId: string, leadId: string): Promise<Released> {
      try {
        const handle = temporal.workflow.getHandle(leadSubject(organizationId, leadId));
        await inTime(() => handle.executeUpdate(completeEnrichmentUpdate));
        return { kind: 'released' };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { kind: 'unknown' };
        const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
        if (!(cause instanceof ApplicationFailure)) throw error;
        if (cause.type === 'AlreadyEnriched') return { kind: 'already_enriched' };
        if (cause.type === 'EnrichmentBlocked') return { kind: 'blocked', missing: (cause.details ?? []).map(String) };
        throw error;
      }
    },
  };
};

export type Operations = ReturnType<typeof operations>;
