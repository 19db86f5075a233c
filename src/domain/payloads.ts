import { leadStatusOf } from './event-table.ts';
import { omitNullish } from './omit-nullish.ts';
import type { EventType, LeadEventType, LeadFacts, Property } from './lead.ts';
import { salesHacks } from './sales-hacks.ts';
import { spark360Scores } from './scores.ts';
import {
  type PublishingContext,
  sourceTrackingOf,
  type RegisteredWidget,
  widgetReferenceOf,
} from './source-tracking.ts';
import type { WidgetChange } from './widget-state.ts';

export type { PublishingContext, RegisteredWidget } from './source-tracking.ts';

/** The `data` of a lead event (spec section 3). What is not known is left out; nothing in it is null. */
export function leadEventData(
  type: LeadEventType,
  leadId: string,
  facts: LeadFacts,
  context: PublishingContext,
): Record<string, unknown> {
  return { ...common(type, leadId, facts, context), ...leftOutWhenEmpty(groupsOf(type, facts)) };
}

/** The `data` of `widget.status_changed`; what is not registered is left out; a missing name is the version. */
export function widgetStatusData(
  widget: Pick<RegisteredWidget, 'id' | 'name' | 'version'>,
  change: WidgetChange,
): Record<string, unknown> {
  return {
    widget: {
      widget_ref_id: widget.id,
      ...omitNullish({ widget_name: widget.name ?? widget.version, widget_version: widget.version }),
    },
    widget_status: change.status,
    previous_status: change.previousStatus,
    changed_by: change.changedBy,
  };
}

/** An event as the partner receives it. */
export interface Envelope {
  event: EventType;
  /** UUID v4; the same at every endpoint, on every attempt. */
  eventId: string;
  /** ISO 8601 UTC. */
  timestamp: string;
  organizationId: string;
  data: object;
}

/** The frozen body: every attempt sends these bytes. Throws on a null anywhere, for none is ever sent. */
export function envelope({ event, eventId, timestamp, organizationId, data }: Envelope): string {
  const body = { event, event_id: eventId, timestamp, organization_id: organizationId, data };
  return JSON.stringify(body, (key, value: unknown) => {
    // NaN and the infinities would turn into null.
    if (value === null || (typeof value === 'number' && !Number.isFinite(value))) {
      throw new TypeError(`event ${eventId}: ${key} has no value`);
    }
    return value;
  });
}

function common(type: LeadEventType, leadId: string, facts: LeadFacts, context: PublishingContext) {
  const tracking = sourceTrackingOf(facts, context);
  return {
    lead_id: leadId,
    ...omitNullish({ flow_id: facts.flow_id }),
    lead_status: leadStatusOf[type],
    widget_version: tracking.widget_version,
    ...widgetReferenceOf(facts, context),
    source_tracking: tracking,
  };
}

/** What each event tells beyond what all have in common. The preview carries the address only. */
function groupsOf(type: LeadEventType, facts: LeadFacts): Record<string, unknown> {
  switch (type) {
    case 'lead.address_preview':
      return { address: facts.address };
    case 'lead.enriched':
      return {
        contact: facts.contact,
        address: facts.address,
        property: facts.property && propertyData(facts.property),
        roof_estimate: facts.roof_estimate && leftOutWhenEmpty(facts.roof_estimate),
        project_details: facts.project_details && projectDetailsData(facts.project_details),
        spark360_scores: facts.scores && spark360Scores(facts.scores),
        ...salesHacks(facts.insights ?? {}),
      };
    case 'lead.rental_alert':
      return {
        address: facts.address,
        contact: facts.contact,
        property: facts.property && propertyData(facts.property),
      };
    case 'lead.contact_requested':
      return { contact: facts.contact, address: facts.address, contact_preference: facts.contact_preference };
  }
}

/** An owner-occupancy that is not known raises no alert. */
const propertyData = ({ primary_owner, accuracy_code, ...property }: Property) =>
  omitNullish({ ...property, rental_alert: property.owner_occupied === false, primary_owner, accuracy_code });

const projectDetailsData = ({ reason, start_time }: NonNullable<LeadFacts['project_details']>) =>
  omitNullish({ reason, start_time });

/** A group of which nothing is known is left out like a field of which nothing is known. Lists stay, empty or not. */
function leftOutWhenEmpty(groups: object): Record<string, unknown> {
  return omitNullish(
    Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, isEmpty(group) ? undefined : group])),
  );
}

function isEmpty(group: unknown): boolean {
  return typeof group === 'object' && group !== null && !Array.isArray(group) && Object.keys(group).length === 0;
}
