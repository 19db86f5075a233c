-- A pause, a resume and a deletion are one change of the endpoint's row, however many deliveries wait there: what a
-- delivery's status then reads follows from both rows. What has to be moved or told is moved in batches, in this order.
alter table endpoints
  -- When the last resume began: what failed before it goes with the drain, not by its own schedule.
  add column resumed_at timestamptz;

drop index deliveries_unsettled;
drop index deliveries_abandoned;
drop index deliveries_undelivered;
-- By status: those under way are counted, and those held are walked, without reading the others.
create index deliveries_unsettled on deliveries (endpoint_id, status, created_at, id)
  where status not in ('delivered', 'abandoned');

-- Deleted endpoints too: their deliveries are listed by status, endpoint by endpoint.
drop index endpoints_by_organization;
create index endpoints_by_organization on endpoints (organization_id, created_at, id);

alter table deliveries drop column woken_at;
