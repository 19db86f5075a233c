import { shownReason, shownStatus } from '../../src/db/shown-status.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import type { Deps } from '../../src/deps.ts';
import type { ReceivedRequest } from '../support/receiver.ts';

/** What an operator asked for, and when; times are epoch milliseconds. */
export interface Asked {
  at: number;
  /** When it was granted. */
  grantedAt: number;
}

/** One endpoint's life as the driver of a run knows it. */
export interface EndpointLife {
  id: string;
  arrivals: ReceivedRequest[];
  /** From when it was seen paused, by hand or by rule, until its resume was asked for. */
  pauses: { from: number; until: number }[];
  removed: Asked | null;
  /** Which secrets sign from when on, in order. */
  signing: { from: number; secrets: string[] }[];
  isFirst: boolean;
}

export interface DeliveryFact {
  id: string;
  endpointId: string;
  leadId: string;
  eventId: string;
  event: string;
  sequence: number;
  status: string;
  reason: string | null;
}

/** All that the judgement is made from. */
export interface Observed {
  leadIds: string[];
  endpoints: EndpointLife[];
  skips: Map<string, Asked>;
  resends: Set<string>;
  kills: number[];
  deliveries: DeliveryFact[];
  /** Ids of logged attempts. */
  attemptIds: Set<string>;
  /** Events by lead, of which every endpoint that was there from the start has a delivery. */
  due: Map<string, string[]>;
  lastAttempt: number;
  timeoutMs: number;
}

/** What Postgres says at the end. */
export async function factsOf(
  { db }: Deps,
  organizationId: string,
  leadIds: readonly string[],
): Promise<Pick<Observed, 'deliveries' | 'attemptIds'>> {
  const subjects = leadIds.map((leadId) => leadSubject(organizationId, leadId));
  const rows = await db.query<Record<string, unknown>>(
    `select d.id, d.endpoint_id, d.lead_id, d.event_id, d.event, d.sequence, ${shownStatus} as status, ${shownReason} as reason
       from deliveries d join endpoints p on p.id = d.endpoint_id
      where d.subject = any ($1) order by d.endpoint_id, d.lead_id, d.sequence`,
    [subjects],
  );
  const attempts = await db.query<{ id: string }>(
    `select a.id from attempts a join deliveries d on d.id = a.delivery_id where d.subject = any ($1)`,
    [subjects],
  );
  return {
    deliveries: rows.map((row) => ({
      id: row.id as string,
      endpointId: row.endpoint_id as string,
      leadId: row.lead_id as string,
      eventId: row.event_id as string,
      event: row.event as string,
      sequence: row.sequence as number,
      status: row.status as string,
      reason: row.reason as string | null,
    })),
    attemptIds: new Set(attempts.map(({ id }) => id)),
  };
}
