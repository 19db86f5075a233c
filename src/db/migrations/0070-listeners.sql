-- An endpoint may be a listener: a person's command line that holds a lease and forwards what is sent to a local program.
-- Its URL names no host, so that no HTTP client of ours could ever be sent there; order, retries and log are as for any other.
alter table endpoints
  add column kind text not null generated always as (case when url like 'listener://%' then 'listener' else 'webhook' end) stored;

create table listeners (
  endpoint_id       uuid primary key references endpoints,
  lease_expires_at  timestamptz not null,
  -- The stream that was opened last: requests go there, and to no older one whose end was not noticed yet.
  stream_id         uuid
);

-- Requests under way to listeners, and their answers: seconds old, and removed with the attempt. Unlogged: after a crash of
-- the server each is an attempt without an answer, which is made again.
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
create index listener_requests_by_endpoint on listener_requests (endpoint_id, created_at);
