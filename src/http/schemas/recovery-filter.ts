import { z } from 'zod';
import type { RecoveryFilter } from '../../db/recovery-scope.ts';
import { invalidBody } from '../../errors.ts';
import { eventName } from './event-choice.ts';
import { momentIn, uuid } from './fields.ts';

/** What a recovery may be narrowed by, beside the time of abandonment; an order is kept among what it takes. */
export const recoveryFields = {
  until: momentIn.optional().meta({ description: 'Abandoned then or earlier; now by default' }),
  event: eventName.optional().meta({ description: 'Of this type only' }),
  lead_id: uuid.optional().meta({ description: 'Of this lead only' }),
  created_since: momentIn
    .optional()
    .meta({ description: 'Created then or later, as `since` of the list of deliveries' }),
  created_until: momentIn.optional().meta({ description: 'Created before, as `until` of the list of deliveries' }),
  dry_run: z.boolean().optional().meta({ description: 'Count only: nothing is sent', default: false }),
};

export const abandonedSince = momentIn.meta({ description: 'Abandoned then or later' });

type Given = { since?: string | undefined } & {
  [Name in Exclude<keyof typeof recoveryFields, 'dry_run'>]?: string | undefined;
};

const momentOf = (given: string | undefined): Date | undefined => (given === undefined ? undefined : new Date(given));

/**
 * The filter that a body asks for; its range ends now by default.
 * @throws `invalid_body` when a range is the wrong way round
 */
export function filterOf({ since, until, event, lead_id, created_since, created_until }: Given): RecoveryFilter {
  const abandoned = { since: momentOf(since), until: momentOf(until) ?? new Date() };
  if (abandoned.since !== undefined && abandoned.since > abandoned.until) {
    throw wrongWayRound('since', until === undefined ? 'not in the future' : 'not after until');
  }
  const [createdSince, createdUntil] = [momentOf(created_since), momentOf(created_until)];
  if (createdSince !== undefined && createdUntil !== undefined && createdSince > createdUntil) {
    throw wrongWayRound('created_since', 'not after created_until');
  }
  return { ...abandoned, event, leadId: lead_id, createdSince, createdUntil };
}

const wrongWayRound = (path: string, bound: string) => invalidBody([{ path, message: `expected a time ${bound}` }]);
