import { z } from 'zod';
import type { LeadStatus } from '../domain/lead.ts';

/**
 * What partners receive, for the documentation (spec section 3). A field that is not known is left out; nothing is ever
 * null. Receivers should ignore fields they do not know.
 */
const id = z.guid();
const text = z.string();

const address = z
  .object({
    formatted: text,
    street_number: text,
    street: text,
    city: text,
    state: text,
    zip: text,
    lat: z.number(),
    lng: z.number(),
  })
  .meta({ id: 'Address' });

const contact = z
  .object({ first_name: text, last_name: text, email: text, phone: text.optional(), contact_consent: z.boolean() })
  .meta({ id: 'Contact' });

const property = z
  .object({
    county: text.optional(),
    subdivision: text.optional(),
    type: text.optional(),
    built_year: text.optional(),
    years_in_home: text.optional(),
    owner_occupied: z.boolean().optional().meta({ description: 'Left out while it is not known' }),
    rental_alert: z.boolean().meta({ description: 'True when the owner is known not to live there' }),
    primary_owner: text.optional(),
    accuracy_code: text.optional(),
  })
  .meta({ id: 'Property' });

const roofEstimate = z
  .object({
    estimate_number: text.optional(),
    cost_min: z.number().optional(),
    cost_max: z.number().optional(),
    roof_area: z.number().optional(),
    roof_material: text.optional(),
    complexity: text.optional(),
    average_pitch: z.number().optional(),
    accuracy_alerts: z.object({ roof_area: text.optional(), roof_pitch: text.optional() }).optional(),
  })
  .meta({ id: 'RoofEstimate' });

const projectDetails = z
  .object({ reason: text.optional(), start_time: text.optional() })
  .meta({ id: 'ProjectDetails' });

const score = z.int().min(1).max(10);

const scores = z
  .object({
    lead_integrity_score: score.optional(),
    elevate_score: score.optional(),
    surepay_score: score.optional().meta({ description: 'Scaled linearly from its own range to 1–10' }),
  })
  .meta({ id: 'Spark360Scores' });

const contactPreference = z
  .object({ method: z.enum(['phone', 'email', 'text']), preferred_time: text.optional(), notes: text.optional() })
  .meta({ id: 'ContactPreference' });

const sourceTracking = z
  .object({ widget_version: text, widget_name: text, source_code: text, source_label: text })
  .meta({ id: 'SourceTracking', description: 'The widget and the source that captured the lead' });

/** What every lead event's data has. */
const common = <Status extends LeadStatus>(status: Status) => ({
  lead_id: id,
  flow_id: id.optional(),
  lead_status: z.literal(status).meta({ description: "The event's own status, however far the lead is by then" }),
  widget_version: text,
  widget_reference_id: id.optional(),
  source_tracking: sourceTracking,
});

export const addressPreviewData = z
  .object({ ...common('address_info_provided'), address })
  .meta({ id: 'LeadAddressPreviewData' });

export const enrichedData = z
  .object({
    ...common('personal_info_and_estimate_provided'),
    contact,
    address,
    property: property.optional(),
    roof_estimate: roofEstimate.optional(),
    project_details: projectDetails.optional(),
    spark360_scores: scores.optional(),
    sales_hacks: z.array(text).max(2).meta({ description: 'The two best actionable hacks, best first' }),
    elevate_hack: text.optional(),
    surepay_hack: text.optional(),
  })
  .meta({ id: 'LeadEnrichedData' });

export const rentalAlertData = z
  .object({
    ...common('personal_info_and_estimate_provided'),
    address,
    contact,
    property: property.extend({ owner_occupied: z.literal(false), rental_alert: z.literal(true) }),
  })
  .meta({ id: 'LeadRentalAlertData' });

export const contactRequestedData = z
  .object({ ...common('contact_info_provided'), contact, address, contact_preference: contactPreference })
  .meta({ id: 'LeadContactRequestedData' });

const widgetStatus = z.enum(['active', 'inactive']);

export const widgetStatusChangedData = z
  .object({
    widget: z.object({ widget_ref_id: id, widget_name: text.optional(), widget_version: text.optional() }),
    widget_status: widgetStatus,
    previous_status: widgetStatus,
    changed_by: z.enum(['system', 'admin']),
  })
  .meta({ id: 'WidgetStatusChangedData' });
