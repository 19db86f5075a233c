import type { widgets } from '../../db/widgets.ts';
import type { EventsPort } from '../parts.ts';
import { intakeTimeoutMs, temporalTrouble, within } from '../unavailable.ts';
import { type InboundEvent, pathIn } from '../../intake/inbound-event.ts';
import { invalid } from './read-events.ts';

/**
 * Gives every widget event its organization: its own, else that of an earlier event of the request, else the one the widget
 * is registered with, else the one its workflow knows (spec section 2).
 * @throws `invalid_body` naming the events whose organization cannot be known
 */
export async function withOrganizations(
  events: InboundEvent[],
  registered: Pick<ReturnType<typeof widgets>, 'organizationsOf'>,
  client: Pick<EventsPort, 'widgetOrganization'>,
): Promise<InboundEvent[]> {
  const lacking = widgetIdsWithout(events);
  if (lacking.length === 0) return events;
  const known = await registered.organizationsOf(lacking);
  await Promise.all(
    lacking.map(async (widgetId) => {
      if (known.has(widgetId)) return;
      const organizationId = await within('temporal', client.widgetOrganization(widgetId), intakeTimeoutMs).catch(
        temporalTrouble,
      );
      if (organizationId !== null) known.set(widgetId, organizationId);
    }),
  );

  const missing: InboundEvent[] = [];
  const completed = events.map((event) => {
    if (event.parsed.kind === 'lead') return event;
    const { widgetId, step } = event.parsed;
    const organizationId = step.organizationId ?? known.get(widgetId);
    if (organizationId === undefined) {
      missing.push(event);
      return event;
    }
    known.set(widgetId, organizationId);
    return { ...event, parsed: { ...event.parsed, step: { ...step, organizationId } } };
  });
  if (missing.length === 0) return completed;
  throw invalid(
    missing.map((event) => ({
      path: pathIn(event, 'data.object.organizationId'),
      message: 'required while the widget is not registered with an organization',
    })),
  );
}

/** Widgets whose organization neither their event nor an earlier one of the request says. */
function widgetIdsWithout(events: InboundEvent[]): string[] {
  const said = new Set<string>();
  const lacking = new Set<string>();
  for (const { parsed } of events) {
    if (parsed.kind !== 'widget') continue;
    if (parsed.step.organizationId !== undefined) said.add(parsed.widgetId);
    else if (!said.has(parsed.widgetId)) lacking.add(parsed.widgetId);
  }
  return [...lacking];
}
