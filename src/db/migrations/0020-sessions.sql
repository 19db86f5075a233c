-- Sessions of people in a browser: a cookie holds the token, this table its hash. A session ends with the key that began it.
create table sessions (
  id               uuid primary key default gen_random_uuid(),
  -- HMAC-SHA256 of the token, keyed by the operator's key: another operator's key ends every session.
  token_hash       bytea not null unique,
  role             text not null check (role in ('operator', 'organization')),
  organization_id  uuid references organizations,
  -- Null: signed in with the operator's key, which has no row.
  api_key_id       uuid references api_keys on delete cascade,
  read_only        boolean not null default false,
  created_at       timestamptz not null default now(),
  expires_at       timestamptz not null,
  -- Written once a minute at most.
  last_used_at     timestamptz not null default now(),
  check ((role = 'organization') = (organization_id is not null))
);
create index sessions_by_expiry on sessions (expires_at);
create index sessions_by_api_key on sessions (api_key_id);
create index sessions_by_organization on sessions (organization_id, created_at);
