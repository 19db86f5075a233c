-- When somebody in line was called is its own column: `woken_at` says when a resume woke what was held.
alter table deliveries add column called_at timestamptz;
drop index deliveries_called;
create index deliveries_called on deliveries (endpoint_id, called_at) where waiting_since is not null and called_at is not null;
