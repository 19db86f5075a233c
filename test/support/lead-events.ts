import { randomUUID } from 'node:crypto';
import { addressInfo, contactPreference, enrichedGroups, personalInfo, roofProjectDetails } from './lead-facts.ts';

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

export { person, street } from './lead-facts.ts';

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
    addressInfo,
    ...source,
  };
  const enriched = (occupied: boolean | null) => ({
    ...enrichedGroups,
    propertyInfo: { ...enrichedGroups.propertyInfo, ownerOccupied: occupied },
  });
  const event = (name: string, object: object): InboundEvent => {
    count += 1;
    return {
      id: randomUUID(),
      event: name,
      data: { object: structuredClone(object) as Record<string, unknown> },
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
        contactPreference,
        ...overrides,
      }),
  };
}
