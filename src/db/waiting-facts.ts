import type { PausedReason } from '../domain/failing-policy.ts';
import type { DeliveryStatus } from '../domain/outcome.ts';
import type { WaitingFacts } from '../domain/waiting-for.ts';
import type { Queryable } from './pool.ts';

interface FactsRow {
  id: string;
  status: DeliveryStatus;
  attempt: number;
  attempts_before: number;
  next_attempt_at: Date | null;
  is_queued: boolean;
  earlier_id: string | null;
  earlier_event: string | null;
  earlier_sequence: number | null;
  paused_reason: PausedReason | null;
  resume_phase: 'probe' | 'drain' | null;
  probe_delivery_id: string | null;
  rate_limited_until: Date | null;
}

/**
 * A widget's lane may hold thousands of settled deliveries. An unsettled one is further back only where this
 * many in a row were skipped by hand.
 */
const furthestBack = 100;

/** By primary keys and the lane's unique key: a page of a list costs as many look-ups as it has unsettled rows. */
export const waitingFactsSql = `
  select d.id, d.status, d.attempt, d.attempts_before, d.next_attempt_at, exists (select from endpoint_queue q where q.delivery_id = d.id) as is_queued,
         earlier.id as earlier_id, earlier.event as earlier_event, earlier.sequence as earlier_sequence,
         p.paused_reason, p.resume_phase, p.probe_delivery_id,
         case when p.rate_limit is not null then p.next_send_at end as rate_limited_until
    from deliveries d join endpoints p on p.id = d.endpoint_id
    left join lateral (
      select o.id, o.event, o.sequence from deliveries o
       where o.subject = d.subject and o.endpoint_id = d.endpoint_id
         and o.sequence between d.sequence - ${furthestBack} and d.sequence - 1
         and o.status not in ('delivered', 'abandoned') and o.workflow_id is not distinct from d.workflow_id
       order by o.sequence desc limit 1) earlier on true
   where d.id = any ($1::uuid[]) and p.deleted_at is null and d.status not in ('delivering', 'delivered', 'abandoned')`;

/** What each unsettled delivery waits for, as facts for `waitingFor`; nothing of those under way or settled. */
export async function waitingFacts(db: Queryable, deliveryIds: readonly string[]): Promise<Map<string, WaitingFacts>> {
  if (deliveryIds.length === 0) return new Map();
  const rows = await db.prepared<FactsRow>('waiting-facts', waitingFactsSql, [deliveryIds]);
  return new Map(rows.map((row) => [row.id, toFacts(row)]));
}

const toFacts = (row: FactsRow): WaitingFacts => ({
  deliveryId: row.id,
  status: row.status,
  attempt: row.attempt + 1,
  attemptsBefore: row.attempts_before,
  nextAttemptAt: row.next_attempt_at?.getTime() ?? null,
  isQueued: row.is_queued,
  earlier:
    row.earlier_id === null
      ? null
      : { deliveryId: row.earlier_id, event: row.earlier_event ?? '', sequence: row.earlier_sequence ?? 0 },
  endpoint: {
    pausedReason: row.paused_reason,
    resumePhase: row.resume_phase,
    probeDeliveryId: row.probe_delivery_id,
    rateLimitedUntil: row.rate_limited_until?.getTime() ?? null,
  },
});
