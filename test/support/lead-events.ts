import { randomUUID } from 'node:crypto';

/** What the backend sends of one lead, step by step, as the vendor's shape has it (spec section 2). */
export interface LeadEvents {
  organizationId: string;
  leadId: string;
  created(overrides?: object): InboundEvent;
  details(overrides?: object): InboundEvent;
  /** The personal step; `enriched` adds all four groups. */
  personal(options?: { enriched?: boolean; ownerOccupied?: boolean | null }): InboundEvent;
  enrichment(options?: { ownerOccupied?: boolean | null }): InboundEvent;
  contact(overrides?: object): InboundEvent;
}

export interface InboundEvent {
  id: string;
  event: string;
  data: { object: Record<string, unknown> };
  timestamp: string;
  mode?: 'prod' | 'sandbox';
  version?: string;
  metadata?: object;
}

/** Personal data that must never be found outside a payload: tests search for these. */
export const person = {
  firstName: 'Wilhelmina',
  lastName: 'Featherstonehaugh',
  email: 'wilhelmina@featherstonehaugh.example',
  phone: '+15125550187',
};
export const street = 'Quixotic Canyon Drive';

export function aLead(
  organizationId: string,
  {
    leadId = randomUUID(),
    mode = 'prod' as 'prod' | 'sandbox',
    ownerOccupied = false as boolean | null,
    source = {} as object,
  } = {},
): LeadEvents {
  const started = Date.now() - 60_000;
  let count = 0;
  const base = {
    referenceId: organizationId,
    widgetType: 'roof-estimate',
    leadId,
    flowId: randomUUID(),
    addressInfo: {
      streetNumber: '4711',
      streetAddress: street,
      city: 'Austin',
      state: 'TX',
      zip: '78701',
      formattedAddress: `4711 ${street}, Austin, TX 78701`,
      lat: 30.2672,
      lng: -97.7431,
    },
    ...source,
  };
  const roofProjectDetails = { reason: 'Storm damage', startTime: 'As soon as possible', details: 'Two skylights' };
  const personalInfo = { ...person, contactConsent: true };
  const enriched = (occupied: boolean | null) => ({
    propertyInfo: {
      county: 'Travis',
      subdivision: 'Old Town',
      type: 'Single family',
      builtYear: '1987',
      yearsInHome: '12',
      ownerOccupied: occupied,
      primaryOwner: `${person.firstName} ${person.lastName}`,
      accuracyCode: 'A1',
    },
    roofEstimate: {
      estimateNumber: 'E-1001',
      costMin: 12_000,
      costMax: 18_500.5,
      roofArea: 2_350,
      roofMaterial: 'Asphalt shingle',
      complexity: 'Medium',
      averagePitch: 26.5,
      accuracyAlerts: { roofArea: 'none', roofPitch: 'low confidence' },
    },
    scores: { leadIntegrityScore: 8, elevateScore: 6, surePayScore: 720, surePayScale: { min: 300, max: 850 } },
    insights: {
      hacks: [
        { text: 'Mention the hail of May', score: 0.7, actionable: true },
        null,
        { text: 'Offer financing', score: 0.9, actionable: true },
        { text: 'Neighbour bought', score: 0.95, actionable: false },
      ],
      elevateHack: { text: 'Upgrade to metal' },
      surePayHack: null,
    },
  });
  const event = (name: string, object: object): InboundEvent => {
    count += 1;
    return {
      id: randomUUID(),
      event: name,
      data: { object: { ...object } },
      timestamp: new Date(started + count * 1_000).toISOString(),
      mode,
      version: '1.0',
      metadata: {},
    };
  };
  return {
    organizationId,
    leadId,
    created: (overrides = {}) => event('lead.created', { ...base, leadStatus: 'address_info_provided', ...overrides }),
    details: (overrides = {}) =>
      event('lead.updated', { ...base, leadStatus: 'project_details_provided', roofProjectDetails, ...overrides }),
    personal: ({ enriched: withGroups = false, ownerOccupied: occupied = ownerOccupied } = {}) =>
      event('lead.updated', {
        ...base,
        leadStatus: 'personal_info_and_estimate_provided',
        roofProjectDetails,
        personalInfo,
        ...(withGroups ? enriched(occupied) : {}),
      }),
    enrichment: ({ ownerOccupied: occupied = ownerOccupied } = {}) =>
      event('lead.enrichment_completed', { referenceId: organizationId, leadId, ...enriched(occupied) }),
    contact: (overrides = {}) =>
      event('lead.updated', {
        ...base,
        leadStatus: 'contact_info_provided',
        roofProjectDetails,
        personalInfo,
        contactPreference: { method: 'phone', preferredTime: 'Mornings', notes: 'Ring twice' },
        ...overrides,
      }),
  };
}
