import { shownNextAttemptAt, shownReason, shownStatus } from '../../src/db/shown-status.ts';
import type { Deps } from '../../src/deps.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import { eventually } from './eventually.ts';
import type { LeadEvents } from './lead-events.ts';

type Lead = Pick<LeadEvents, 'organizationId' | 'leadId'>;

export interface StepRow {
  id: string;
  name: string;
  outcome: string;
}

export interface DeliveryRow {
  id: string;
  endpoint_id: string;
  event_id: string;
  event: string;
  sequence: number;
  status: string;
  reason: string | null;
  attempt: number;
  next_attempt_at: Date | null;
  delivered_at: Date | null;
}

export interface AttemptRow {
  id: string;
  number: number;
  started_at: Date;
  duration_ms: number;
  status_code: number | null;
  error_class: string | null;
  error: string | null;
  response_body: string | null;
}

/** What the ledger says became of each inbound event of a lead or widget, in the order in which they were applied. */
export const stepsOf = ({ db }: Deps, subject: string): Promise<StepRow[]> =>
  db.query<StepRow & Record<string, unknown>>(
    'select id, name, outcome from inbound_events where subject = $1 order by received_at, occurred_at',
    [subject],
  );

/** A lead's deliveries as they read, by endpoint and sequence. */
export const deliveriesOf = ({ db }: Deps, { organizationId, leadId }: Lead): Promise<DeliveryRow[]> =>
  db.query<DeliveryRow & Record<string, unknown>>(
    `select d.id, d.endpoint_id, d.event_id, d.event, d.sequence, ${shownStatus} as status, ${shownReason} as reason, d.attempt,
            ${shownNextAttemptAt} as next_attempt_at, d.delivered_at
       from deliveries d join endpoints p on p.id = d.endpoint_id where d.subject = $1 order by d.endpoint_id, d.sequence`,
    [leadSubject(organizationId, leadId)],
  );

export const attemptsOf = ({ db }: Deps, deliveryId: string): Promise<AttemptRow[]> =>
  db.query<AttemptRow & Record<string, unknown>>(
    `select id, number, started_at, duration_ms, status_code, error_class, error, response_body
       from attempts where delivery_id = $1 order by number`,
    [deliveryId],
  );

export const stageOf = async ({ db }: Deps, { organizationId, leadId }: Lead): Promise<string | undefined> => {
  const [row] = await db.query<{ stage: string }>('select stage from leads where subject = $1', [
    leadSubject(organizationId, leadId),
  ]);
  return row?.stage;
};

/**
 * Waits until `count` of a lead's inbound events are applied, whatever became of them, and nothing of it is unsettled.
 */
export async function settled(deps: Deps, lead: Lead, count: number): Promise<StepRow[]> {
  return eventually(async () => {
    const steps = await stepsOf(deps, leadSubject(lead.organizationId, lead.leadId));
    const applied = steps.filter(({ outcome }) => outcome !== 'accepted');
    if (applied.length < count) throw new Error(`${applied.length} of ${count} steps are applied`);
    const open = (await deliveriesOf(deps, lead)).filter(({ status }) => !['delivered', 'abandoned'].includes(status));
    if (open.length > 0) throw new Error(`${open.length} deliveries are not settled`);
    return applied;
  });
}
