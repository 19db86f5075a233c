import type { Erasure } from '../src/db/erasure.ts';
import type { outbox } from '../src/db/outbox.ts';
import type { Wake } from '../src/db/wakes.ts';
import { leadSubject } from '../src/domain/ids.ts';
import type { Histories } from '../src/temporal/histories.ts';

export interface EraseParts {
  erasure: Erasure;
  histories: Histories;
  outbox: Pick<ReturnType<typeof outbox>, 'eraseLead'>;
  /** Signals a workflow that its lane may look again; one that has ended is no error. */
  wake: (wake: Wake) => Promise<void>;
}

export interface EraseInput {
  organizationId: string;
  leadId: string;
}

/** Steps of an erasure, each safe to repeat. */
export const eraseActivities = ({ erasure, histories, outbox, wake }: EraseParts) => ({
  async eraseRows({ organizationId, leadId }: EraseInput): Promise<void> {
    const subject = leadSubject(organizationId, leadId);
    await erasure.erase(subject);
    await outbox.eraseLead(subject, leadId);
    await Promise.all((await erasure.recoveriesOf(subject)).map(wake));
  },

  /** Gives how many runs there were: one that was just removed may be counted again. */
  eraseHistories: ({ organizationId, leadId }: EraseInput): Promise<number> =>
    histories.removeAll(leadSubject(organizationId, leadId)),
});

export type EraseActivities = ReturnType<typeof eraseActivities>;
