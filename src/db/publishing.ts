import type { LeadEventType, LeadStage, LeadStatus, Mode, Tier } from '../domain/lead.ts';
import type { RegisteredWidget } from '../domain/payloads.ts';
import { inbound } from './inbound.ts';
import type { Queryable } from './pool.ts';
import {
  endpointMetered,
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
}

export interface LeadContext {
  /** Null: an organization never heard of. */
  tier: Tier | null;
  widget: RegisteredWidget | null;
  /** The read model's row, null before the first publish. `state` is there after a run's close only. */
  stage: LeadStage | null;
  state: Buffer | null;
  /** Inbound ids of this batch that the ledger holds already. */
  known: { id: string; fingerprint: string; subject: string; outcome: string }[];
  emitted: { type: LeadEventType; event_id: string }[];
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

// One round trip for everything a lead's step has to know; the widget by its id wins over the widget by its version.
const leadContextSql = `
  select (select tier from organizations where id = $2) as tier,
         (select row_to_json(w) from (
            select id, version, name, sources from widgets
             where organization_id = $2 and (id = $3 or version = $4)
             order by (id = $3) desc nulls last, created_at, id limit 1) w) as widget,
         l.stage, l.state,
         coalesce((select json_agg(json_build_object('id', id, 'fingerprint', encode(fingerprint, 'hex'),
                                                     'subject', subject, 'outcome', outcome))
                     from inbound_events where id = any($5::uuid[])), '[]') as known,
         coalesce((select json_agg(json_build_object('type', type, 'event_id', event_id))
                     from events where subject = $1), '[]') as emitted
    from (select 1) one left join leads l on l.subject = $1`;

// The one statement that applies a batch of steps: claims their ids, freezes the bytes, fans out, numbers the lanes and
// moves the read model, or does nothing of it. Two conditions that another transaction may have broken since the context
// was read are turned into constraint violations, so that the whole statement fails and the step is judged anew: an id
// claimed with other content or by another subject, and a lead erased meanwhile (a null where none may be).
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
    select * from unnest($11::uuid[], $12::text[], $13::text[], $14::float8[], $15::text[])
      with ordinality as e (event_id, type, cause, occurred_at, body, position)
  ), emitted as (
    insert into events (event_id, subject, type, cause, organization_id, occurred_at)
    select event_id, $1, type, cause, $2, to_timestamp(occurred_at / 1000.0) from frozen
  ), subscribed as (
    select f.event_id, f.type, f.body, p.id as endpoint_id, p.url, p.secret, p.next_secret, p.overlap_ends_at,
           p.status = 'active' and p.resume_phase is distinct from 'probe' as endpoint_open,
           ${endpointMetered} as endpoint_metered,
           -- Shown as what it is. Its lane asks again at its turn, so a pause that ends meanwhile leaves none behind.
           case p.status when 'paused' then 'held' else 'pending' end as status,
           row_number() over (partition by p.id order by f.position) as nth,
           count(*) over (partition by p.id) as total
      from frozen f join endpoints p
        on p.organization_id = $2 and p.mode = $3 and p.deleted_at is null and f.type = any (p.events)
  ), bodies as (
    -- Bytes that nobody subscribed to are never read: not kept, so that bodies live and go with deliveries (retention).
    insert into event_bodies (event_id, body)
    select event_id, body from frozen where event_id in (select event_id from subscribed)
  ), numbered as (
    insert into lanes (subject, endpoint_id, last_sequence)
    select $1, endpoint_id, max(total) from subscribed group by endpoint_id
    on conflict (subject, endpoint_id) do update set last_sequence = lanes.last_sequence + excluded.last_sequence
    returning endpoint_id, last_sequence
  ), inserted as (
    insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, accepted_at)
    select s.event_id, s.endpoint_id, $2, $1, $16, s.type, n.last_sequence - s.total + s.nth, s.status,
           coalesce((select max(received_at) from claimed), now())
      from subscribed s join numbered n using (endpoint_id)
    returning id, event_id, endpoint_id, event, sequence, accepted_at
  )
  select i.id, $2 as organization_id, i.endpoint_id, i.event_id, i.event, i.sequence, s.body, s.url, s.endpoint_open, s.endpoint_metered,
         s.secret, s.next_secret, s.overlap_ends_at, i.accepted_at, 0 as attempts_before, false as recovering
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
  async leadContext(
    subject: string,
    organizationId: string,
    widget: { referenceId: string | null; version: string | null },
    inboundIds: string[],
  ): Promise<LeadContext> {
    const [row] = await db.prepared<LeadContext>('lead-context', leadContextSql, [
      subject,
      organizationId,
      widget.referenceId,
      widget.version,
      inboundIds,
    ]);
    if (row === undefined) throw new Error(`no context for ${subject}`);
    return row;
  },

  /**
   * Applies a batch of steps and gives the new deliveries, by endpoint and sequence.
   * @throws a constraint violation when an id, the lead or an event changed hands since the context was read; nothing is then applied.
   */
  async publish({ subject, organizationId, mode, claims, events, lead }: PublishStatement): Promise<Sendable[]> {
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
    ]);
    return rows.map(toSendable);
  },

  /** The deliveries of `eventIds` that a publish, interrupted after it had happened, left to be brought to their end. */
  async leftToDo(eventIds: string[]): Promise<Sendable[]> {
    return (await db.query<SendableRow>(leftToDoSql, [eventIds])).map(toSendable);
  },

  /** What is unsettled of a subject, each with the number of its next attempt, or of the one under way. */
  unsettledOf: (subject: string) =>
    db.query<{ id: string; endpoint_id: string; attempt: number }>(
      `select id, endpoint_id, case when status = 'delivering' then attempt else attempt + 1 end as attempt from deliveries
        where subject = $1 and runner is null and status not in ('delivered', 'abandoned') order by endpoint_id, sequence`,
      [subject],
    ),

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
