import type { Queryable } from './pool.ts';

/** What one attempt's request was, or the next one's would be, made of. */
export interface DeliveryRequestRow {
  delivery_id: string;
  event_id: string;
  event: string;
  sequence: number;
  /** The frozen bytes. */
  body: string;
  /** The attempt asked for; the delivery's last where none was; null where there is none. */
  attempt_id: string | null;
  number: number | null;
  started_at: Date | null;
  /** It was outside the order: a resend or a recovery. */
  resend: boolean;
  is_settled: boolean;
}

export const deliveryRequest = (db: Queryable) => ({
  /** Null: the organization has no such delivery, or no such attempt of it; or it was erased. */
  async get(
    organizationId: string,
    deliveryId: string,
    attemptId: string | undefined,
  ): Promise<DeliveryRequestRow | null> {
    const [row] = await db.query<DeliveryRequestRow>(
      `select d.id as delivery_id, d.event_id, d.event, d.sequence, b.body, a.id as attempt_id, a.number, a.started_at,
              coalesce(a.resend or (d.recovery_job_id is not null and a.number > d.attempts_before), false) as resend,
              d.status in ('delivered', 'abandoned') as is_settled
         from deliveries d
         join event_bodies b using (event_id)
         left join lateral (select id, number, started_at, resend from attempts
                             where delivery_id = d.id and ($3::uuid is null or id = $3) order by number desc limit 1) a on true
        where d.id = $2 and d.organization_id = $1 and ($3::uuid is null or a.id is not null)`,
      [organizationId, deliveryId, attemptId ?? null],
    );
    return row ?? null;
  },
});
