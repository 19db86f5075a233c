import type { Database } from './pool.ts';
import { beforeOldest, isNewer, type Position, positionColumns } from './page.ts';

/** Rows that a batch removed. */
export interface Removed {
  deliveries: number;
  attempts: number;
  bodies: number;
}

export interface DeliveryBatch {
  removed: Removed;
  /** Where the next batch goes on; null when the endpoint has nothing as old any more. */
  next: Position | null;
}

/** Two retentions at the same time would each leave the body of an event to the other. */
const lockSql = `select pg_advisory_xact_lock(hashtextextended('retention', 0))`;

// Of the next $5 old deliveries of an endpoint, removes those settled before $2, with their attempts; not one that was
// sent again since, or whose recovery runs. A body goes with the last delivery of its event.
const removeDeliveriesSql = `
  with old as (
    select id, created_at from deliveries
     where endpoint_id = $1 and created_at < $2 and ${isNewer('created_at', 'id', '$3', '$4')}
     order by created_at, id limit $5
  ), expired as (
    select d.id, d.event_id from deliveries d join old using (id)
     where d.status in ('delivered', 'abandoned') and d.settled_at < $2
       and not exists (select from attempts a where a.delivery_id = d.id and a.started_at >= $2)
       and not exists (select from recovery_jobs j where j.id = d.recovery_job_id and j.finished_at is null)
       for update of d skip locked
  ), gone as (
    delete from deliveries d using expired e where d.id = e.id returning d.id, d.event_id
  ), logged as (
    delete from attempts a using gone g where a.delivery_id = g.id returning 1
  ), bodies as (
    delete from event_bodies b using (select distinct event_id from gone) g
     where b.event_id = g.event_id
       and not exists (select from deliveries d where d.event_id = b.event_id and d.id not in (select id from gone))
    returning 1
  )
  select (select count(*)::int from gone) as deliveries, (select count(*)::int from logged) as attempts,
         (select count(*)::int from bodies) as bodies, (select count(*)::int from old) as seen, last.*
    from (select 1) one
    left join lateral (select ${positionColumns('created_at', 'id')} from old order by created_at desc, id desc limit 1) last on true`;

type BatchRow = Removed & { seen: number; position_at: string; position_id: string };

/**
 * Removes what is older than `RETENTION_DAYS` and settled, a bounded batch at a time (spec section 8). Ledgers
 * stay (inbound ids, events, lanes, leads): an id is still recognised, and a sequence goes on.
 */
export const retention = (db: Database) => ({
  /** The next endpoints, deleted ones too, in the order of their ids. */
  async endpoints(after: string | null, limit: number): Promise<string[]> {
    const rows = await db.query<{ id: string }>(
      'select id from endpoints where $1::uuid is null or id > $1 order by id limit $2',
      [after, limit],
    );
    return rows.map(({ id }) => id);
  },

  /** Looks at `limit` deliveries of an endpoint and removes those of them that were settled before `before`. */
  removeDeliveries: (endpointId: string, before: Date, after: Position | null, limit: number): Promise<DeliveryBatch> =>
    db.tx(async (tx) => {
      await tx.query(lockSql);
      const { at, id } = after ?? beforeOldest;
      const [row] = await tx.prepared<BatchRow>('remove-deliveries', removeDeliveriesSql, [
        endpointId,
        before,
        at,
        id,
        limit,
      ]);
      if (row === undefined) throw new Error(`retention of endpoint ${endpointId} gave no row`);
      const { deliveries, attempts, bodies, seen, position_at, position_id } = row;
      return {
        removed: { deliveries, attempts, bodies },
        next: seen < limit ? null : { at: position_at, id: position_id },
      };
    }),

  /** Receipts of mails: but those of a failing episode that goes on, which keep its mail from being sent again. */
  removeReceipts: (before: Date, limit: number): Promise<number> =>
    db.execute(
      `delete from mail_receipts where (mail_id, recipient) in (
         select mail_id, recipient from mail_receipts r where settled_at < $1 and not exists (
           select from endpoints e
            where r.mail_id like 'notice/%' and e.id::text = split_part(r.mail_id, '/', 2)
              and e.episode::text = split_part(r.mail_id, '/', 3) and e.failing_since is not null)
          order by settled_at limit $2)`,
      [before, limit],
    ),

  /** Recoveries that are done. */
  removeJobs: (before: Date, limit: number): Promise<number> =>
    db.execute(
      'delete from recovery_jobs where id in (select id from recovery_jobs where finished_at < $1 order by finished_at limit $2)',
      [before, limit],
    ),

  /** Rows of the audit log. */
  removeAudit: (before: Date, limit: number): Promise<number> =>
    db.execute('delete from audit_log where id in (select id from audit_log where at < $1 order by at limit $2)', [
      before,
      limit,
    ]),
});

export type Retention = ReturnType<typeof retention>;
