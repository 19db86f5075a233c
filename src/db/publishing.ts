import type { OpenDelivery } from '../domain/lanes.ts';
import { type Claim, inbound } from './inbound.ts';
import { type ContextRequest, leadContext } from './lead-context.ts';
import type { Queryable } from './pool.ts';
import { publish, type PublishStatement } from './publish-statement.ts';

/** The cause of every lead event: a lead emits each type once in its life. A widget's cause is the inbound id. */
export const onceInALife = 'once';

/** The hot path of emission: one read, one write. */
export const publishing = (db: Queryable) => ({
  leadContext: (asked: ContextRequest) => leadContext(db, asked),

  /** Applies a batch of steps and gives the new deliveries, or throws a constraint violation and applies nothing. */
  publish: (statement: PublishStatement): Promise<OpenDelivery[]> => publish(db, statement),

  /** The same id with other content: never applied, and visible in the lead's timeline. */
  recordConflict: (id: string, fingerprint: string, subject: string) =>
    inbound(db).recordConflicts([{ id, fingerprint, subject }]),

  /** Records by id what is not applied: events of an erased lead (spec section 5, Erase), or refused ones. */
  recordDropped: (subject: string, claims: Omit<Claim, 'outcome'>[], outcome: 'erased' | 'refused') =>
    inbound(db).recordDropped(claims.map((claim) => ({ ...claim, subject, outcome }))),

  /** Stores the merged state at a run's close; a later step starts a fresh run, which loads it. */
  storeLead: (subject: string, state: Buffer) =>
    db.execute(
      `update leads set state = $2, stage = 'complete', updated_at = now() where subject = $1 and stage <> 'erased'`,
      [subject, state],
    ),
});

export type Publishing = ReturnType<typeof publishing>;
