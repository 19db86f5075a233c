-- Whoever waits for a place at an endpoint is called when one is free, and the place is kept until it comes: `woken_at` says when
-- it was called (`called_at` from the next migration on). Without that, each attempt that ended called others to the places that those called before were about to take.
create index deliveries_called on deliveries (endpoint_id, woken_at) where waiting_since is not null and woken_at is not null;

-- At most so many requests a second, by evenly spaced places; null: as many as come. Only then is the next place's time written.
alter table endpoints
  add column rate_limit   integer check (rate_limit between 1 and 1000),
  add column next_send_at timestamptz;
