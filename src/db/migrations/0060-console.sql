-- Portal links: a code is swapped once for an organization's session. Kept by its hash, like every token.
create table portal_links (
  code_hash        bytea primary key,
  organization_id  uuid not null references organizations,
  read_only        boolean not null,
  created_at       timestamptz not null default now(),
  expires_at       timestamptz not null,
  used_at          timestamptz
);
create index portal_links_by_expiry on portal_links (expires_at);

-- Who changed what: a row per call that changed something. Ids only, no personal data; retention removes it with deliveries.
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
create index audit_log_by_time on audit_log (at desc, id);
create index audit_log_by_organization on audit_log (organization_id, at desc, id);
