-- Whoever is next in line at a slow endpoint is sent by the process that calls it, while its lane sleeps: the lane is woken when
-- there is an outcome. A process that is killed in between leaves this time behind: from then on anybody wakes the lane.
alter table deliveries add column wake_due_at timestamptz;
create index deliveries_wake_due on deliveries (endpoint_id, wake_due_at) where wake_due_at is not null;
