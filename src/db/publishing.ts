import type { LeadStage, LeadStatus, Mode } from '../domain/lead.ts';
import type { OpenDelivery } from '../domain/lanes.ts';
import { inbound } from './inbound.ts';
import { type ContextRequest, leadContext } from './lead-context.ts';
import type { Queryable } from './pool.ts';
import {
  isMetered,
  isOpen,
  type Sendable,
  type SendableRow,
  sendableColumns,
  sendableFrom,
  toSendable,
} from './sendable.ts';

/** The cause of every lead event: a lead emits each type once in its life. A widget's cause is the inbound id. */
export const onceInALife = 'once';

export interface Claim {
  id: string;
  fingerprint: string;
  name: string;
  event: string;
  leadStatus: LeadStatus | null;
  occurredAt: number;
  outcome: 'applied' | 'superseded' | 'ignored' | 'refused';
}

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
  /** Endpoints at which this process makes the first attempts at once: their rows say so. */
  fast: string[];
  /** This process. */
  owner: string;
  /** Absent for a widget. */
  lead?: { leadId: string; stage: LeadStage; leadStatus: LeadStatus | null };
}

// The one statement that applies a batch of steps: claims their ids, freezes the bytes, fans out, numbers the lanes and
// moves the read model, or does nothing of it. Two conditions that another transaction may have broken since the context
// was read are turned into constraint violations, so that the whole statement fails and the step is judged anew: an id
// claimed with other content or by another subject, and a lead that was erased (a null where none may be).
const publishSql = `
  with claimed as (
    insert into inbound_events (id, fingerprint, subject, name, event, lead_status, occurred_at, outcome)
    select c.id, decode(c.fingerprint, 'hex'), $1, c.name, c.event, c.lead_status, to_timestamp(c.occurred_at / 1000.0), c.outcome
      from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[], $10::text[])
           as c (id, fingerprint, name, event, lead_status, occurred_at, outcome)
    on conflict (id) do update set
      outcome = case when inbound_events.outcome = 'accepted' then excluded.outcome else inbound_events.outcome end,
      subject = case when inbound_events.subject = excluded.subject
                      and inbound_events.fingerprint = excluded.fingerprint then excluded.subject end
    returning received_at
  ), organization as (
    insert into organizations (id) values ($2) on conflict do nothing
  ), lead as (
    insert into leads (subject, organization_id, lead_id, mode, stage, lead_status)
    select $1, $2, $16, $3, $17, $18 where $16::uuid is not null
    on conflict (subject) do update set
      stage = case when leads.stage <> 'erased' then excluded.stage end,
      lead_status = excluded.lead_status,
      updated_at = now()
  ), frozen as (
    select * from unnest($11::uuid[], $12::text[], $13::text[], $14::float8[], $15::text[], $21::text[])
      with ordinality as e (event_id, type, cause, occurred_at, body, traceparent, position)
  ), emitted as (
    insert into events (event_id, subject, type, cause, organization_id, occurred_at)
    select event_id, $1, type, cause, $2, to_timestamp(occurred_at / 1000.0) from frozen
  ), subscribed as (
    select f.event_id, f.type, f.body, f.traceparent, p.id as endpoint_id, p.url, p.secret, p.next_secret, p.overlap_ends_at,
           p.id = any ($19::uuid[]) and ${isOpen} and not ${isMetered} as is_fast,
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
    insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, accepted_at,
                            status, attempt, attempt_started_at, attempt_owner)
    select s.event_id, s.endpoint_id, $2, $1, $16, s.type, n.last_sequence - s.total + s.nth,
           coalesce((select max(received_at) from claimed), now()),
           case when begins then 'delivering' else 'pending' end, begins::int,
           case when begins then clock_timestamp() end, case when begins then $20::uuid end
      from subscribed s join numbered n using (endpoint_id) cross join lateral (select s.is_fast and s.nth = 1 as begins) b
    returning id, event_id, endpoint_id, event, sequence, accepted_at, status, attempt
  )
  select i.id, $2 as organization_id, i.endpoint_id, $1 as workflow_id, i.event_id, i.event, i.sequence, i.status, i.attempt, s.body, s.traceparent,
         s.url, s.secret, s.next_secret, s.overlap_ends_at, i.accepted_at, 0 as attempts_before, false as recovering
    from inserted i join subscribed s using (event_id, endpoint_id)
   order by i.endpoint_id, i.sequence`;

// What a receiver refused for good is settled, but whether its consequences were drawn is not recorded: they are drawn again.
// What a recovery took up since is not the lead's any more.
const leftToDoSql = `
  select ${sendableColumns} from deliveries d ${sendableFrom}
   where d.event_id = any ($1::uuid[]) and d.runner is null and d.status <> 'delivered'
     and (d.reason is null or d.reason not in ('skipped', 'endpoint_deleted', 'lead_erased'))
   order by d.endpoint_id, d.sequence`;

