import type { Admission } from '../domain/admission.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Queryable } from './pool.ts';

// A lost attempt that may not be repeated now gives its number back.
const holdSql = `
  update deliveries set status = 'held', next_attempt_at = null, waiting_since = null, called_at = null,
         attempt = case when status = 'delivering' then attempt - 1 else attempt end
   where id = $1`;
// An erasure takes no lock of the endpoint: what it settled meanwhile must not be left in line. Gives how many stood there before.
const waitSql = `
  with lined_up as (
    update deliveries set waiting_since = coalesce(waiting_since, now()), called_at = null, next_attempt_at = null,
           status = case when status = 'held' then 'pending' else status end
     where id = $1 and status not in ('delivered', 'abandoned') returning endpoint_id)
  select count(*)::int as before from (
    select from deliveries d where d.endpoint_id = (select endpoint_id from lined_up) and d.id <> $1
       and d.waiting_since is not null limit 3600) w`;
/** Who waits is called; so long it waits at the most for a call that was lost with the process that owed it (milliseconds). */
const lookAgainMs = 120_000;
/** In a crowd somebody looks soon, and calls go on from there: each looks so much later for each other one (milliseconds). */
const lookAgainPerOtherMs = 1_000;

/** Puts a delivery in line, and gives when it should look again by itself. */
async function lineUp(db: Queryable, deliveryId: string): Promise<number> {
  const [row] = await db.prepared<{ before: number }>('line-up', waitSql, [deliveryId]);
  return lookAgainMs + lookAgainPerOtherMs * (1 + (row?.before ?? 0));
}

const abandonSql = `
  update deliveries set status = 'abandoned', reason = $2, settled_at = now(), next_attempt_at = null, waiting_since = null
   where id = $1`;

/** Writes what was decided, when nothing is to be sent; gives it as an outcome. */
export async function turnAway(
  db: Queryable,
  admission: Exclude<Admission, { kind: 'send' | 'elsewhere' }>,
  deliveryId: string,
): Promise<Outcome> {
  switch (admission.kind) {
    case 'recorded':
      return admission.outcome;
    case 'abandon':
      await db.execute(abandonSql, [deliveryId, admission.reason]);
      return { kind: 'abandoned', reason: admission.reason };
    case 'hold':
      await db.execute(holdSql, [deliveryId]);
      return { kind: 'held' };
    case 'wait':
    case 'paced':
      return { kind: 'waiting', lookAgainMs: await lineUp(db, deliveryId) };
  }
}
