-- The read model and the long memory: what was received, emitted, sent and answered. Temporal is the only scheduler, so
-- no row here is ever polled for work. Ledgers (inbound_events, events, lanes, tombstones) are narrow, hold no personal
-- data and outlive retention; the fat rows (event_bodies, deliveries, attempts) do not.
--
-- Rows written per event carry no foreign key to organizations, endpoints, events or deliveries: checking one locks the
-- parent row for key share, which writes to it, and the row of a busy endpoint would be the hottest of all. The one
-- statement that inserts them selects from the parents, and no parent row is ever deleted before its children.

create table organizations (
  id          uuid primary key,
  name        text,
  tier        text not null default 'starter' check (tier in ('ultimate', 'premium', 'starter')),
  notify      text[] not null default '{}',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

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
create index widgets_by_version on widgets (organization_id, version);

create table api_keys (
  id               uuid primary key default gen_random_uuid(),
  role             text not null check (role in ('ingest', 'organization')),
  organization_id  uuid references organizations,
  -- SHA-256 of a key of 256 random bits: a slow hash would add nothing.
  key_hash         bytea not null unique,
  created_at       timestamptz not null default now(),
  check ((role = 'organization') = (organization_id is not null))
);
create index api_keys_by_organization on api_keys (organization_id, created_at);

create table endpoints (
  id                uuid primary key default gen_random_uuid(),
  organization_id   uuid not null references organizations,
  url               text not null,
  description       text,
  events            text[] not null check ('lead.enriched' = any (events)),
  mode              text not null default 'prod' check (mode in ('prod', 'sandbox')),
  status            text not null default 'active' check (status in ('active', 'paused')),
  paused_reason     text,
  -- AES-256-GCM under the key ring. During a rotation's overlap `secret` is the old one and `next_secret` the new one.
  secret            bytea not null,
  next_secret       bytea,
  overlap_ends_at   timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  deleted_at        timestamptz,
  check ((status = 'paused') = (paused_reason is not null)),
  check ((next_secret is null) = (overlap_ends_at is null))
);
create index endpoints_by_organization on endpoints (organization_id, created_at, id) where deleted_at is null;

-- Ledger: each inbound id is applied once, for ever, whichever way it came in. 'accepted' is written after the signal is
-- durable, so that a repeat is recognised before the workflow has run; the step that applies the event claims the row.
create table inbound_events (
  id           uuid primary key,
  fingerprint  bytea not null,
  subject      text not null,
  name         text not null,
  event        text not null,
  lead_status  text,
  occurred_at  timestamptz not null,
  outcome      text not null check (outcome in ('accepted', 'applied', 'superseded', 'ignored', 'erased', 'refused')),
  received_at  timestamptz not null default now()
);
create index inbound_events_by_subject on inbound_events (subject, received_at);

-- The same id with other content: never applied, and visible.
create table inbound_conflicts (
  id           uuid not null,
  fingerprint  bytea not null,
  subject      text not null,
  received_at  timestamptz not null default now(),
  primary key (id, fingerprint)
);
create index inbound_conflicts_by_subject on inbound_conflicts (subject);

-- One row a lead: what lists and the timeline show, and the merged state of a lead whose workflow has completed.
create table leads (
  subject          text primary key,
  organization_id  uuid not null,
  lead_id          uuid not null,
  mode             text not null check (mode in ('prod', 'sandbox')),
  stage            text not null check (stage in ('new', 'waiting_for_details', 'waiting_for_enrichment', 'enriched',
                                                  'contact_requested', 'complete', 'erased')),
  lead_status      text,
  -- The merged state at the run's close, AES-256-GCM; a later step starts a fresh run, which loads it.
  state            bytea,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
create index leads_by_organization on leads (organization_id, created_at desc, lead_id);

-- Ledger: an event is emitted once per subject, type and cause. The cause of a lead's event is a constant (once a life),
-- of a widget's the inbound id.
create table events (
  event_id         uuid primary key,
  subject          text not null,
  type             text not null,
  cause            text not null,
  organization_id  uuid not null,
  occurred_at      timestamptz not null,
  unique (subject, type, cause)
);

-- The frozen bytes: text, not jsonb, which would reorder keys. Every attempt sends these.
create table event_bodies (
  event_id  uuid primary key,
  body      text not null
);

-- Ledger: the last sequence number given per subject and endpoint; given at emission, without a gap.
create table lanes (
  subject        text not null,
  endpoint_id    uuid not null,
  last_sequence  integer not null check (last_sequence > 0),
  primary key (subject, endpoint_id)
);

create table deliveries (
  id               uuid primary key default gen_random_uuid(),
  event_id         uuid not null,
  endpoint_id      uuid not null,
  organization_id  uuid not null,
  subject          text not null,
  lead_id          uuid,
  event            text not null,
  sequence         integer not null check (sequence > 0),
  status           text not null check (status in ('pending', 'delivering', 'retrying', 'held', 'delivered', 'abandoned')),
  reason           text check (reason in ('rejected', 'gone', 'exhausted', 'blocked_address', 'skipped',
                                          'endpoint_deleted', 'lead_erased')),
  -- The number of the last attempt begun; the one under way while status is 'delivering'.
  attempt          integer not null default 0,
  attempt_started_at timestamptz,
  -- The process that sends it: another one takes over when the attempt can no longer be under way there.
  attempt_owner    uuid,
  skip_requested   boolean not null default false,
  created_at       timestamptz not null default now(),
  next_attempt_at  timestamptz,
  delivered_at     timestamptz,
  settled_at       timestamptz,
  unique (subject, endpoint_id, sequence),
  unique (event_id, endpoint_id),
  check ((status = 'abandoned') = (reason is not null)),
  check ((status = 'delivered') = (delivered_at is not null)),
  check ((status in ('delivered', 'abandoned')) = (settled_at is not null))
);
create index deliveries_by_organization on deliveries (organization_id, created_at desc, id);
create index deliveries_unsettled on deliveries (endpoint_id, status, created_at) where status not in ('delivered', 'abandoned');
create index deliveries_abandoned on deliveries (endpoint_id, settled_at) where status = 'abandoned';

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
