import type { Queryable } from './pool.ts';

const removeFrom = (
  db: Queryable,
  table: 'outbox' | 'outbox_dead_letters',
  since: 'done_at' | 'replayed_at' | 'created_at',
  keepMs: number,
  most: number,
  condition = 'true',
): Promise<number> =>
  db.execute(
    `delete from spark360.${table} where id in (
       select id from spark360.${table} where ${since} < now() - $1 * interval '1 millisecond' and ${condition}
        order by ${since} limit $2 for update skip locked)`,
    [keepMs, most],
  );

/** Removes from the outbox what is no longer needed. */
export const outboxRetention = (db: Queryable) => ({
  /** Removes up to `most` rows each that were done, or replayed, longer than `keepMs` ago; gives how many. */
  async removeDone(keepMs: number, most: number): Promise<number> {
    return (
      (await removeFrom(db, 'outbox', 'done_at', keepMs, most)) +
      (await removeFrom(db, 'outbox_dead_letters', 'replayed_at', keepMs, most))
    );
  },

  /**
   * Takes the payload from dead letters whose replay was accepted; gives how many. The rest of the row stays
   * for a while, so that a second replay changes nothing. A replay that is a dead letter again takes nothing.
   */
  forgetReplayed: (): Promise<number> =>
    db.execute(
      `update spark360.outbox_dead_letters l set event = 'null' from spark360.outbox o
        where o.id = l.replayed_as and o.outcome in ('signalled', 'duplicate') and l.event <> 'null'`,
    ),

  /** Removes up to `most` dead letters that were not replayed for `keepMs`; gives their number. */
  removeAbandoned: (keepMs: number, most: number): Promise<number> =>
    removeFrom(db, 'outbox_dead_letters', 'created_at', keepMs, most, 'replayed_at is null'),
});
