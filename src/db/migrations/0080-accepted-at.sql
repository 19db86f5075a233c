-- When the inbound event that made a delivery due was accepted: how long partners wait is counted from there, also when the
-- delivery succeeds at a later attempt, in another process.
alter table deliveries add column accepted_at timestamptz not null default now();
