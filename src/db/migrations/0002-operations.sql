-- What people and their tools do: keys, sessions, links, the audit log, recoveries, mails, listeners.

create table api_keys (
  id               uuid primary key default gen_random_uuid(),
  role             text not null check (role in ('ingest', 'organization')),
  organization_id  uuid references organizations,
  -- SHA-256 of a key of 256 random bits: a slow hash would add nothing.
  key_hash         bytea not null unique,
  created_at       timestamptz not null default now(),
  check ((role = 'organization') = (organization_id is not null))
);
comment on table api_keys is 'Keys of organizations and of backends, kept as hashes.';

create table sessions (
  id               uuid primary key default gen_random_uuid(),
  -- HMAC-SHA256 of the token, keyed by the operator's key: another operator's key ends every session.
  token_hash       bytea not null unique,
  role             text not null check (role in ('operator', 'organization')),
  organization_id  uuid references organizations,
  -- Null: signed in with the operator's key, which has no row, or by a portal link.
  api_key_id       uuid references api_keys on delete cascade,
  read_only        boolean not null default false,
  created_at       timestamptz not null default now(),
  expires_at       timestamptz not null,
  -- Written once a minute at most.
  last_used_at     timestamptz not null default now(),
  check ((role = 'organization') = (organization_id is not null))
);
comment on table sessions is 'Sessions of people in a browser; a session ends with the key that began it.';

create table portal_links (
  code_hash        bytea primary key,
  organization_id  uuid not null references organizations,
  read_only        boolean not null,
  created_at       timestamptz not null default now(),
  expires_at       timestamptz not null,
  used_at          timestamptz
);
comment on table portal_links is 'Codes that are swapped once for a session of an organization, kept as hashes.';

create table audit_log (
  id               uuid primary key default gen_random_uuid(),
  at               timestamptz not null default now(),
  -- The organization that it is about; null: none.
  organization_id  uuid,
  role             text not null check (role in ('operator', 'organization')),
  -- The session it was done in; null: with a key.
  session_id       uuid,
  action           text not null,
  -- The ids of the path, by their names.
  target           jsonb not null,
  status_code      integer not null
);
comment on table audit_log is 'A row per call that changed something: ids only, no personal data.';

create table recovery_jobs (
  id               uuid primary key,
  organization_id  uuid not null,
  endpoint_id      uuid not null,
  -- Abandoned then or later; null: ever.
  since            timestamptz,
  until            timestamptz not null,
  -- What else narrows it; null: nothing.
  event            text,
  lead_id          uuid,
  created_since    timestamptz,
  created_until    timestamptz,
  -- How many deliveries it took up; null until it did.
  count            integer,
  created_at       timestamptz not null default now(),
  finished_at      timestamptz
);
comment on table recovery_jobs is 'Recoveries of what was abandoned at an endpoint, and how far each is.';
-- One job per endpoint at a time.
create unique index recovery_jobs_running on recovery_jobs (endpoint_id) where finished_at is null;

-- Temporal forgets a closed workflow, and with it the id that makes a notice once per episode. A mail that some recipients
-- have, and others still wait for, goes to those others alone.
create table mail_receipts (
  mail_id     text not null,
  -- SHA-256 of the address: enough to know it again.
  recipient   bytea not null,
  outcome     text not null check (outcome in ('accepted', 'refused')),
  settled_at  timestamptz not null default now(),
  primary key (mail_id, recipient)
);
comment on table mail_receipts is 'Ledger: the recipients that each mail reached, or that refused it for good.';

-- The addresses are the organization's own choice and unverified, so the mails that it can make us send are bounded.
create table mail_days (
  organization_id  uuid not null,
  day              date not null default (now() at time zone 'utc')::date,
  mails            integer not null check (mails > 0),
  primary key (organization_id, day)
);
comment on table mail_days is 'The number of mails accepted for an organization on a day (UTC).';

create table listeners (
  endpoint_id       uuid primary key references endpoints,
  lease_expires_at  timestamptz not null,
  -- The stream that was opened last: requests go there, and to no older one whose end was not noticed yet.
  stream_id         uuid
);
comment on table listeners is 'Leases of the command lines that stand behind listener endpoints.';

-- Unlogged: after a crash of the server each is an attempt without an answer, which is made again.
create unlogged table listener_requests (
  id             uuid primary key,
  endpoint_id    uuid not null,
  headers        jsonb not null,
  body           text not null,
  created_at     timestamptz not null default clock_timestamp(),
  expires_at     timestamptz not null,
  taken_at       timestamptz,
  answered_at    timestamptz,
  status_code    integer,
  retry_after    text,
  response_body  text,
  error_class    text,
  error          text
);
comment on table listener_requests is 'Requests under way to listeners, and their answers: seconds old, removed with the attempt.';

-- A migration that older builds must not run on says so in its own transaction:
-- insert into schema_breaks values ('0007-its-own-name'). An older build does not have that file, finds the row, and
-- refuses to start. Without a row it runs on a newer schema, so that builds can be rolled out one by one.
create table schema_breaks (
  migration  text primary key
);
comment on table schema_breaks is 'Migrations that leave a schema which older builds must not run on.';
