-- Every index of deliveries is one more write per delivery, so each is here for a statement that needs it. Lists are paged
-- by key, newest first: a filter that may be selective in a large organization has an index that gives its rows so.

-- Lists of the API.
create index organizations_by_creation on organizations (created_at desc, id);
create index endpoints_by_organization on endpoints (organization_id, created_at, id);
create index api_keys_by_organization on api_keys (organization_id, created_at);
create index sessions_by_organization on sessions (organization_id, created_at);
create index leads_by_organization on leads (organization_id, created_at desc, lead_id);
create index leads_by_stage on leads (organization_id, stage, created_at desc, lead_id);
create index audit_log_by_time on audit_log (at desc, id);
create index audit_log_by_organization on audit_log (organization_id, at desc, id);
create index recovery_jobs_by_endpoint on recovery_jobs (endpoint_id, created_at desc);
create index deliveries_by_organization on deliveries (organization_id, created_at desc, id);
create index deliveries_by_event on deliveries (organization_id, event, created_at desc, id);
-- Retention walks it too: what is old is found without an index by settled_at, which every settled delivery would rewrite.
create index deliveries_by_endpoint on deliveries (endpoint_id, created_at desc, id);
create index deliveries_by_endpoint_and_status on deliveries (endpoint_id, status, created_at desc, id);

-- The timeline of a lead.
create index inbound_events_by_subject on inbound_events (subject, received_at);
create index inbound_conflicts_by_subject on inbound_conflicts (subject);

-- The way of an event: a widget by its version, what is under way and held at an endpoint, its queue, what a recovery took up.
create index widgets_by_version on widgets (organization_id, version);
create index deliveries_unsettled on deliveries (endpoint_id, status, created_at, id)
  where status not in ('delivered', 'abandoned');
create index endpoint_queue_order on endpoint_queue (endpoint_id, queued_at, delivery_id);
create index deliveries_recovering on deliveries (recovery_job_id, subject, sequence) where recovery_job_id is not null;
create index listener_requests_by_endpoint on listener_requests (endpoint_id, created_at);

-- The end of sessions by their key, and what is removed by its age.
create index sessions_by_api_key on sessions (api_key_id);
create index sessions_by_expiry on sessions (expires_at);
create index portal_links_by_expiry on portal_links (expires_at);
create index mail_receipts_by_age on mail_receipts (settled_at);

-- For the metrics: how many endpoints are paused.
create index endpoints_paused on endpoints (id) where status = 'paused';
