import type { EventType, LeadEventType, LeadStatus, LeadStep } from './lead.ts';
import { leadEventTypes } from './lead.ts';

export type Availability = 'optional' | 'required';

/** Every event a partner can receive, in the order of the table of spec section 1. */
export const eventNames: readonly EventType[] = [...leadEventTypes, 'widget.status_changed'];

/** `lead.enriched` belongs to every subscription and can never be deselected. */
export const availability: Readonly<Record<EventType, Availability>> = {
  'lead.address_preview': 'optional',
  'lead.enriched': 'required',
  'lead.rental_alert': 'optional',
  'lead.contact_requested': 'optional',
  'widget.status_changed': 'optional',
};

/** The status an event's payload names: the event's own, whenever it is sent and however far the lead is by then. */
export const leadStatusOf: Readonly<Record<LeadEventType, LeadStatus>> = {
  'lead.address_preview': 'address_info_provided',
  'lead.enriched': 'personal_info_and_estimate_provided',
  'lead.rental_alert': 'personal_info_and_estimate_provided',
  'lead.contact_requested': 'contact_info_provided',
};

/**
 * The events of a subscription that asked for `selected`: each once, in table order, the required
 * ones always among them.
 */
export function subscribedEvents(selected: readonly string[]): EventType[] {
  return eventNames.filter((type) => availability[type] === 'required' || selected.includes(type));
}

/** What a step tells about the lead's journey; one step may be several of these at once. */
export interface StepMeaning {
  address: boolean;
  details: boolean;
  personal: boolean;
  /** The write-back: the report, or an update that already carries all four enriched groups (spec section 2). */
  enrichment: boolean;
  contact: boolean;
}

/** Reads a step by the inbound side of the event table (spec section 1). */
export function meaningOf(step: LeadStep): StepMeaning {
  const isReport = step.event === 'lead.enrichment_completed';
  return {
    address: step.event === 'lead.created' || step.lead_status === 'address_info_provided',
    details: step.lead_status === 'project_details_provided',
    personal: !isReport && step.facts.contact !== undefined,
    enrichment: isReport || carriesAllEnrichedGroups(step),
    contact: step.lead_status === 'contact_info_provided',
  };
}

function carriesAllEnrichedGroups({ facts }: LeadStep): boolean {
  return [facts.property, facts.roof_estimate, facts.scores, facts.insights].every((group) => group !== undefined);
}
