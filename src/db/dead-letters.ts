import type { InputIssue } from '../errors.ts';
import type { Queryable } from './pool.ts';

/** An inbound event of the outbox that can never be relayed as it is. */
export interface DeadLetterRow {
  /** A bigint, as text. */
  id: string;
  subject: string;
  reason: string;
  issues: InputIssue[];
  published_at: Date;
  created_at: Date;
  replayed_at: Date | null;
  /** What became of the replay: null while it waits for the relay, or when there is none. */
  replay_outcome: string | null;
}

export interface DeadLetter extends DeadLetterRow {
  /** As the backend wrote it; null once its replay was accepted. */
  event: unknown;
}

const columns = `l.id::text, l.subject, l.reason, l.issues, l.published_at, l.created_at, l.replayed_at,
  (select o.outcome from spark360.outbox o where o.id = l.replayed_as) as replay_outcome`;

/** Dead letters, in the database of the outbox. */
export const deadLetters = (db: Queryable) => ({
  /** Newest first, before the id `before`; `open`: those not replayed. Up to one more than `limit`. */
  list: (open: boolean, before: string | null, limit: number): Promise<DeadLetterRow[]> =>
    db.query<DeadLetterRow>(
      `select ${columns} from spark360.outbox_dead_letters l
        where ${open ? 'l.replayed_at is null' : 'true'} and ($1::bigint is null or l.id < $1)
        order by l.id desc limit $2`,
      [before, limit + 1],
    ),

  async get(id: string): Promise<DeadLetter | null> {
    const [row] = await db.query<DeadLetter>(
      `select ${columns}, l.event from spark360.outbox_dead_letters l where l.id = $1`,
      [id],
    );
    return row ?? null;
  },

  /** Puts it, or `fixed` in its place, into the outbox again; a second call changes nothing. */
  replay: (id: string, fixed: unknown): Promise<unknown> =>
    db.query('select spark360.replay($1::bigint, $2::jsonb)', [id, fixed === undefined ? null : JSON.stringify(fixed)]),
});