/** The hot path of emission: one read, one write. */
export const publishing = (db: Queryable) => ({
  leadContext: (asked: ContextRequest) => leadContext(db, asked),

  /**
   * Applies a batch of steps and gives the new deliveries, by endpoint and sequence.
   * @throws a constraint violation when an id, the lead or an event changed hands since the context was read; nothing is then applied.
   */
  async publish({
    subject,
    organizationId,
    mode,
    claims,
    events,
    lead,
    fast,
    owner,
  }: PublishStatement): Promise<Sendable[]> {
    const rows = await db.prepared<SendableRow>('publish', publishSql, [
      subject,
      organizationId,
      mode,
      claims.map((claim) => claim.id),
      claims.map((claim) => claim.fingerprint),
      claims.map((claim) => claim.name),
      claims.map((claim) => claim.event),
      claims.map((claim) => claim.leadStatus),
      claims.map((claim) => claim.occurredAt),
      claims.map((claim) => claim.outcome),
      events.map((event) => event.eventId),
      events.map((event) => event.type),
      events.map((event) => event.cause),
      events.map((event) => event.occurredAt),
      events.map((event) => event.body),
      lead?.leadId ?? null,
      lead?.stage ?? null,
      lead?.leadStatus ?? null,
      fast,
      owner,
      events.map((event) => event.traceparent),
    ]);
    return rows.map(toSendable);
  },

  /** The deliveries of `eventIds` that a publish, interrupted after it had happened, left to be brought to their end. */
  async leftToDo(eventIds: string[]): Promise<Sendable[]> {
    return (await db.query<SendableRow>(leftToDoSql, [eventIds])).map(toSendable);
  },

  /** What is unsettled of a subject, in order, but for what a recovery works at. */
  async unsettledOf(subject: string): Promise<OpenDelivery[]> {
    const rows = await db.query<SendableRow>(
      `select ${sendableColumns} from deliveries d ${sendableFrom}
        where d.subject = $1 and d.runner is null and d.status not in ('delivered', 'abandoned')
        order by d.endpoint_id, d.sequence`,
      [subject],
    );
    return rows.map(toSendable).map(toOpen);
  },

  /** The endpoints of an organization and a mode. */
  async endpointIds(organizationId: string, mode: Mode): Promise<string[]> {
    const rows = await db.query<{ id: string }>(
      'select id from endpoints where organization_id = $1 and mode = $2 and deleted_at is null',
      [organizationId, mode],
    );
    return rows.map((row) => row.id);
  },

  /** The same id with other content: never applied, and visible in the lead's timeline. */
  recordConflict: (id: string, fingerprint: string, subject: string) =>
    inbound(db).recordConflicts([{ id, fingerprint, subject }]),

  /** Records by id what is not applied: events of an erased lead (spec section 5, Erase), and what could not be understood. */
  recordDropped: (subject: string, claims: Claim[], outcome: 'erased' | 'refused') =>
    db.execute(
      `insert into inbound_events (id, fingerprint, subject, name, event, lead_status, occurred_at, outcome)
       select c.id, decode(c.fingerprint, 'hex'), $1, c.name, c.event, c.lead_status, to_timestamp(c.occurred_at / 1000.0), $8
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[])
              as c (id, fingerprint, name, event, lead_status, occurred_at)
       on conflict (id) do update set outcome = excluded.outcome where inbound_events.outcome = 'accepted'`,
      [
        subject,
        claims.map((claim) => claim.id),
        claims.map((claim) => claim.fingerprint),
        claims.map((claim) => claim.name),
        claims.map((claim) => claim.event),
        claims.map((claim) => claim.leadStatus),
        claims.map((claim) => claim.occurredAt),
        outcome,
      ],
    ),

  /** Stores the merged state at a run's close; a later step starts a fresh run, which loads it. */
  storeLead: (subject: string, state: Buffer) =>
    db.execute(
      `update leads set state = $2, stage = 'complete', updated_at = now() where subject = $1 and stage <> 'erased'`,
      [subject, state],
    ),
});

export type Publishing = ReturnType<typeof publishing>;

/** What a workflow is told of a delivery that it has to bring to its end: its lane asks at once. With the words that Temporal shows. */
export const toOpen = ({ deliveryId, endpointId, status, attempt, url, event, sequence }: Sendable): OpenDelivery => ({
  id: deliveryId,
  endpointId,
  // An attempt that was made is asked for by its number: its outcome is found, and its consequences are drawn again.
  attempt: status === 'pending' || status === 'held' ? attempt + 1 : attempt,
  delayMs: 0,
  host: new URL(url).host,
  names: { event, sequence },
});
