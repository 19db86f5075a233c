import type { Database } from '../../src/db/pool.ts';

const events = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];

/**
 * Leads whose four deliveries wait at an endpoint, or were abandoned there, written as rows: no workflow works them, as
 * after a backup was restored beside an empty engine.
 */
export async function rowsWithoutWorkflows(
  db: Database,
  { organization, endpoint, leads }: { organization: string; endpoint: string; leads: number },
  status: 'pending' | 'held' | 'abandoned' = 'pending',
): Promise<void> {
  // A statement may take 20 seconds at the most.
  for (let done = 0; done < leads; done += 5_000) {
    await db.execute(
      `with lead as (
         insert into leads (subject, organization_id, lead_id, mode, stage)
         select 'lead/' || $1::uuid || '/' || id, $1, id, 'prod', 'contact_requested'
           from (select gen_random_uuid() as id from generate_series(1, $3::int)) made
         returning subject, lead_id
       ), event as (
         insert into events (event_id, subject, type, cause, organization_id, occurred_at)
         select gen_random_uuid(), subject, type, 'once', $1, now() from lead cross join unnest($4::text[]) as type
         returning event_id, subject, type
       ), body as (
         insert into event_bodies (event_id, body) select event_id, '{"data":{"lead_id":"' || subject || '"}}' from event
       )
       insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, reason, settled_at)
       select e.event_id, $2, $1, e.subject, l.lead_id, e.type, array_position($4::text[], e.type),
              -- Only the first of a lane has ever been turned away.
              case when $5 = 'held' and e.type <> ($4::text[])[1] then 'pending' else $5 end,
              case when $5 = 'abandoned' then 'exhausted' end, case when $5 = 'abandoned' then now() end
         from event e join lead l using (subject)`,
      [organization, endpoint, Math.min(5_000, leads - done), events, status],
    );
  }
  await db.execute('analyze deliveries');
}
