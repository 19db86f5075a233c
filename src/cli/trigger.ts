import { randomUUID } from 'node:crypto';
import { type InboundEvent, journey } from '../../dev/demo/journey.ts';
import { usageError } from './errors.ts';
import type { Session } from './session.ts';

interface TriggerOptions {
  lead?: string;
  mode: InboundEvent['mode'];
}

/** The last step of the journey that each event needs. */
const lastSteps: Record<string, number> = {
  'lead.address_preview': 0,
  'lead.enriched': 2,
  'lead.rental_alert': 2,
  'lead.contact_requested': 3,
  journey: 3,
};

/** Hands the steps of a lead to the service, as a backend does. Which events they make due is the service's to say. */
export async function trigger(session: Session, event: string, { lead, mode }: TriggerOptions): Promise<void> {
  const { api, out } = session;
  const last = lastSteps[event];
  if (last === undefined) {
    throw usageError(`${event} cannot be triggered: expected ${Object.keys(lastSteps).join(', ')}.`);
  }
  const organizationId = await session.organization();
  const leadId = lead ?? randomUUID();
  const steps = journey({ leadId, organizationId, mode });
  const first = lead === undefined || event === 'journey' ? 0 : last;
  for (const { says, make } of steps.slice(first, last + 1)) {
    await api.call('POST', '/v1/events', { body: make() });
    out.note(`The lead ${says}.`);
  }
  const done = { lead_id: leadId, organization_id: organizationId, mode, steps: last + 1 - first };
  out.thing(done, Object.entries(done));
  out.hint(`spark360 leads show ${leadId}`);
}
