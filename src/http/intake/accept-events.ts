import { inbound } from '../../db/inbound.ts';
import { widgets } from '../../db/widgets.ts';
import type { ApiParts } from '../parts.ts';
import { boundedDatabase, intakeTimeoutMs } from '../unavailable.ts';
import { type InboundEvent, ledgerRow } from '../../intake/inbound-event.ts';
import { IdsUnderWay } from './ids-under-way.ts';
import { readEvents } from './read-events.ts';
import { newEvents } from './repeats.ts';
import { signalEvents } from './signal-events.ts';
import { withOrganizations } from './widget-organizations.ts';

export interface Accepted {
  id: string;
  workflow_id: string;
  duplicate: boolean;
}

/**
 * `POST /v1/events` (spec section 7): the whole request is checked before anything of it is applied; what is answered as
 * accepted is durable in Temporal.
 * @throws `invalid_body`, `id_conflict`; `PartUnavailableError` when a prefix, perhaps an empty one, was applied
 */
export const acceptEvents = ({ db, client, metrics, log }: Pick<ApiParts, 'db' | 'client' | 'metrics' | 'log'>) => {
  const bounded = boundedDatabase(db, intakeTimeoutMs);
  const ledger = inbound(bounded);
  const registered = widgets(bounded);

  // After the signal, never before: see the ledger. The events are durable by now, so trouble here is no reason to refuse
  // them: the step that applies an event writes the row too, and an early repeat only costs a signal.
  const remember = async (events: InboundEvent[]): Promise<void> => {
    if (events.length === 0) return;
    await ledger
      .accept(events.map(ledgerRow))
      .catch((error: unknown) => log.warn({ err: error }, 'accepted events are not in the ledger yet'));
  };

  const accept = async (events: InboundEvent[]): Promise<Accepted[]> => {
    const fresh = await newEvents(events, ledger);
    const complete = await withOrganizations(
      events.filter((event) => fresh.has(event)),
      registered,
      client,
    );
    const { done, failure } = await signalEvents(complete, client);
    await remember(done);
    metrics.inboundEvents.inc({ outcome: 'accepted' }, done.length);
    if (failure !== null) throw failure;
    metrics.inboundEvents.inc({ outcome: 'duplicate' }, events.length - fresh.size);
    return events.map((event) => ({
      id: event.parsed.step.id,
      workflow_id: event.subject,
      duplicate: !fresh.has(event),
    }));
  };

  const underWay = new IdsUnderWay();
  return async (body: unknown): Promise<Accepted[]> => {
    const events = readEvents(body);
    return underWay.run(
      events.map(({ parsed }) => parsed.step.id),
      () => accept(events),
    );
  };
};
