import type { Erasure } from '../src/db/erasure.ts';
import type { Outbox } from '../src/db/outbox.ts';
import type { Wake } from '../src/domain/wake.ts';
import { leadSubject } from '../src/domain/ids.ts';

export interface EraseDeps {
  erasure: Erasure;
  /** Removes the history of every run of a workflow id; gives how many there were. */
  histories: { removeAll(workflowId: string): Promise<number> };
  outbox: Pick<Outbox, 'eraseLead'>;
  /** Signals a workflow that its lane is to ask again; one that has ended is no error. */
  wakeIfRunning: (wake: Wake) => Promise<void>;
}

export interface EraseInput {
  organizationId: string;
  leadId: string;
}

/** Steps of an erasure, each safe to repeat, and each by itself: a database that is away holds up its own step only. */
export const eraseActivities = ({ erasure, histories, outbox, wakeIfRunning }: EraseDeps) => ({
  async eraseRows(lead: EraseInput): Promise<void> {
    await erasure.erase(lead);
    const recoveries = await erasure.recoveriesOf(leadSubject(lead.organizationId, lead.leadId));
    await Promise.all(recoveries.map(wakeIfRunning));
  },

  /** Rows and dead letters of the outbox, which may be in the backend's own database. */
  async eraseOutbox({ organizationId, leadId }: EraseInput): Promise<void> {
    await outbox.eraseLead(leadSubject(organizationId, leadId), leadId);
  },

  /** Gives how many runs there were: one that was just removed may be counted again. */
  eraseHistories: ({ organizationId, leadId }: EraseInput): Promise<number> =>
    histories.removeAll(leadSubject(organizationId, leadId)),
});

export type EraseActivities = ReturnType<typeof eraseActivities>;
