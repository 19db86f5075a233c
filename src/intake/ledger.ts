import type { AcceptedInbound, inbound } from '../db/inbound.ts';
import type { InboundEvent } from './inbound-event.ts';

export type Ledger = Pick<ReturnType<typeof inbound>, 'known' | 'accept' | 'recordConflicts'>;

/**
 * Writes events whose signals are durable to the ledger: after the signal, never before (src/db/inbound.ts). A failure
 * is logged only: the step that applies an event writes its row too, and an early repeat only costs a signal.
 */
export async function remember(
  events: readonly InboundEvent[],
  ledger: Pick<Ledger, 'accept'>,
  log: { warn(fields: object, message: string): void },
): Promise<void> {
  if (events.length === 0) return;
  await ledger
    .accept(events.map(acceptedRow))
    .catch((error: unknown) => log.warn({ err: error }, 'accepted events are not in the ledger yet'));
}

export const recordConflicts = (events: readonly InboundEvent[], ledger: Pick<Ledger, 'recordConflicts'>) =>
  ledger.recordConflicts(
    events.map(({ parsed, subject }) => ({ id: parsed.step.id, fingerprint: parsed.step.fingerprint, subject })),
  );

function acceptedRow({ parsed, subject }: InboundEvent): AcceptedInbound {
  const { id, fingerprint, event, occurredAt } = parsed.step;
  const common = { id, fingerprint, event, occurredAt, subject };
  return parsed.kind === 'lead'
    ? {
        ...common,
        organizationId: parsed.organizationId,
        name: parsed.step.name,
        leadStatus: parsed.step.lead_status ?? null,
      }
    : { ...common, organizationId: parsed.step.organizationId ?? null, name: 'widget', leadStatus: null };
}
