import { inbound } from '../db/inbound.ts';
import { widgets } from '../db/widgets.ts';
import { ApiError, InvalidEventError, DependencyUnavailableError } from '../errors.ts';
import { IdsUnderWay } from '../intake/ids-under-way.ts';
import { type InboundEvent, issueOf, readEvent, readEvents } from '../intake/inbound-event.ts';
import { type Ledger, recordConflicts, remember } from '../intake/ledger.ts';
import { usedBefore, withoutRepeats } from '../intake/repeats.ts';
import { signalEvents } from '../intake/signal-events.ts';
import { type OrganizationLookups, organizationUnknown, WidgetOrganizations } from '../intake/widget-organizations.ts';
import type { ParsedEvent } from '../schemas/inbound.ts';
import type { ApiDeps, EventsPort } from './api-deps.ts';
import { boundedDatabase, intakeTimeoutMs, temporalWithin } from './unavailable.ts';

export const maxEventsPerRequest = 100;
/** All signals of one request together (milliseconds): what is not durable by then, the caller sends again. */
const budgetMs = 10_000;

export interface Accepted {
  id: string;
  workflow_id: string;
  duplicate: boolean;
}

/**
 * `POST /v1/events` (spec section 7): the whole request is checked before anything of it is applied; what is answered
 * as accepted is durable in Temporal.
 * @throws `InvalidEventError`, `id_conflict`; `DependencyUnavailableError` when a prefix, perhaps an empty one, was
 *   applied
 */
export const acceptEvents = ({ db, client, metrics, log }: Pick<ApiDeps, 'db' | 'client' | 'metrics' | 'log'>) => {
  const bounded = boundedDatabase(db, intakeTimeoutMs);
  const ledger = inbound(bounded);
  const widgetOrganization = (id: string) => temporalWithin(client.widgetOrganization(id), intakeTimeoutMs);
  const lookups: OrganizationLookups = { registered: widgets(bounded), client: { widgetOrganization } };

  const accept = async (events: InboundEvent[]): Promise<Accepted[]> => {
    const { fresh, overdue } = await withoutDuplicates(events, ledger);
    const wanted = events.filter((event) => fresh.has(event) || overdue.has(event));
    const complete = await withOrganizations(wanted, lookups);
    const { done, failure } = await signalEvents(complete, signalUntil(Date.now() + budgetMs, client));
    await remember([...done], ledger, log);
    metrics.inboundEvents.inc({ outcome: 'accepted' }, done.size);
    if (failure !== null) throw failure.error;
    metrics.inboundEvents.inc({ outcome: 'duplicate' }, events.length - wanted.length);
    return events.map((event) => ({
      id: event.parsed.step.id,
      workflow_id: event.subject,
      duplicate: !fresh.has(event),
    }));
  };

  const underWay = new IdsUnderWay();
  return async (body: unknown): Promise<Accepted[]> => {
    const events = readBody(body);
    return underWay.run(
      events.map(({ parsed }) => parsed.step.id),
      () => accept(events),
    );
  };
};

/** One event, or an array of 1 to 100. */
function readBody(body: unknown): InboundEvent[] {
  if (!Array.isArray(body)) return [readEvent(body)];
  if (body.length > 0 && body.length <= maxEventsPerRequest) return readEvents(body);
  throw new InvalidEventError([{ path: '$', message: `expected 1 to ${maxEventsPerRequest} events` }]);
}

/**
 * One conflict refuses the whole request; an id that the ledger knows with other content is recorded as a conflict too.
 */
async function withoutDuplicates(events: InboundEvent[], ledger: Ledger) {
  const known = await ledger.known(events.map(({ parsed }) => parsed.step.id));
  const { conflicts, ...rest } = withoutRepeats(events, known);
  if (conflicts.length === 0) return rest;
  const inLedger = conflicts.filter(({ parsed }) => known.has(parsed.step.id));
  if (inLedger.length > 0) await recordConflicts(inLedger, ledger);
  throw new ApiError('id_conflict', undefined, { issues: conflicts.map((event) => issueOf(event, usedBefore)) });
}

async function withOrganizations(events: InboundEvent[], lookups: OrganizationLookups): Promise<InboundEvent[]> {
  const organizations = new WidgetOrganizations(lookups);
  await organizations.find(events);
  const completed = events.map((event) => ({ event, complete: organizations.complete(event) }));
  const unknown = completed.filter(({ complete }) => complete === null);
  if (unknown.length > 0) throw new InvalidEventError(unknown.map(({ event }) => issueOf(event, organizationUnknown)));
  return completed.flatMap(({ complete }) => complete ?? []);
}

const signalUntil = (deadline: number, client: Pick<EventsPort, 'signal'>) => async (event: ParsedEvent) => {
  const leftMs = deadline - Date.now();
  if (leftMs <= 0)
    throw new DependencyUnavailableError('temporal', `the signals of the request took longer than ${budgetMs} ms`);
  await temporalWithin(client.signal(event), Math.min(leftMs, intakeTimeoutMs));
};
