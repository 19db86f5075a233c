-- Failing episodes, pause and resume, the bound on what is under way at an endpoint, and recovery. An ordinary success
-- writes nothing to the endpoint's row: only the first success after a failure does, which ends the episode.
alter table endpoints
  -- Counts failing episodes: a mail is sent once per episode and kind.
  add column episode           integer not null default 0,
  add column failing_since     timestamptz,
  add column abandoned_in_row  integer not null default 0,
  -- The last success that ended an episode.
  add column recovered_at      timestamptz,
  -- Counts pauses: a resume means the pause it was asked for, not a later one.
  add column pause_version     integer not null default 0,
  -- After a resume one delivery goes first ('probe'), the others are held until it succeeds; then they 'drain'.
  add column resume_phase      text check (resume_phase in ('probe', 'drain')),
  add column probe_delivery_id uuid,
  add column max_in_flight     integer not null default 16 check (max_in_flight > 0);

create table recovery_jobs (
  id               uuid primary key,
  organization_id  uuid not null,
  endpoint_id      uuid not null,
  since            timestamptz not null,
  until            timestamptz not null,
  -- How many deliveries it took up; null until it did.
  count            integer,
  created_at       timestamptz not null default now(),
  finished_at      timestamptz
);
create index recovery_jobs_by_endpoint on recovery_jobs (endpoint_id, created_at desc);
-- One job per endpoint at a time.
create unique index recovery_jobs_running on recovery_jobs (endpoint_id) where finished_at is null;

alter table deliveries
  -- Over the endpoint's bound: woken in this order when an attempt there ends.
  add column waiting_since    timestamptz,
  -- When its workflow was last told to look again.
  add column woken_at         timestamptz,
  -- The workflow that works it; null: its subject's.
  add column runner           text,
  add column recovery_job_id  uuid,
  -- Attempts before the recovery: its schedule starts anew, its numbers go on.
  add column attempts_before  integer not null default 0;
create index deliveries_waiting on deliveries (endpoint_id, waiting_since) where waiting_since is not null;
create index deliveries_recovering on deliveries (recovery_job_id, subject, sequence) where recovery_job_id is not null;
