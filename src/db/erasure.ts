import type { Database, Queryable } from './pool.ts';
import type { Wake } from './wakes.ts';

/**
 * Removes what is known of a person (spec section 5, Erase). What stays is a tombstone of ids: the lead's row without state,
 * the ledgers, and the deliveries and attempts without bodies.
 */
export const erasure = (db: Database) => ({
  /**
   * Erases a lead. False when it was never heard of. Safe to repeat, and repeated by the workflow that also removes its
   * histories. The lead's row is written first: a publish that runs at the same time waits for it, and then fails on it.
   */
  erase: (subject: string): Promise<boolean> =>
    db.tx(async (tx) => {
      const erased = await tx.execute(
        `update leads set stage = 'erased', state = null, lead_status = null, updated_at = now() where subject = $1`,
        [subject],
      );
      if (erased === 0) return false;
      await abandonUnsettled(tx, subject);
      await tx.execute(
        `update attempts set response_body = null, error = null
          where delivery_id in (select id from deliveries where subject = $1) and (response_body is not null or error is not null)`,
        [subject],
      );
      await tx.execute('delete from event_bodies where event_id in (select event_id from events where subject = $1)', [
        subject,
      ]);
      return true;
    }),

  /** Recoveries that an erasure took deliveries from: one that sleeps on them would do so for ever. */
  async recoveriesOf(subject: string): Promise<Wake[]> {
    const rows = await db.query<{ runner: string; endpoint_id: string }>(
      `select distinct runner, endpoint_id from deliveries where subject = $1 and reason = 'lead_erased' and runner is not null`,
      [subject],
    );
    return rows.map(({ runner, endpoint_id }) => ({ workflowId: runner, endpointId: endpoint_id }));
  },

  async isKnown(subject: string): Promise<boolean> {
    return (await db.query('select 1 from leads where subject = $1', [subject])).length > 0;
  },
});

const abandonUnsettled = (db: Queryable, subject: string) =>
  db.execute(
    `update deliveries set status = 'abandoned', reason = 'lead_erased', settled_at = now(), next_attempt_at = null, waiting_since = null
      where subject = $1 and status not in ('delivered', 'abandoned')`,
    [subject],
  );

export type Erasure = ReturnType<typeof erasure>;
