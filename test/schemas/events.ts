/** Inbound events as the vendor's backend sends them, full; what is given replaces fields of the lead's object. */
export const organizationId = '11111111-1111-4111-8111-111111111111';
export const leadId = '22222222-2222-4222-8222-222222222222';
export const widgetId = '33333333-3333-4333-8333-333333333333';
export const flowId = '55555555-5555-4555-8555-555555555555';
export const inboundId = '66666666-6666-4666-8666-666666666666';

export const addressInfo = {
  streetNumber: '1',
  streetAddress: 'Main St',
  city: 'Springfield',
  state: 'IL',
  zip: '62701',
  formattedAddress: '1 Main St, Springfield, IL 62701',
  lat: 39.8,
  lng: -89.65,
};

export const personalInfo = {
  firstName: 'Ada',
  lastName: 'Byron',
  email: 'ada@example.com',
  phone: '+12175550100',
  contactConsent: true,
};

export const enrichedGroups = {
  propertyInfo: {
    county: 'Sangamon',
    subdivision: 'West End',
    type: 'Single family',
    builtYear: '1990',
    yearsInHome: '4',
    ownerOccupied: false,
    primaryOwner: 'Byron LLC',
    accuracyCode: 'A1',
  },
  roofEstimate: {
    estimateNumber: 'E-1',
    costMin: 10_000,
    costMax: 15_000.5,
    roofArea: 2_000,
    roofMaterial: 'Asphalt',
    complexity: 'Simple',
    averagePitch: 6,
    accuracyAlerts: { roofArea: 'low', roofPitch: 'none' },
  },
  scores: { leadIntegrityScore: 9, elevateScore: 7.5, surePayScore: 575, surePayScale: { min: 300, max: 850 } },
  insights: {
    hacks: [{ text: 'a', score: 5, actionable: true }, null],
    elevateHack: { text: 'elevate' },
    surePayHack: { text: 'surepay' },
  },
};

export const contactPreference = { method: 'text', preferredTime: 'Evenings', notes: '' };

const event = (name: string, object: object, previousObject?: object) => ({
  id: inboundId,
  event: name,
  timestamp: '2026-01-02T03:04:05.678Z',
  mode: 'prod',
  version: '1.0',
  metadata: {},
  data: { object, ...(previousObject && { previousObject }) },
});

const required: Record<string, object> = {
  address_info_provided: {},
  project_details_provided: { roofProjectDetails: { reason: 'Hail', startTime: 'Soon', details: 'Two leaks' } },
  personal_info_and_estimate_provided: { personalInfo },
  contact_info_provided: { personalInfo, contactPreference },
};

export const aLeadEvent = (leadStatus = 'address_info_provided', given: object = {}, name?: string) =>
  event(name ?? (leadStatus === 'address_info_provided' ? 'lead.created' : 'lead.updated'), {
    referenceId: organizationId,
    widgetType: 'roof-estimate',
    leadId,
    flowId,
    leadStatus,
    addressInfo,
    ...required[leadStatus],
    ...given,
  });

/** A lead event with every group there is. */
export const everything = aLeadEvent('contact_info_provided', {
  ...enrichedGroups,
  widgetReferenceId: widgetId,
  sourceTracking: { source: '03', version: '02' },
  roofProjectDetails: { reason: 'Hail', startTime: 'Soon', details: 'Leaks' },
});

export const aReport = (groups: object = enrichedGroups) =>
  event('lead.enrichment_completed', { referenceId: organizationId, leadId, ...groups });

export const aWidgetEvent = (given: object = {}, previousObject?: object, name = 'widget.updated') =>
  event(name, { referenceId: widgetId, widgetType: 'roof-estimate', status: 'inactive', ...given }, previousObject);

type Tree = { [key: string]: unknown };

/** A copy of `input` in which the field at `path` (`data.object.leadId`) has another value; undefined takes it away. */
export function changed(input: object, path: string, value: unknown): object {
  const copy = structuredClone(input) as Tree;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((tree, key) => tree[key] as Tree, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
