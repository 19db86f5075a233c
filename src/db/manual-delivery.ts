import type { AttemptResult } from '../domain/outcome.ts';
import { lockEndpointOf } from './endpoint-lock.ts';
import type { Database } from './pool.ts';
import { type Sendable, type SendableRow, sendableColumns, sendableFrom, toSendable } from './sendable.ts';
import type { Wake } from '../domain/wake.ts';

/** What an operator does to one delivery: skip it, or send it again (spec section 5). */
export const manualDelivery = (db: Database) => ({
  /** The workflow that works an unsettled delivery; null: it is settled. */
  async workflowOf(deliveryId: string): Promise<Wake | null> {
    const [row] = await db.query<{ workflow_id: string; endpoint_id: string }>(
      `select coalesce(runner, subject) as workflow_id, endpoint_id from deliveries
        where id = $1 and status not in ('delivered', 'abandoned')`,
      [deliveryId],
    );
    return row === undefined ? null : { workflowId: row.workflow_id, endpointId: row.endpoint_id };
  },

  /** Abandons an unsettled delivery as `skipped`; one under way after its answer, unless that is 2xx. False: it is settled. */
  skip: (deliveryId: string): Promise<boolean> =>
    db.tx(async (tx) => {
      await lockEndpointOf(tx, deliveryId);
      const skipped = await tx.execute(
        `update deliveries set
            skip_requested = true,
            status = case when status = 'delivering' then status else 'abandoned' end,
            reason = case when status = 'delivering' then null else 'skipped' end,
            settled_at = case when status = 'delivering' then null else now() end,
            next_attempt_at = null
          where id = $1 and status not in ('delivered', 'abandoned')`,
        [deliveryId],
      );
      if (skipped > 0) return true;
      return (await tx.query(`select 1 from deliveries where id = $1 and reason = 'skipped'`, [deliveryId])).length > 0;
    }),

  /** The number of the attempt that a resend would be; null when the delivery cannot be sent again: unsettled, erased, or its bytes are gone. */
  async resendNumber(deliveryId: string): Promise<number | null> {
    const [row] = await db.query<{ number: number }>(
      `select d.attempt + 1 as number from deliveries d join event_bodies b using (event_id) join endpoints p on p.id = d.endpoint_id
        where d.id = $1 and p.deleted_at is null
          and (d.status = 'delivered' or (d.status = 'abandoned' and d.reason <> 'lead_erased'))`,
      [deliveryId],
    );
    return row?.number ?? null;
  },

  /**
   * Takes the number for a resend and gives what it sends; null when it was made already, or can no longer be: a recovery took
   * the delivery up, or the number, in between. From here on a recovery that takes the delivery up goes on with the next number; a repeat
   * after a crash finds its own.
   */
  async beginResend(deliveryId: string, number: number): Promise<Sendable | null> {
    const [row] = await db.query<SendableRow>(
      `with taken as (
         update deliveries set attempt = $2::int
          where id = $1 and attempt <= $2::int
            and status in ('delivered', 'abandoned') and reason is distinct from 'lead_erased'
            and not exists (select from attempts a where a.delivery_id = $1 and a.number = $2::int)
         returning *)
       select ${sendableColumns} from taken d ${sendableFrom} where p.deleted_at is null`,
      [deliveryId, number],
    );
    return row === undefined ? null : toSendable(row);
  },

  /** Logs a resend, unless the lead was erased since, and its bytes are gone: nothing the partner answered may be kept then. A success makes an abandoned delivery delivered and ends the failing episode, a failure changes nothing. */
  recordResend: (
    delivery: Pick<Sendable, 'deliveryId' | 'endpointId'>,
    attempt: { id: string; number: number; ageMs: number; result: AttemptResult; delivered: boolean },
  ) =>
    db.execute(
      `with logged as (
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
        where id = $11 and $10 and failing_since is not null`,
      [
        attempt.id,
        delivery.deliveryId,
        attempt.number,
        attempt.ageMs,
        Math.round(attempt.result.durationMs),
        attempt.result.statusCode,
        attempt.result.error?.class ?? null,
        attempt.result.error?.message ?? null,
        attempt.result.responseBody,
        attempt.delivered,
        delivery.endpointId,
      ],
    ),
});

export type ManualDelivery = ReturnType<typeof manualDelivery>;
