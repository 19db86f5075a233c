-- Filters of the list of deliveries that had to walk all that an organization, or an endpoint, ever had: an event that it
-- never gets, and a status that no delivery of the endpoint has. Each index gives its rows newest first.
create index deliveries_by_event on deliveries (organization_id, event, created_at desc, id);
create index deliveries_by_endpoint_and_status on deliveries (endpoint_id, status, created_at desc, id);
