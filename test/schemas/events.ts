import {
  addressInfo,
  contactPreference,
  enrichedGroups,
  personalInfo,
  roofProjectDetails,
} from '../support/lead-facts.ts';

/** Inbound events as the vendor's backend sends them, full; what is given replaces fields of the lead's object. */
export const organizationId = '11111111-1111-4111-8111-111111111111';
export const leadId = '22222222-2222-4222-8222-222222222222';
export const widgetId = '33333333-3333-4333-8333-333333333333';
export const flowId = '55555555-5555-4555-8555-555555555555';
export const inboundId = '66666666-6666-4666-8666-666666666666';

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
  project_details_provided: { roofProjectDetails },
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
  roofProjectDetails,
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
