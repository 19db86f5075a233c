-- What RETENTION_DAYS removes is found without another index on the hot tables: every settled delivery rewrites all entries
-- of its row, and an index by settled_at would be one more on each. Retention walks endpoint by endpoint instead, oldest
-- first, which deliveries_by_endpoint gives; attempts and bodies go by the keys of the deliveries they belong to.
--
-- For that a body needs a delivery. Those of events that nobody subscribed to are no longer kept, and go here.
delete from event_bodies b where not exists (select from deliveries d where d.event_id = b.event_id);

-- One row a mail and recipient, written by nothing that is in a hurry.
create index mail_receipts_by_age on mail_receipts (settled_at);

-- For the metrics: how many endpoints are paused.
create index endpoints_paused on endpoints (id) where status = 'paused';
