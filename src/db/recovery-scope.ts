import { leadSubject } from '../domain/ids.ts';
import type { AbandonedReason } from '../domain/outcome.ts';

/** A string is ISO 8601. */
type Moment = Date | string;

/** Which abandoned deliveries of an endpoint a recovery takes; what is absent narrows nothing. */
export interface RecoveryFilter {
  /** Abandoned then or later; then or earlier. */
  since?: Moment | undefined;
  until: Moment;
  event?: string | undefined;
  leadId?: string | undefined;
  /** Created then or later; before then. */
  createdSince?: Moment | undefined;
  createdUntil?: Moment | undefined;
}

export interface RecoveryScope extends RecoveryFilter {
  organizationId: string;
  endpointId: string;
}

/** What was deleted, skipped or erased stays abandoned (spec section 5, recover). */
export const recoverableReasons: readonly AbandonedReason[] = ['rejected', 'gone', 'exhausted', 'blocked_address'];

/** SQL: what a scope selects of `deliveries`; adds to `values`. Only what narrows is in it, so that indexes apply. */
export function isInScope(scope: RecoveryScope, values: unknown[]): string {
  const given = (value: unknown): string => `$${values.push(value)}`;
  const { organizationId, endpointId, since, until, event, leadId, createdSince, createdUntil } = scope;
  const conditions = [
    `endpoint_id = ${given(endpointId)} and status = 'abandoned' and reason = any (${given(recoverableReasons)})`,
    `settled_at <= ${given(until)}::timestamptz`,
  ];
  if (since !== undefined) conditions.push(`settled_at >= ${given(since)}::timestamptz`);
  if (event !== undefined) conditions.push(`event = ${given(event)}`);
  if (leadId !== undefined) conditions.push(`subject = ${given(leadSubject(organizationId, leadId))}`);
  if (createdSince !== undefined) conditions.push(`created_at >= ${given(createdSince)}::timestamptz`);
  if (createdUntil !== undefined) conditions.push(`created_at < ${given(createdUntil)}::timestamptz`);
  return conditions.join(' and ');
}
