-- The way of an event: what was received, emitted, sent and answered. Temporal is the only scheduler, so no row here is
-- polled for work. Ledgers (inbound_events, events, lanes, tombstones in leads) are narrow, hold no personal data and
-- outlive retention; the fat rows (event_bodies, deliveries, attempts) do not.
--
-- Rows written per event carry no foreign key to organizations, endpoints, events or deliveries: checking one locks the
-- parent row for key share, which writes to it, and the row of a busy endpoint would be the hottest of all. The one
-- statement that inserts them selects from the parents, and no parent row is deleted before its children.
--
-- Indexes are in 0003-indexes.sql, each with what it serves.

create table organizations (
  id          uuid primary key,
  name        text,
  tier        text not null default 'starter' check (tier in ('ultimate', 'premium', 'starter')),
  notify      text[] not null default '{}',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
comment on table organizations is 'Tenants: each exists from its first event on.';

create table widgets (
  id               uuid primary key,
  organization_id  uuid not null references organizations,
  version          text,
  name             text,
  status           text check (status in ('active', 'inactive')),
  sources          jsonb not null default '{}',
  -- The inbound timestamp of the last applied event: what is older is superseded. A PUT does not move it.
  last_event_at    timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
comment on table widgets is 'Registered widgets, with the labels of their sources and their last known status.';

-- A pause, a resume and a deletion change this row alone, however many deliveries wait there: the status that a delivery
-- reads follows from both rows (src/db/shown-status.ts). An ordinary success writes nothing here: only the first success
-- after a failure does, which ends the episode.
create table endpoints (
  id                 uuid primary key default gen_random_uuid(),
  organization_id    uuid not null references organizations,
  url                text not null,
  -- A listener is a command line that holds a lease and forwards requests to a local program. Its URL names no host.
  kind               text not null generated always as (case when url like 'listener://%' then 'listener' else 'webhook' end) stored,
  description        text,
  events             text[] not null check ('lead.enriched' = any (events)),
  mode               text not null default 'prod' check (mode in ('prod', 'sandbox')),
  status             text not null default 'active' check (status in ('active', 'paused')),
  paused_reason      text,
  -- Counts pauses: a resume ends the pause it was asked for, not a later one.
  pause_version      integer not null default 0,
  -- After a resume one delivery goes first ('probe'), the others are held until it succeeds; then they 'drain'.
  resume_phase       text check (resume_phase in ('probe', 'drain')),
  probe_delivery_id  uuid,
  -- When the last resume began: what failed before it goes with the drain, not by its own schedule.
  resumed_at         timestamptz,
  -- Counts failing episodes: a mail is sent once per episode and kind.
  episode            integer not null default 0,
  failing_since      timestamptz,
  abandoned_in_row   integer not null default 0,
  -- The last success that ended an episode.
  recovered_at       timestamptz,
  max_in_flight      integer not null default 16 check (max_in_flight > 0),
  -- Attempts a second, evenly spaced; null: no limit. Only a limited endpoint has its next moment written.
  rate_limit         integer check (rate_limit between 1 and 1000),
  next_send_at       timestamptz,
  -- AES-256-GCM under the key ring. During a rotation's overlap `secret` is the old one and `next_secret` the new one.
  secret             bytea not null,
  next_secret        bytea,
  overlap_ends_at    timestamptz,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  deleted_at         timestamptz,
  check ((status = 'paused') = (paused_reason is not null)),
  check ((next_secret is null) = (overlap_ends_at is null))
);
comment on table endpoints is 'Where an organization receives its events, and how it stands; a deleted endpoint keeps its row.';

create table inbound_events (
  id           uuid primary key,
  fingerprint  bytea not null,
  subject      text not null,
  name         text not null,
  event        text not null,
  lead_status  text,
  occurred_at  timestamptz not null,
  -- 'accepted' is written after the signal is durable, so that a repeat is recognised before the workflow has run; the
  -- step that applies the event claims the row.
  outcome      text not null check (outcome in ('accepted', 'applied', 'superseded', 'ignored', 'erased', 'refused')),
  received_at  timestamptz not null default now()
);
comment on table inbound_events is 'Ledger: each inbound id is applied once, for ever, whichever way it came in.';

create table inbound_conflicts (
  id           uuid not null,
  fingerprint  bytea not null,
  subject      text not null,
  received_at  timestamptz not null default now(),
  primary key (id, fingerprint)
);
comment on table inbound_conflicts is 'Inbound ids that came again with other content: recorded, never applied.';

create table leads (
  subject          text primary key,
  organization_id  uuid not null,
  lead_id          uuid not null,
  -- Null in the tombstone of a lead that was erased before any of its steps was applied.
  mode             text check (mode in ('prod', 'sandbox')),
  stage            text not null check (stage in ('new', 'waiting_for_details', 'waiting_for_enrichment', 'enriched',
                                                  'contact_requested', 'complete', 'erased')),
  lead_status      text,
  -- The merged state at the run's close, AES-256-GCM; a later step starts a fresh run, which loads it.
  state            bytea,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
comment on table leads is 'A row a lead: what lists and timelines show, and the state of a lead whose workflow has completed.';

create table events (
  event_id         uuid primary key,
  subject          text not null,
  type             text not null,
  -- A constant for a lead's event (once a life), the inbound id for a widget's.
  cause            text not null,
  organization_id  uuid not null,
  occurred_at      timestamptz not null,
  unique (subject, type, cause)
);
comment on table events is 'Ledger: an outbound event is emitted once per subject, type and cause.';

create table event_bodies (
  event_id     uuid primary key,
  -- text, not jsonb, which would reorder keys.
  body         text not null,
  -- The trace of the step that emitted it (W3C Trace Context): it goes through queues, continue-as-new and crashes.
  traceparent  text
);
comment on table event_bodies is 'The frozen bytes of an event: every attempt sends these.';

create table lanes (
  subject        text not null,
  endpoint_id    uuid not null,
  last_sequence  integer not null check (last_sequence > 0),
  primary key (subject, endpoint_id)
);
comment on table lanes is 'Ledger: the last sequence number given per subject and endpoint, at emission and without a gap.';

create table deliveries (
  id                  uuid primary key default gen_random_uuid(),
  event_id            uuid not null,
  endpoint_id         uuid not null,
  organization_id     uuid not null,
  subject             text not null,
  lead_id             uuid,
  event               text not null,
  sequence            integer not null check (sequence > 0),
  status              text not null check (status in ('pending', 'delivering', 'retrying', 'held', 'delivered', 'abandoned')),
  reason              text check (reason in ('rejected', 'gone', 'exhausted', 'blocked_address', 'skipped',
                                             'endpoint_deleted', 'lead_erased')),
  -- The number of the last attempt begun; the one under way while status is 'delivering'.
  attempt             integer not null default 0,
  attempt_started_at  timestamptz,
  -- The process that sends it: another one takes over when the attempt can no longer be under way there.
  attempt_owner       uuid,
  next_attempt_at     timestamptz,
  skip_requested      boolean not null default false,
  -- The workflow that works it; null: its subject's.
  workflow_id         text,
  recovery_job_id     uuid,
  -- Attempts before the recovery: its schedule starts anew, its numbers go on.
  attempts_before     integer not null default 0,
  -- When the inbound event that made it due was accepted: the wait of a partner is counted from there.
  accepted_at         timestamptz not null default now(),
  created_at          timestamptz not null default now(),
  delivered_at        timestamptz,
  settled_at          timestamptz,
  unique (subject, endpoint_id, sequence),
  unique (event_id, endpoint_id),
  check ((status = 'abandoned') = (reason is not null)),
  check ((status = 'delivered') = (delivered_at is not null)),
  check ((status in ('delivered', 'abandoned')) = (settled_at is not null))
);
comment on table deliveries is 'An event at an endpoint, from its emission until it is delivered or abandoned.';

create table attempts (
  id             uuid primary key,
  delivery_id    uuid not null,
  number         integer not null check (number > 0),
  resend         boolean not null default false,
  started_at     timestamptz not null,
  duration_ms    integer not null check (duration_ms >= 0),
  status_code    integer,
  error_class    text,
  error          text,
  response_body  text,
  unique (delivery_id, number)
);
comment on table attempts is 'The log of requests made, with the answer or the error of each.';

-- A table of its own: a column of deliveries would cost every delivery an index entry.
create table endpoint_queue (
  delivery_id  uuid primary key,
  endpoint_id  uuid not null,
  queued_at    timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table endpoint_queue is 'Heads of lanes for which their endpoint had no slot or no token, longest waiting first.';

create table workers (
  id       uuid primary key,
  -- Seen without a gap since then: only such a process judges others, because an outage of this database hides all.
  since    timestamptz not null default clock_timestamp(),
  seen_at  timestamptz not null default clock_timestamp()
);
comment on table workers is 'Processes that may have attempts under way; one not seen for ten seconds is taken for dead.';
