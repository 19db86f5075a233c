import { z } from 'zod';
import type { DeliveryView } from '../db/delivery-details.ts';
import type { ConflictRow, EmittedRow, StepRow } from '../db/leads.ts';
import { stepOf, stepWords } from '../domain/step-words.ts';
import { moment, uuidOut } from './schemas/fields.ts';

/** One line of a lead's life; which of the other keys are there depends on `kind`. */
export const timelineEntry = z
  .object({
    at: moment,
    kind: z.enum(['step', 'conflict', 'event', 'attempt', 'delivered', 'abandoned']),
    text: z.string().meta({ description: 'In words', example: 'lead.enriched: attempt 1 answered 200' }),
    step_id: uuidOut.optional(),
    event_id: uuidOut.optional(),
    delivery_id: uuidOut.optional(),
    endpoint_id: uuidOut.optional(),
  })
  .meta({ id: 'TimelineEntry' });
type TimelineEntry = z.infer<typeof timelineEntry>;

interface LeadHistory {
  steps: StepRow[];
  conflicts: ConflictRow[];
  events: EmittedRow[];
  deliveries: DeliveryView[];
}

/** Everything that happened to a lead, in order of time; at one moment, causes before what they caused. */
export function timelineOf({ steps, conflicts, events, deliveries }: LeadHistory): TimelineEntry[] {
  const entries: (Omit<TimelineEntry, 'at'> & { at: Date })[] = [
    ...steps.map((step) => ({
      at: step.received_at,
      kind: 'step' as const,
      text: `${step.event}, step ${wordsOf(step)}: ${step.outcome}`,
      step_id: step.id,
    })),
    ...conflicts.map(({ id, received_at }) => ({
      at: received_at,
      kind: 'conflict' as const,
      text: 'an id came again with other content, and was refused',
      step_id: id,
    })),
    ...events.map(({ event_id, event, occurred_at }) => ({
      at: occurred_at,
      kind: 'event' as const,
      text: `${event} emitted`,
      event_id,
    })),
    ...deliveries.flatMap(linesOf),
  ];
  return entries
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ at, ...entry }) => ({ at: at.toISOString(), ...entry }));
}

const wordsOf = ({ event, lead_status, name }: StepRow): string => {
  const step = stepOf(event, lead_status);
  return step === null ? name : stepWords[step];
};

function linesOf(delivery: DeliveryView): (Omit<TimelineEntry, 'at'> & { at: Date })[] {
  const { id: delivery_id, event_id, endpoint_id, event } = delivery;
  const ids = { event_id, delivery_id, endpoint_id };
  const attempts = delivery.attempts.map((attempt) => ({
    ...ids,
    at: attempt.started_at,
    kind: 'attempt' as const,
    text: `${event}: attempt ${attempt.number} ${attempt.status_code === null ? `failed, ${attempt.error}` : `answered ${attempt.status_code}`}`,
  }));
  if (delivery.status !== 'delivered' && delivery.status !== 'abandoned') return attempts;
  if (delivery.settled_at === null) return attempts;
  const text = delivery.status === 'delivered' ? `${event} delivered` : `${event} abandoned: ${delivery.reason}`;
  return [...attempts, { ...ids, at: delivery.settled_at, kind: delivery.status, text }];
}
