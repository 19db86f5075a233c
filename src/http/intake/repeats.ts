import type { inbound, KnownInbound } from '../../db/inbound.ts';
import { ApiError } from '../../errors.ts';
import { type InboundEvent, pathIn } from '../../intake/inbound-event.ts';

/**
 * Tells events that came before from new ones, by the ledger and within the request. The same id with other content refuses
 * the whole request; one that the ledger knows otherwise is recorded as a conflict too.
 * @throws `id_conflict`
 */
export async function newEvents(
  events: InboundEvent[],
  ledger: ReturnType<typeof inbound>,
): Promise<Set<InboundEvent>> {
  const known = await ledger.known(events.map(({ parsed }) => parsed.step.id));
  const fresh = new Set<InboundEvent>();
  const inRequest = new Map<string, string>();
  const conflicts: InboundEvent[] = [];
  const toRecord: KnownInbound[] = [];

  for (const event of events) {
    const { id, fingerprint } = event.parsed.step;
    const inLedger = known.get(id)?.fingerprint;
    const before = inLedger ?? inRequest.get(id);
    if (before === undefined) fresh.add(event);
    else if (before !== fingerprint) {
      conflicts.push(event);
      if (inLedger !== undefined) toRecord.push({ id, fingerprint, subject: event.subject });
    }
    inRequest.set(id, before ?? fingerprint);
  }
  if (conflicts.length === 0) return fresh;
  if (toRecord.length > 0) await ledger.recordConflicts(toRecord);
  throw new ApiError('id_conflict', undefined, {
    issues: conflicts.map((event) => ({ path: pathIn(event, 'id'), message: 'used before with other content' })),
  });
}
