import { describe, expect, test } from '@jest/globals';
import type { LeadStep, WidgetStep } from '../../src/domain/lead.ts';
import { parseInbound } from '../../src/schemas/inbound.ts';
import {
  address,
  contact,
  enrichedGroups,
  enrichment,
  person,
  personalInfo,
  preference,
  projectDetails,
  roofProjectDetails,
} from '../support/lead-facts.ts';
import { aLeadEvent, aReport, aWidgetEvent, flowId, inboundId, organizationId, widgetId } from './events.ts';

function leadStep(input: unknown): LeadStep {
  const parsed = parseInbound(input);
  if (parsed.kind !== 'lead') throw new Error('expected a lead event');
  return parsed.step;
}

function widgetStep(input: unknown): WidgetStep {
  const parsed = parseInbound(input);
  if (parsed.kind !== 'widget') throw new Error('expected a widget event');
  return parsed.step;
}

test('every field of a lead under our names', () => {
  const input = aLeadEvent('contact_info_provided', {
    ...enrichedGroups,
    widgetReferenceId: widgetId,
    sourceTracking: { source: '03', version: '02' },
    roofProjectDetails,
  });
  expect(leadStep(input)).toStrictEqual({
    id: inboundId,
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    name: 'contact',
    lead_status: 'contact_info_provided',
    event: 'lead.updated',
    occurredAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    mode: 'prod',
    facts: {
      flow_id: flowId,
      widget_reference_id: widgetId,
      source_tracking: { source: '03', version: '02' },
      address,
      project_details: projectDetails,
      contact,
      ...enrichment,
      contact_preference: preference,
    },
  });
});

describe('a step is named after its status, a report is enrichment', () => {
  test.each([
    ['address_info_provided', 'address'],
    ['project_details_provided', 'details'],
    ['personal_info_and_estimate_provided', 'enrichment'],
    ['contact_info_provided', 'contact'],
  ])('%s: %s', (status, name) => {
    expect(leadStep(aLeadEvent(status))).toMatchObject({ name, lead_status: status });
    expect(leadStep(aLeadEvent(status, {}, 'lead.created'))).toMatchObject({ name, lead_status: status });
  });

  test('a report has no status, whatever its object repeats', () => {
    const step = leadStep(aReport({ ...enrichedGroups, leadStatus: 'contact_info_provided' }));
    expect(step.name).toBe('enrichment');
    expect(step).not.toHaveProperty('lead_status');
  });
});

describe('what is not said', () => {
  test('is absent, down to the group', () => {
    expect(leadStep(aReport({ propertyInfo: { county: null }, scores: null })).facts).toStrictEqual({ property: {} });
  });

  test('mode is prod', () => {
    expect(leadStep({ ...aLeadEvent(), mode: undefined }).mode).toBe('prod');
    expect(leadStep({ ...aLeadEvent(), mode: 'sandbox' }).mode).toBe('sandbox');
  });

  test('the bounds of a SurePay scale are 300 and 850', () => {
    const scale = (surePayScale: object | null) =>
      leadStep(aReport({ scores: { surePayScore: 5, surePayScale } })).facts.scores;
    expect(scale({ max: 999 })).toStrictEqual({ surepay_score: 5, surepay_scale: { min: 300, max: 999 } });
    expect(scale({ min: 0, max: null })).toStrictEqual({ surepay_score: 5, surepay_scale: { min: 0, max: 850 } });
    expect(scale(null)).toStrictEqual({ surepay_score: 5 });
  });

  test('a hack that is null or has no text is left out; one not said to be actionable is not', () => {
    const hacks = [null, { text: null, score: 9, actionable: true }, { text: 'a', score: null, actionable: null }, {}];
    const { insights } = leadStep(
      aReport({ insights: { hacks, elevateHack: null, surePayHack: { text: null } } }),
    ).facts;
    expect(insights).toStrictEqual({ hacks: [{ text: 'a', actionable: false }] });
  });
});

test('ids are lower-cased at the edge', () => {
  const upper = JSON.parse(
    JSON.stringify(aLeadEvent('address_info_provided', { widgetReferenceId: widgetId })),
    (key, value) =>
      ['id', 'referenceId', 'leadId', 'flowId', 'widgetReferenceId'].includes(key)
        ? String(value).replaceAll('6', 'A')
        : value,
  ) as object;
  const parsed = parseInbound(upper);
  expect(JSON.stringify(parsed)).not.toMatch(/A{3}/);
  expect(parsed.step.id).toBe(inboundId.replaceAll('6', 'a'));
});

describe('a widget event', () => {
  test('with all it may say', () => {
    const input = aWidgetEvent(
      { organizationId, changedBy: 'admin', name: 'New Spark 02', version: '02' },
      { status: 'active' },
    );
    expect(widgetStep(input)).toStrictEqual({
      id: inboundId,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      event: 'widget.updated',
      occurredAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      mode: 'prod',
      organizationId,
      name: 'New Spark 02',
      version: '02',
      status: 'inactive',
      previousStatus: 'active',
      changedBy: 'admin',
    });
  });

  test('with the least: changed by system', () => {
    const step = widgetStep(aWidgetEvent({ widgetType: undefined, name: 7, version: 'a\0' }));
    expect(step.changedBy).toBe('system');
    for (const absent of ['organizationId', 'name', 'version', 'previousStatus'])
      expect(step).not.toHaveProperty(absent);
  });
});

test('personalInfo is whole without a phone', () => {
  const { contact } = leadStep(
    aLeadEvent('contact_info_provided', { personalInfo: { ...personalInfo, phone: null } }),
  ).facts;
  expect(contact).toStrictEqual({
    first_name: person.firstName,
    last_name: person.lastName,
    email: person.email,
    contact_consent: true,
  });
});
