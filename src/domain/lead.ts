/**
 * What a lead is made of, in the words of the outbound wire (spec section 3): the vendor's names are mapped to these
 * once, at the edge (`src/schemas/vendor.ts`), so that the rules and the payloads never translate again.
 * A field that is not known is absent: no null lives past the edge.
 */
export type Mode = 'prod' | 'sandbox';
export type Tier = 'ultimate' | 'premium' | 'starter';

/** In the order of the journey; "furthest" compares by position. */
export const leadStatuses = [
  'address_info_provided',
  'project_details_provided',
  'personal_info_and_estimate_provided',
  'contact_info_provided',
] as const;
export type LeadStatus = (typeof leadStatuses)[number];

export const leadStages = [
  'new',
  'waiting_for_details',
  'waiting_for_enrichment',
  'enriched',
  'contact_requested',
  'complete',
  'erased',
] as const;
export type LeadStage = (typeof leadStages)[number];

/** In the order in which a lane sends them (spec section 1). */
export const leadEventTypes = [
  'lead.address_preview',
  'lead.enriched',
  'lead.rental_alert',
  'lead.contact_requested',
] as const;
export type LeadEventType = (typeof leadEventTypes)[number];
export type EventType = LeadEventType | 'widget.status_changed';

export interface Address {
  formatted: string;
  street_number: string;
  street: string;
  city: string;
  state: string;
  zip: string;
  lat: number;
  lng: number;
}

export interface Contact {
  first_name: string;
  last_name: string;
  email: string;
  phone?: string;
  contact_consent: boolean;
}

export interface ProjectDetails {
  reason?: string;
  start_time?: string;
  details?: string;
}

export interface Property {
  county?: string;
  subdivision?: string;
  type?: string;
  built_year?: string;
  years_in_home?: string;
  owner_occupied?: boolean;
  primary_owner?: string;
  accuracy_code?: string;
}

export interface RoofEstimate {
  estimate_number?: string;
  cost_min?: number;
  cost_max?: number;
  roof_area?: number;
  roof_material?: string;
  complexity?: string;
  average_pitch?: number;
  accuracy_alerts?: { roof_area?: string; roof_pitch?: string };
}

export interface Scores {
  lead_integrity_score?: number;
  elevate_score?: number;
  /** On its own scale, `surepay_scale`; scaled to 1–10 in the payload only. */
  surepay_score?: number;
  surepay_scale?: { min: number; max: number };
}

export interface Hack {
  text: string;
  /** Not known: ranked after every hack that has one. */
  score?: number;
  actionable: boolean;
}

export interface Insights {
  hacks?: Hack[];
  elevate_hack?: { text: string };
  surepay_hack?: { text: string };
}

export interface ContactPreference {
  method: 'phone' | 'email' | 'text';
  preferred_time?: string;
  notes?: string;
}

/** All that is known of a lead, or all that one inbound event says of it. */
export interface LeadFacts {
  flow_id?: string;
  widget_reference_id?: string;
  /** Codes as sent: `source` "03", `version` "02". */
  source_tracking?: { source?: string; version?: string };
  address?: Address;
  project_details?: ProjectDetails;
  contact?: Contact;
  property?: Property;
  roof_estimate?: RoofEstimate;
  scores?: Scores;
  insights?: Insights;
  contact_preference?: ContactPreference;
}

export type LeadInboundEvent = 'lead.created' | 'lead.updated' | 'lead.enrichment_completed';

/** The name of a lead's signal (spec section 6). */
export type LeadStepName = 'address' | 'details' | 'enrichment' | 'contact';

/** One inbound event of a lead, validated and mapped: what a signal carries. */
export interface LeadStep {
  /** The inbound id: applied once, for ever. */
  id: string;
  /** SHA-256, hex, of the event's canonical form: the same id with another one is a conflict. */
  fingerprint: string;
  name: LeadStepName;
  event: LeadInboundEvent;
  /** Absent on a write-back report. */
  lead_status?: LeadStatus;
  /** The inbound `timestamp`, epoch milliseconds. */
  occurredAt: number;
  mode: Mode;
  facts: LeadFacts;
  /** The trace that brought it (W3C Trace Context), where there is one. */
  traceparent?: string;
}

export interface WidgetStep {
  id: string;
  fingerprint: string;
  event: 'widget.created' | 'widget.updated';
  occurredAt: number;
  mode: Mode;
  organizationId?: string;
  /** What the backend calls the widget, when it says so. */
  name?: string;
  version?: string;
  status: WidgetStatus;
  /** From `previousObject`, when the backend sent it. */
  previousStatus?: WidgetStatus;
  changedBy: 'system' | 'admin';
  traceparent?: string;
}
export type WidgetStatus = 'active' | 'inactive';
