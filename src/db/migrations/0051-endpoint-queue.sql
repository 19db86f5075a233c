-- Deliveries for which an endpoint had no slot, or whose rate limit was used up: the head of a lane each, longest waiting
-- first. A table of its own, since a column of deliveries would cost every delivery an index entry.
create table endpoint_queue (
  delivery_id  uuid primary key,
  endpoint_id  uuid not null,
  queued_at    timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0.02);
create index endpoint_queue_order on endpoint_queue (endpoint_id, queued_at, delivery_id);

drop index deliveries_waiting;
drop index deliveries_called;
drop index deliveries_wake_due;
alter table deliveries drop column waiting_since, drop column called_at, drop column wake_due_at;

-- Processes that have attempts under way, by the name that their rows carry. One that was not seen for ten seconds is taken
-- for dead, by those that were seen all that while: after an outage of this database nobody was.
create table workers (
  id         uuid primary key,
  -- Seen without a gap since then.
  since      timestamptz not null default clock_timestamp(),
  seen_at    timestamptz not null default clock_timestamp()
);

-- The trace of the step that emitted it (W3C Trace Context): it goes with the bytes through queues, continue-as-new and crashes.
alter table event_bodies add column traceparent text;
