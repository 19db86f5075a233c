import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Counter } from 'prom-client';
import type { FailureRow } from '../src/db/notices.ts';
import {
  digestWorkflowId,
  type DigestRequest,
  type Notice,
  noticeWorkflowId,
  type OverdueLead,
} from '../src/domain/notice.ts';
import { digestMail } from '../src/mail/digest-mail.ts';
import { type EndpointFailure, pausedMail, warningMail } from '../src/mail/endpoint-mails.ts';
import { type SendMailDeps, sendMail } from './send-mail.ts';

export interface NotifyDeps extends SendMailDeps {
  temporal: Client;
  /** The workflows' task queue. */
  taskQueue: string;
  retryScheduleMs: readonly number[];
  publicUrl: string | undefined;
  enrichmentOverdue: Pick<Counter, 'inc'>;
  digestTimes?: DigestTimes;
  /** Whether the present activity runs for the first time; asked of Temporal by default. */
  isFirstTry?: () => boolean;
}

export interface DigestTimes {
  /** What comes within this long after the first lead goes into its mail (milliseconds). */
  collectMs: number;
  /** From one digest of an organization to the next, at least (milliseconds). */
  intervalMs: number;
}

const isFirstTry = (): boolean => Context.current().info.attempt === 1;

/** Spec section 1: at most one an hour per organization. */
const hourly: DigestTimes = { collectMs: 2_000, intervalMs: 3_600_000 };

export interface SendDigestInput {
  /** Of the mail: the same on every repeat. */
  id: string;
  organizationId: string;
  leads: OverdueLead[];
  /** Leads reported beyond those. */
  more: number;
}

const toFailure = ({ endpointId, deliveryId, attempt }: Notice, row: FailureRow): EndpointFailure => ({
  organizationId: row.organization_id,
  endpointId,
  deliveryId,
  attempt,
  url: row.url,
  event: row.event,
  response: row.started_at && {
    startedAt: row.started_at,
    statusCode: row.status_code,
    body: row.response_body,
    error: row.error_class === null ? null : { class: row.error_class, message: row.error ?? 'The attempt failed.' },
  },
});

export const notifyActivities = (deps: NotifyDeps) => ({
  /**
   * Sends the mail of a notice to the organization's `notify` addresses (spec section 5); nothing when there are none,
   * or the endpoint was deleted. Safe to repeat: a recipient gets it once. Throws while one is left.
   */
  async sendNotice(notice: Notice): Promise<void> {
    const row = await deps.notices.failure(notice.endpointId, notice.deliveryId, notice.attempt);
    if (row === null) return;
    const failure = toFailure(notice, row);
    const mail =
      notice.kind === 'warning'
        ? warningMail(failure, deps.retryScheduleMs.at(-1) ?? 0, deps.publicUrl)
        : pausedMail(failure, notice.pausedReason ?? 'failing', deps.publicUrl);
    await sendMail(deps, row.organization_id, noticeWorkflowId(notice), row.notify, mail);
  },

  /**
   * Sends one digest of those of the leads that still wait. `sent` is false without such leads, or without recipients.
   */
  async sendDigest({ id, organizationId, leads, more }: SendDigestInput): Promise<{ sent: boolean }> {
    const waiting = await deps.notices.waitingForEnrichment(
      organizationId,
      leads.map(({ leadId }) => leadId),
    );
    const overdue = leads.filter(({ leadId }) => waiting.has(leadId));
    if (overdue.length > 0) {
      const recipients = await deps.notices.recipients(organizationId);
      await sendMail(deps, organizationId, id, recipients, digestMail(organizationId, overdue, more, deps.publicUrl));
    }
    return { sent: await deps.notices.hasReached(id) };
  },

  /** Whether a digest that was given up on has reached anybody. */
  digestReached: ({ id }: { id: string }): Promise<boolean> => deps.notices.hasReached(id),

  /**
   * Counts a lead whose enrichment is overdue, and hands it to the organization's digest. Safe to repeat: the digest
   * takes a lead once, and only the activity's first try counts.
   */
  async reportOverdue({ organizationId, ...lead }: OverdueLead & { organizationId: string }): Promise<void> {
    if ((deps.isFirstTry ?? isFirstTry)()) deps.enrichmentOverdue.inc();
    const input: DigestRequest = { organizationId, ...(deps.digestTimes ?? hourly) };
    await deps.temporal.workflow.signalWithStart('digest', {
      workflowId: digestWorkflowId(organizationId),
      taskQueue: deps.taskQueue,
      args: [input],
      signal: 'overdue',
      signalArgs: [lead],
    });
  },
});

export type NotifyActivities = ReturnType<typeof notifyActivities>;
