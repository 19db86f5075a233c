import type { AttemptResult } from '../domain/outcome.ts';
import type { Wake } from '../domain/wake.ts';
import { abandon } from './abandon.ts';
import { lockEndpointOf } from './endpoint-lock.ts';
import { workflowOf } from './lane-order.ts';
import type { Database } from './pool.ts';
import { ofDelivery, type Sendable, sendableColumns, sendableFrom } from './sendable.ts';

/** A request that was sent again by hand. */
export interface ResentAttempt {
  id: string;
  number: number;
  /** How long ago it began, by this process's steady clock (milliseconds). */
  ageMs: number;
  result: AttemptResult;
  delivered: boolean;
}

const workflowSql = `
  select ${workflowOf} as workflow_id, d.endpoint_id from deliveries d
   where d.id = $1 and d.status not in ('delivered', 'abandoned')`;

const requestSkipSql = `
  update deliveries set skip_requested = true where id = $1 and status not in ('delivered', 'abandoned')`;

const resendNumberSql = `
  select d.attempt + 1 as number from deliveries d join event_bodies b using (event_id) join endpoints p on p.id = d.endpoint_id
   where d.id = $1 and p.deleted_at is null
     and (d.status = 'delivered' or (d.status = 'abandoned' and d.reason <> 'lead_erased'))`;

const beginResendSql = `
  update deliveries d set attempt = $2::int
    from ${sendableFrom}
   where d.id = $1 and d.attempt <= $2::int and ${ofDelivery} and p.deleted_at is null
     and d.status in ('delivered', 'abandoned') and d.reason is distinct from 'lead_erased'
     and not exists (select from attempts a where a.delivery_id = $1 and a.number = $2::int)
  returning ${sendableColumns}`;

// Not logged when the lead was erased since, and its bytes are gone: nothing the partner answered may be kept then.
const recordResendSql = `
  with logged as (
    insert into attempts (id, delivery_id, number, resend, started_at, duration_ms, status_code, error_class, error, response_body)
    select $1, $2, $3, true, clock_timestamp() - make_interval(secs => $4 / 1000.0), $5, $6, $7, $8, $9 from deliveries
     where id = $2 and exists (select from event_bodies b where b.event_id = deliveries.event_id)
    on conflict (delivery_id, number) do nothing),
  moved as (
    update deliveries set attempt = greatest(attempt, $3),
           status = case when $10 then 'delivered' else status end,
           reason = case when $10 then null else reason end,
           delivered_at = case when $10 then coalesce(delivered_at, now()) else delivered_at end
     where id = $2 and status in ('delivered', 'abandoned') and reason is distinct from 'lead_erased')
  update endpoints set failing_since = null, recovered_at = now(), abandoned_in_row = 0
   where id = $11 and $10 and failing_since is not null`;

/** What an operator does to one delivery: skip it, or send it again (spec section 5). */
export const manualDelivery = (db: Database) => ({
  /** The workflow that works an unsettled delivery; null: it is settled. */
  async workflowOf(deliveryId: string): Promise<Wake | null> {
    const [row] = await db.query<{ workflow_id: string; endpoint_id: string }>(workflowSql, [deliveryId]);
    return row === undefined ? null : { workflowId: row.workflow_id, endpointId: row.endpoint_id };
  },

  /** Abandons a delivery as `skipped`; one under way after its answer, unless that is 2xx. False: it is settled. */
  skip: (deliveryId: string): Promise<boolean> =>
    db.tx(async (tx) => {
      await lockEndpointOf(tx, deliveryId);
      if ((await tx.execute(requestSkipSql, [deliveryId])) > 0) {
        await abandon(tx, 'skipped', `id = $2 and status <> 'delivering'`, [deliveryId]);
        return true;
      }
      const skipped = await tx.query(`select from deliveries where id = $1 and reason = 'skipped'`, [deliveryId]);
      return skipped.length > 0;
    }),

  /** The number of the attempt that a resend would be; null: it is unsettled, erased, or its bytes are gone. */
  async resendNumber(deliveryId: string): Promise<number | null> {
    const [row] = await db.query<{ number: number }>(resendNumberSql, [deliveryId]);
    return row?.number ?? null;
  },

  /**
   * Takes the number for a resend and gives what to send; null: it was made already, or a recovery took the
   * delivery or the number. A later recovery goes on with the next number.
   */
  async beginResend(deliveryId: string, number: number): Promise<Sendable | null> {
    const [row] = await db.query<Sendable>(beginResendSql, [deliveryId, number]);
    return row ?? null;
  },

  /** Logs a resend. A success makes the delivery delivered and ends the failing episode; a failure changes nothing. */
  recordResend: (
    { deliveryId, endpointId }: Pick<Sendable, 'deliveryId' | 'endpointId'>,
    { id, number, ageMs, result, delivered }: ResentAttempt,
  ) =>
    db.execute(recordResendSql, [
      id,
      deliveryId,
      number,
      ageMs,
      Math.round(result.durationMs),
      result.statusCode,
      result.error?.class ?? null,
      result.error?.message ?? null,
      result.responseBody,
      delivered,
      endpointId,
    ]),
});

export type ManualDelivery = ReturnType<typeof manualDelivery>;
