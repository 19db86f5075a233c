import type { AcceptedInbound } from '../db/inbound.ts';
import { leadSubject, widgetSubject } from '../domain/ids.ts';
import type { ParsedEvent } from '../schemas/inbound.ts';

/** One event of a request: what it says, what it is ordered by, and how errors name it. */
export interface InboundEvent {
  parsed: ParsedEvent;
  subject: string;
  /** `[2]` in an array, empty for a single event. */
  place: string;
}

export const inboundEvent = (parsed: ParsedEvent, place: string): InboundEvent => ({
  parsed,
  place,
  subject: parsed.kind === 'lead' ? leadSubject(parsed.organizationId, parsed.leadId) : widgetSubject(parsed.widgetId),
});

/** The path of a field of this event as errors name it. */
export const pathIn = ({ place }: Pick<InboundEvent, 'place'>, path: string): string =>
  place === '' ? path : path === '$' ? place : `${place}.${path}`;

/** The ledger's row of an event whose signal is durable. */
export function ledgerRow({ parsed, subject }: InboundEvent): AcceptedInbound {
  const { id, fingerprint, event, occurredAt } = parsed.step;
  return {
    id,
    fingerprint,
    subject,
    organizationId: (parsed.kind === 'lead' ? parsed.organizationId : parsed.step.organizationId) ?? null,
    event,
    occurredAt,
    name: parsed.kind === 'lead' ? parsed.step.name : 'widget',
    leadStatus: (parsed.kind === 'lead' ? parsed.step.lead_status : undefined) ?? null,
  };
}
