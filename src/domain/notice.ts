import type { AutomaticPause } from './failing-policy.ts';

/**
 * One e-mail to an organization about an endpoint that fails: at most one of each kind per failing
 * episode (spec section 5).
 */
export interface Notice {
  kind: 'warning' | 'paused';
  organizationId: string;
  endpointId: string;
  /** Counts the endpoint's failing episodes: 1, 2, … */
  episode: number;
  /** The delivery and its attempt whose answer the mail shows. */
  deliveryId: string;
  attempt: number;
  /** Of a `paused` notice. */
  pausedReason?: AutomaticPause;
}

/** The mails that a failed attempt calls for (spec section 5). */
export const noticesOf = (
  failure: Omit<Notice, 'kind' | 'pausedReason'>,
  { isWarning, paused }: { isWarning: boolean; paused: AutomaticPause | null },
): Notice[] => [
  ...(isWarning ? [{ ...failure, kind: 'warning' as const }] : []),
  ...(paused !== null ? [{ ...failure, kind: 'paused' as const, pausedReason: paused }] : []),
];

/** "Once per episode" is the uniqueness of this id; it is the id of the mail, too. */
export const noticeWorkflowId = ({
  endpointId,
  episode,
  kind,
}: Pick<Notice, 'endpointId' | 'episode' | 'kind'>): string => `notice/${endpointId}/${episode}/${kind}`;

/** What an organization's digest is started with; times in milliseconds. */
export interface DigestRequest {
  organizationId: string;
  collectMs: number;
  intervalMs: number;
}

/** A lead whose enrichment did not arrive within `ENRICHMENT_DEADLINE` (spec section 1). */
export interface OverdueLead {
  leadId: string;
  /** Since when it waits, epoch milliseconds. */
  waitingSince: number;
}

/** The one workflow that mails an organization about its overdue leads. */
export const digestWorkflowId = (organizationId: string): string => `digest/${organizationId}`;

/** Mails run beside everything else: a dead mail server then holds up nothing but mails. */
export const mailTaskQueue = (taskQueue: string): string => `${taskQueue}-mail`;
