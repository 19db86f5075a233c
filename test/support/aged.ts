import type { Queryable } from '../../src/db/pool.ts';

/** Moves what is known of a lead's deliveries `days` into the past: the only thing that is faked is the clock. */
export async function age(db: Queryable, leadId: string, days: number): Promise<void> {
  const back = `- make_interval(days => $2)`;
  await db.execute(
    `update attempts set started_at = started_at ${back} where delivery_id in (select id from deliveries where lead_id = $1)`,
    [leadId, days],
  );
  await db.execute(
    `update deliveries set created_at = created_at ${back}, settled_at = settled_at ${back} where lead_id = $1`,
    [leadId, days],
  );
}
