import { z } from 'zod';
import { deliveries } from '../db/deliveries.ts';
import { type LeadRow, leads, mostListed } from '../db/leads.ts';
import { leadSubject } from '../domain/ids.ts';
import { type LeadStage, leadStages, leadStatuses } from '../domain/lead.ts';
import { type LeadState, stageOf } from '../domain/lead-state.ts';
import type { Role } from './access/access.ts';
import { moment, organizationPath, uuid, uuidOut } from './schemas/fields.ts';
import { timelineEntry, timelineOf } from './lead-timeline.ts';
import type { ApiDeps, EventsPort } from './api-deps.ts';
import { within } from './unavailable.ts';
import { toJson } from './to-json.ts';
import { deliveryPresenter, deliverySchema } from './schemas/delivery.ts';

export const leadUrl = '/v1/organizations/:organizationId/leads/:leadId';
export const leadPath = organizationPath.extend({ leadId: uuid });

export const leadStage = z.enum(leadStages);
export const leadStatus = z.enum(leadStatuses).nullable();
export const leadMode = z.enum(['prod', 'sandbox']);

/** A lead as the API reads it (spec section 7). */
export const leadSchema = z
  .object({
    lead_id: uuidOut,
    organization_id: uuidOut,
    mode: leadMode.nullable(),
    stage: leadStage,
    lead_status: leadStatus,
    steps: z.array(
      z.object({
        id: uuidOut,
        name: z.string(),
        event: z.string(),
        lead_status: z.string().nullable(),
        outcome: z.string(),
        occurred_at: moment,
        received_at: moment,
      }),
    ),
    conflicts: z.array(z.object({ id: uuidOut, received_at: moment })),
    events: z.array(z.object({ event_id: uuidOut, event: z.string(), occurred_at: moment })),
    deliveries: z.array(deliverySchema),
    timeline: z.array(timelineEntry).meta({ description: 'All that is listed here, by time' }),
    truncated: z.array(z.enum(['steps', 'conflicts', 'deliveries'])).meta({
      description:
        'The lists that hold only the newest entries; `GET …/deliveries?lead_id=` pages through all the deliveries',
    }),
    state: z.record(z.string(), z.unknown()).nullable().meta({
      description:
        "For the operator's key: the live state of the lead's workflow; null when none runs or it does not answer in time. Null for any other key.",
    }),
  })
  .meta({ id: 'Lead' });

/** A live state is a courtesy: the read model answers when the workflow does not (milliseconds). */
const stateTimeoutMs = 1_500;

/**
 * Reads one lead with all that belongs to it; null when it was never heard of. Only the operator sees its `state`:
 * facts and raw scores never leave (spec section 7).
 */
export function leadReader({ config, db, client, log }: Pick<ApiDeps, 'config' | 'db' | 'client' | 'log'>) {
  const repository = leads(db);
  const sent = deliveries(db);
  const presentDelivery = deliveryPresenter(config);
  const liveState = (organizationId: string, leadId: string): Promise<LeadState | null> =>
    stateWithin(client, organizationId, leadId).catch((error: unknown) => {
      log.debug({ err: error, lead_id: leadId }, 'no live state');
      return null;
    });

  return async (organizationId: string, leadId: string, role: Role) => {
    const subject = leadSubject(organizationId, leadId);
    const row = await repository.get(subject);
    const isClosed = row?.stage === 'complete' || row?.stage === 'erased';
    const [steps, conflicts, events, found, live] = await Promise.all([
      repository.stepsOf(subject),
      repository.conflictsOf(subject),
      repository.eventsOf(subject),
      sent.ofSubject(subject),
      isClosed ? null : liveState(organizationId, leadId),
    ]);
    // Between its first event's 202 and the workflow's first publish a lead is in the ledger, or live, only.
    if (row === null && steps.length === 0 && live === null) return null;
    return {
      lead_id: leadId,
      organization_id: organizationId,
      mode: row?.mode ?? live?.mode ?? null,
      stage: stageFor(row, live),
      lead_status: live?.leadStatus ?? row?.lead_status ?? null,
      steps: steps.map(toJson),
      conflicts: conflicts.map(toJson),
      events: events.map(toJson),
      deliveries: found.rows.map(presentDelivery),
      timeline: timelineOf({ steps, conflicts, events, deliveries: found.rows }),
      truncated: [
        ...(steps.length === mostListed ? ['steps' as const] : []),
        ...(conflicts.length === mostListed ? ['conflicts' as const] : []),
        ...(found.isTruncated ? ['deliveries' as const] : []),
      ],
      state: live === null || role !== 'operator' ? null : { ...live },
    };
  };
}

const stateWithin = (client: Pick<EventsPort, 'leadState'>, organizationId: string, leadId: string) =>
  within('temporal', client.leadState(organizationId, leadId), stateTimeoutMs);

// What runs knows better than the read model, which follows it.
const stageFor = (row: LeadRow | null, live: LeadState | null): LeadStage =>
  live === null ? (row?.stage ?? 'new') : stageOf(live);
