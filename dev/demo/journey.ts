import { randomUUID } from 'node:crypto';

export const demoOrganization = {
  id: 'de300000-0000-4000-8000-000000000001',
  settings: { name: 'Demo Roofing', tier: 'premium', notify: ['owner@demo-roofing.example'] },
};

export const demoWidget = {
  id: 'de300000-0000-4000-8000-000000000002',
  settings: { version: '02', name: 'New Spark 02', status: 'active', sources: { '03': 'Instagram' } },
};

/** One inbound event, as the backend would send it (spec section 2). */
export interface InboundEvent {
  id: string;
  event: string;
  data: { object: Record<string, unknown> };
  timestamp: string;
  mode: 'prod' | 'sandbox';
  version: '1.0';
  metadata: Record<string, never>;
}

interface Step {
  /** What the lead just did, in a few words. */
  says: string;
  make: () => InboundEvent;
}

interface JourneyOptions {
  leadId: string;
  organizationId: string;
  /** The widget that captured the lead; absent: it is found by its version, where it is registered. */
  widgetId?: string;
  mode?: InboundEvent['mode'];
}

/** A lead's whole journey in four steps. The property is rented, so that every optional event shows. */
export function journey({ leadId, organizationId, widgetId, mode = 'prod' }: JourneyOptions): Step[] {
  const inbound = inboundOf(mode);
  const lead = {
    referenceId: organizationId,
    widgetType: 'roof-estimate',
    leadId,
    flowId: randomUUID(),
    addressInfo: address,
    sourceTracking: { source: '03', version: '02' },
    ...(widgetId !== undefined && { widgetReferenceId: widgetId }),
  };
  const withDetails = { ...lead, roofProjectDetails };
  const enriched = { ...withDetails, personalInfo, propertyInfo, roofEstimate, scores, insights };
  return [
    { says: 'types an address', make: () => inbound('lead.created', 'address_info_provided', lead) },
    { says: 'describes the project', make: () => inbound('lead.updated', 'project_details_provided', withDetails) },
    {
      says: 'leaves name and e-mail, and is enriched',
      make: () => inbound('lead.updated', 'personal_info_and_estimate_provided', enriched),
    },
    {
      says: 'asks to be called',
      make: () => inbound('lead.updated', 'contact_info_provided', { ...enriched, contactPreference }),
    },
  ];
}

const inboundOf =
  (mode: InboundEvent['mode']) =>
  (event: string, leadStatus: string, object: object): InboundEvent => ({
    id: randomUUID(),
    event,
    data: { object: { ...object, leadStatus } },
    timestamp: new Date().toISOString(),
    mode,
    version: '1.0',
    metadata: {},
  });

const address = {
  streetNumber: '742',
  streetAddress: 'Evergreen Terrace',
  city: 'Springfield',
  state: 'OR',
  zip: '97477',
  formattedAddress: '742 Evergreen Terrace, Springfield, OR 97477, USA',
  lat: 44.0462,
  lng: -123.022,
};
const roofProjectDetails = { reason: 'leak', startTime: 'within_1_month', details: 'Water stain above the stairs' };
const personalInfo = {
  firstName: 'Ada',
  lastName: 'Example',
  email: 'ada@example.com',
  phone: '+1 541 555 0100',
  contactConsent: true,
};
const propertyInfo = {
  county: 'Lane',
  subdivision: 'Evergreen',
  type: 'Single family',
  builtYear: '1989',
  yearsInHome: '3',
  ownerOccupied: false,
  primaryOwner: 'Example Rentals LLC',
  accuracyCode: 'A1',
};
const roofEstimate = {
  estimateNumber: 'E-1001',
  costMin: 14200,
  costMax: 18900,
  roofArea: 2310,
  roofMaterial: 'Asphalt shingle',
  complexity: 'moderate',
  averagePitch: 6,
  accuracyAlerts: { roofArea: 'ok', roofPitch: 'ok' },
};
const scores = { leadIntegrityScore: 9, elevateScore: 7, surePayScore: 742, surePayScale: { min: 300, max: 850 } };
const insights = {
  hacks: [
    { text: 'Mention the leak first', score: 92, actionable: true },
    { text: 'Offer financing', score: 81, actionable: true },
    null,
  ],
  elevateHack: { text: 'Suggest an attic inspection' },
  surePayHack: { text: 'Likely to qualify for financing' },
};
const contactPreference = { method: 'phone', preferredTime: 'evening', notes: 'After 6 pm' };
