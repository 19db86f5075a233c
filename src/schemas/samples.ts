import type { EventType, LeadFacts } from '../domain/lead.ts';
import { leadEventTypes } from '../domain/lead.ts';
import { envelope, leadEventData, type PublishingContext, widgetStatusData } from '../domain/payloads.ts';

/** Ids that belong to no organization or lead: examples and test events carry them, and a receiver can tell them. */
export const sampleIds = {
  organization: '00000000-0000-4000-8000-000000000001',
  lead: '00000000-0000-4000-8000-000000000002',
  flow: '00000000-0000-4000-8000-000000000003',
  widget: '00000000-0000-4000-8000-000000000004',
  event: '00000000-0000-4000-8000-000000000005',
  delivery: '00000000-0000-4000-8000-000000000006',
} as const;

const sampleFacts: LeadFacts = {
  flow_id: sampleIds.flow,
  widget_reference_id: sampleIds.widget,
  source_tracking: { source: '03', version: '02' },
  address: {
    formatted: '1250 Maple Avenue, Austin, TX 78701, USA',
    street_number: '1250',
    street: 'Maple Avenue',
    city: 'Austin',
    state: 'TX',
    zip: '78701',
    lat: 30.2711,
    lng: -97.7437,
  },
  project_details: { reason: 'Storm damage', start_time: 'Within 3 months' },
  contact: {
    first_name: 'Alex',
    last_name: 'Sample',
    email: 'alex.sample@example.com',
    phone: '+15125550100',
    contact_consent: true,
  },
  property: {
    county: 'Travis',
    subdivision: 'Old West Austin',
    type: 'Single family',
    built_year: '1998',
    years_in_home: '7',
    owner_occupied: false,
    primary_owner: 'Sample Holdings LLC',
    accuracy_code: 'A1',
  },
  roof_estimate: {
    estimate_number: 'EST-10042',
    cost_min: 14_200,
    cost_max: 18_900,
    roof_area: 2_450,
    roof_material: 'Asphalt shingle',
    complexity: 'Moderate',
    average_pitch: 6,
    accuracy_alerts: { roof_area: 'none', roof_pitch: 'none' },
  },
  scores: { lead_integrity_score: 9, elevate_score: 8, surepay_score: 720 },
  insights: {
    hacks: [
      { text: 'Mention the hail of last spring: three neighbours replaced their roofs.', score: 92, actionable: true },
      { text: 'Offer financing first.', score: 81, actionable: true },
      { text: 'The house was built in 1998.', score: 40, actionable: false },
    ],
    elevate_hack: { text: 'Owner responds best in the evening.' },
    surepay_hack: { text: 'Likely to qualify for 0 % over 12 months.' },
  },
  contact_preference: {
    method: 'phone',
    preferred_time: 'Weekdays after 5 pm',
    notes: 'Please call before you visit.',
  },
};

const sampleWidget = { id: sampleIds.widget, version: '02', name: 'New Spark 02', sources: { '03': 'Instagram' } };
const sampleContext: PublishingContext = { tier: 'ultimate', widget: sampleWidget };

/**
 * A sample event's body, made by the rules of a real one. The house is its owner's home, but for
 * `lead.rental_alert`.
 */
export function sampleBody(
  type: EventType,
  ids: { eventId: string; timestamp: string; organizationId: string } = {
    eventId: sampleIds.event,
    timestamp: '2026-01-15T14:30:00.000Z',
    organizationId: sampleIds.organization,
  },
): string {
  return envelope({ event: type, ...ids, data: sampleData(type) });
}

function sampleData(type: EventType): object {
  const leadType = leadEventTypes.find((name) => name === type);
  if (leadType === undefined) {
    return widgetStatusData(sampleWidget, { previousStatus: 'active', status: 'inactive', changedBy: 'admin' });
  }
  const property = { ...sampleFacts.property, owner_occupied: leadType !== 'lead.rental_alert' };
  return leadEventData(leadType, sampleIds.lead, { ...sampleFacts, property }, sampleContext);
}
