import type { OpenDelivery } from '../domain/lanes.ts';
import type { LeadStage, LeadStatus, Mode } from '../domain/lead.ts';
import { type Claim, inboundValues, insertInbound } from './inbound.ts';
import { type OpenRow, toOpen } from './open-deliveries.ts';
import type { Queryable } from './pool.ts';

export interface FrozenEvent {
  eventId: string;
  type: string;
  cause: string;
  occurredAt: number;
  body: string;
  /** The trace in which its attempts are (W3C Trace Context). */
  traceparent: string | null;
}

export interface PublishStatement {
  subject: string;
  organizationId: string;
  mode: Mode;
  claims: Claim[];
  events: FrozenEvent[];
  /** Absent for a widget. */
  lead?: { leadId: string; stage: LeadStage; leadStatus: LeadStatus | null };
}

// Applies a batch of steps whole or not at all. What another transaction changed since the context was read becomes
// a constraint violation (a null where none may be): an id of another subject or content, and an erased lead.
const publishSql = `
  with claimed as (
    ${insertInbound(4)}
    on conflict (id) do update set
      outcome = case when inbound_events.outcome = 'accepted' then excluded.outcome else inbound_events.outcome end,
      subject = case when inbound_events.subject = excluded.subject
                      and inbound_events.fingerprint = excluded.fingerprint then excluded.subject end
    returning received_at
  ), organization as (
    insert into organizations (id) values ($2) on conflict do nothing
  ), lead as (
    insert into leads (subject, organization_id, lead_id, mode, stage, lead_status)
    select $1, $2, $18, $3, $19, $20 where $18::uuid is not null
    on conflict (subject) do update set
      stage = case when leads.stage <> 'erased' then excluded.stage end,
      lead_status = excluded.lead_status,
      updated_at = now()
  ), frozen as (
    select * from unnest($12::uuid[], $13::text[], $14::text[], $15::float8[], $16::text[], $17::text[])
      with ordinality as e (event_id, type, cause, occurred_at, body, traceparent, position)
  ), emitted as (
    insert into events (event_id, subject, type, cause, organization_id, occurred_at)
    select event_id, $1, type, cause, $2, to_timestamp(occurred_at / 1000.0) from frozen
  ), subscribed as (
    select f.event_id, f.type, p.id as endpoint_id, p.url,
           row_number() over (partition by p.id order by f.position) as nth,
           count(*) over (partition by p.id) as total
      from frozen f join endpoints p
        on p.organization_id = $2 and p.mode = $3 and p.deleted_at is null and f.type = any (p.events)
  ), bodies as (
    -- Bytes without a subscription are never read: not kept, so that bodies live and go with deliveries (retention).
    insert into event_bodies (event_id, body, traceparent)
    select event_id, body, traceparent from frozen where event_id in (select event_id from subscribed)
  ), numbered as (
    insert into lanes (subject, endpoint_id, last_sequence)
    select $1, endpoint_id, max(total) from subscribed group by endpoint_id
    on conflict (subject, endpoint_id) do update set last_sequence = lanes.last_sequence + excluded.last_sequence
    returning endpoint_id, last_sequence
  ), inserted as (
    insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, accepted_at)
    select s.event_id, s.endpoint_id, $2, $1, $18, s.type, n.last_sequence - s.total + s.nth, 'pending',
           coalesce((select max(received_at) from claimed), now())
      from subscribed s join numbered n using (endpoint_id)
    returning id, event_id, endpoint_id, event, sequence
  )
  select i.id, i.endpoint_id, 1 as attempt, s.url, i.event, i.sequence
    from inserted i join subscribed s using (event_id, endpoint_id)
   order by i.endpoint_id, i.sequence`;

/**
 * Claims the ids of a batch of steps, freezes the bytes, fans out, numbers the lanes and moves the
 * read model; gives the new deliveries, by endpoint and sequence.
 * @throws a constraint violation when an id, the lead or an event changed since the context was
 * read; nothing is applied
 */
export async function publish(
  db: Queryable,
  { subject, organizationId, mode, claims, events, lead }: PublishStatement,
): Promise<OpenDelivery[]> {
  const rows = await db.prepared<OpenRow>('publish', publishSql, [
    subject,
    organizationId,
    mode,
    ...inboundValues(claims.map((claim) => ({ ...claim, subject }))),
    events.map((event) => event.eventId),
    events.map((event) => event.type),
    events.map((event) => event.cause),
    events.map((event) => event.occurredAt),
    events.map((event) => event.body),
    events.map((event) => event.traceparent),
    lead?.leadId ?? null,
    lead?.stage ?? null,
    lead?.leadStatus ?? null,
  ]);
  return rows.map(toOpen);
}
