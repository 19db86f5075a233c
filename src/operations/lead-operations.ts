import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { EraseInput } from '../../activities/erase.ts';
import { completeEnrichmentUpdate, eraseSignal } from '../../workflows/messages.ts';
import type { Erasure } from '../db/erasure.ts';
import type { Outbox } from '../db/outbox.ts';
import { eraseWorkflowId, leadSubject } from '../domain/ids.ts';
import type { Histories } from '../temporal/histories.ts';
import { inTime } from './in-time.ts';

export interface LeadOperationsDeps {
  temporal: Client;
  taskQueue: string;
  erasure: Erasure;
  histories: Pick<Histories, 'has'>;
  outbox: Pick<Outbox, 'knowsLead'>;
}

export type Released =
  | { kind: 'released' }
  | { kind: 'blocked'; missing: string[] }
  | { kind: 'already_enriched' }
  | { kind: 'unknown' };

/** What is done to leads by hand. */
export const leadOperations = ({ temporal, taskQueue, erasure, histories, outbox }: LeadOperationsDeps) => ({
  /**
   * Erases a lead's personal data: its rows at once, the histories of its runs and its outbox rows soon (spec section
   * 5). False: neither ledger nor history nor outbox has heard of it.
   */
  async erase(organizationId: string, leadId: string): Promise<boolean> {
    const subject = leadSubject(organizationId, leadId);
    const isKnown =
      (await erasure.isKnown(subject)) ||
      (await inTime(temporal, () => histories.has(subject))) ||
      (await outbox.knowsLead(subject, leadId));
    if (!isKnown) return false;
    const lead: EraseInput = { organizationId, leadId };
    await inTime(temporal, () =>
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
      await inTime(temporal, () => handle.executeUpdate(completeEnrichmentUpdate));
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
});
