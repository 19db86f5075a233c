import type { widgets } from '../db/widgets.ts';
import type { InputIssue } from '../errors.ts';
import type { InboundEvent } from './inbound-event.ts';

export const organizationUnknown: InputIssue = {
  path: 'data.object.organizationId',
  message: 'required while the widget is not registered with an organization',
};

export interface OrganizationLookups {
  registered: Pick<ReturnType<typeof widgets>, 'organizationsOf'>;
  client: { widgetOrganization(widgetId: string): Promise<string | null> };
}

/**
 * The organization of widget events that do not say it: that of an earlier event, else the one the widget is registered
 * with, else the one its workflow knows (spec section 2).
 */
export class WidgetOrganizations {
  readonly #lookups: OrganizationLookups;
  readonly #known = new Map<string, string>();

  constructor(lookups: OrganizationLookups) {
    this.#lookups = lookups;
  }

  /** Looks up what `complete` will need for these events. */
  async find(events: Iterable<InboundEvent>): Promise<void> {
    const lacking = this.#lacking(events);
    if (lacking.length === 0) return;
    const registered = await this.#lookups.registered.organizationsOf(lacking);
    await Promise.all(
      lacking.map(async (widgetId) => {
        const found = registered.get(widgetId) ?? (await this.#lookups.client.widgetOrganization(widgetId));
        if (found !== null) this.#known.set(widgetId, found);
      }),
    );
  }

  /** The event with its organization, in the events' order; null when that cannot be known. */
  complete(event: InboundEvent): InboundEvent | null {
    const { parsed } = event;
    if (parsed.kind === 'lead') return event;
    const organizationId = parsed.step.organizationId ?? this.#known.get(parsed.widgetId);
    if (organizationId === undefined) return null;
    this.#known.set(parsed.widgetId, organizationId);
    return { ...event, parsed: { ...parsed, step: { ...parsed.step, organizationId } } };
  }

  /** Widgets whose organization neither their event nor an earlier one says. */
  #lacking(events: Iterable<InboundEvent>): string[] {
    const said = new Set(this.#known.keys());
    const lacking = new Set<string>();
    for (const { parsed } of events) {
      if (parsed.kind === 'lead') continue;
      if (parsed.step.organizationId !== undefined) said.add(parsed.widgetId);
      else if (!said.has(parsed.widgetId)) lacking.add(parsed.widgetId);
    }
    return [...lacking];
  }
}
