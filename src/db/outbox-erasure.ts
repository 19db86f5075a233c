import type { Queryable } from './pool.ts';

// From a fixed row back to what it was replayed from, over as many fixes as it took.
const rowsOfLead = `
  with recursive named as (
    select id from spark360.outbox
     where subject = $1 or (subject like 'malformed/%' and position($2 in lower(event::text)) > 0)
  ), letters as (
    select l.id, l.outbox_id from spark360.outbox_dead_letters l
     where l.subject = $1 or position($2 in lower(l.event::text)) > 0 or l.replayed_as in (select id from named)
    union
    select l.id, l.outbox_id from spark360.outbox_dead_letters l join letters later on l.replayed_as = later.outbox_id
  )`;

const knowsLeadSql = `${rowsOfLead}
  select exists (select from named) or exists (select from letters) as known`;

const eraseLeadSql = `${rowsOfLead}, rows_gone as (
    delete from spark360.outbox where id in (select id from named union all select outbox_id from letters) returning 1
  ), letters_gone as (
    delete from spark360.outbox_dead_letters where id in (select id from letters) returning 1
  )
  select ((select count(*) from rows_gone) + (select count(*) from letters_gone))::int as count`;

/** What the outbox holds of one lead. */
export const outboxErasure = (db: Queryable) => ({
  /** Whether a row or a dead letter is the lead's, or names it without being understood. */
  async knowsLead(subject: string, leadId: string): Promise<boolean> {
    const [row] = await db.query<{ known: boolean }>(knowsLeadSql, [subject, leadId]);
    return row?.known ?? false;
  },

  /**
   * Removes every row and dead letter of a lead, also where a malformed event names it; gives how many.
   * Waits for no relay: a row that is being relayed meets the lead's tombstone.
   */
  async eraseLead(subject: string, leadId: string): Promise<number> {
    const [erased] = await db.query<{ count: number }>(eraseLeadSql, [subject, leadId]);
    return erased?.count ?? 0;
  },
});
