-- The lists of the API page by key, newest first: each filter that may be selective in a large organization has an index
-- that gives its rows in that order.
create index organizations_by_creation on organizations (created_at desc, id);
create index leads_by_stage on leads (organization_id, stage, created_at desc, lead_id);
create index deliveries_by_endpoint on deliveries (endpoint_id, created_at desc, id);
-- Most deliveries are delivered, and those the index by organization finds; the rest is rare, and looked for.
create index deliveries_undelivered on deliveries (organization_id, status, created_at desc, id) where status <> 'delivered';
