import { leadSubject } from '../domain/ids.ts';
import { abandon } from './abandon.ts';
import type { Database } from './pool.ts';
import type { Wake } from '../domain/wake.ts';

/**
 * Removes what is known of a person (spec section 5, Erase). A tombstone of ids stays: the lead's row
 * without state, the ledgers, and deliveries and attempts without bodies.
 */
export const erasure = (db: Database) => ({
  /**
   * Erases a lead, applied or not; safe to repeat. The lead's row is written first: a publish at the same
   * time waits for it and then fails on it, and a later step finds the tombstone.
   */
  erase: ({ organizationId, leadId }: { organizationId: string; leadId: string }): Promise<void> =>
    db.tx(async (tx) => {
      const subject = leadSubject(organizationId, leadId);
      await tx.execute(
        `insert into leads (subject, organization_id, lead_id, stage) values ($1, $2, $3, 'erased')
         on conflict (subject) do update set stage = 'erased', state = null, lead_status = null, updated_at = now()`,
        [subject, organizationId, leadId],
      );
      await abandon(tx, 'lead_erased', 'subject = $2', [subject]);
      await tx.execute(
        `update attempts set response_body = null, error = null
          where delivery_id in (select id from deliveries where subject = $1) and (response_body is not null or error is not null)`,
        [subject],
      );
      await tx.execute(
        `delete from listener_requests where headers ->> 'webhook-id' in (select event_id::text from events where subject = $1)`,
        [subject],
      );
      await tx.execute('delete from event_bodies where event_id in (select event_id from events where subject = $1)', [
        subject,
      ]);
    }),

  /** Recoveries that an erasure took deliveries from: one that sleeps on them would do so for ever. */
  async recoveriesOf(subject: string): Promise<Wake[]> {
    const rows = await db.query<{ workflow_id: string; endpoint_id: string }>(
      `select distinct workflow_id, endpoint_id from deliveries where subject = $1 and reason = 'lead_erased' and workflow_id is not null`,
      [subject],
    );
    return rows.map(({ workflow_id, endpoint_id }) => ({ workflowId: workflow_id, endpointId: endpoint_id }));
  },

  /** Whether a step of the lead was accepted, refused as a conflict, or applied. */
  async isKnown(subject: string): Promise<boolean> {
    const [row] = await db.query<{ known: boolean }>(
      `select exists (select from leads where subject = $1) or exists (select from inbound_events where subject = $1)
           or exists (select from inbound_conflicts where subject = $1) as known`,
      [subject],
    );
    return row?.known ?? false;
  },
});

export type Erasure = ReturnType<typeof erasure>;
