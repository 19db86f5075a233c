import type { OpenDelivery } from '../domain/lanes.ts';
import type { Queryable } from './pool.ts';

export interface OpenRow {
  id: string;
  endpoint_id: string;
  attempt: number;
  url: string;
  event: string;
  sequence: number;
}

// An attempt that was made is asked for by its number: its outcome is found, and its consequences are drawn again.
const selectOpen = `
  select d.id, d.endpoint_id, p.url, d.event, d.sequence,
         case when d.status in ('pending', 'held') then d.attempt + 1 else d.attempt end as attempt
    from deliveries d join endpoints p on p.id = d.endpoint_id`;

// The lead's or widget's own deliveries: what a recovery took up has another workflow.
const isOwn = 'd.workflow_id is null';

// No row says whether the consequences of a final refusal were drawn: they are drawn again.
const leftToDoSql = `${selectOpen}
   where d.event_id = any ($1::uuid[]) and ${isOwn} and d.status <> 'delivered'
     and (d.reason is null or d.reason not in ('skipped', 'endpoint_deleted', 'lead_erased'))
   order by d.endpoint_id, d.sequence`;

const unsettledSql = `${selectOpen}
   where d.subject = $1 and ${isOwn} and d.status not in ('delivered', 'abandoned')
   order by d.endpoint_id, d.sequence`;

/** What a subject's workflow has to bring to its end, in order. */
export const openDeliveries = (db: Queryable) => ({
  /** The deliveries of `eventIds` that a publish, interrupted after it had happened, left. */
  leftToDo: async (eventIds: readonly string[]): Promise<OpenDelivery[]> =>
    (await db.query<OpenRow>(leftToDoSql, [eventIds])).map(toOpen),

  /** What is unsettled of a subject, but for what a recovery works at. */
  unsettledOf: async (subject: string): Promise<OpenDelivery[]> =>
    (await db.query<OpenRow>(unsettledSql, [subject])).map(toOpen),
});

export type OpenDeliveries = ReturnType<typeof openDeliveries>;

/** What a workflow is told of a delivery, with the words that Temporal shows. */
export const toOpen = ({ id, endpoint_id: endpointId, attempt, url, event, sequence }: OpenRow): OpenDelivery => ({
  id,
  endpointId,
  attempt,
  host: new URL(url).host,
  names: { event, sequence },
});
