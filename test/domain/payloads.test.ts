import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LeadEventType, type LeadFacts, leadEventTypes } from '../../src/domain/lead.ts';
import { envelope, leadEventData, type PublishingContext, widgetStatusData } from '../../src/domain/payloads.ts';
import { address, contact, enrichment, preference, projectDetails } from '../support/lead-facts.ts';
import { leadId, organizationId } from './steps.ts';

const widgetId = '33333333-3333-4333-8333-333333333333';
const flowId = '55555555-5555-4555-8555-555555555555';

const context: PublishingContext = {
  tier: 'ultimate',
  widget: { id: widgetId, version: '02', name: 'New Spark 02', sources: { '03': 'Instagram' } },
};

const full: LeadFacts = {
  flow_id: flowId,
  widget_reference_id: widgetId,
  source_tracking: { source: '03', version: '02' },
  address,
  contact,
  project_details: projectDetails,
  property: enrichment.property,
  roof_estimate: enrichment.roof_estimate,
  scores: { lead_integrity_score: 9, elevate_score: 7.5, surepay_score: 575 },
  insights: {
    hacks: [
      { text: 'second', score: 5, actionable: true },
      { text: 'not actionable', score: 99, actionable: false },
      { text: 'first', score: 8, actionable: true },
      { text: 'third', score: 1, actionable: true },
    ],
    elevate_hack: { text: 'elevate' },
    surepay_hack: { text: 'surepay' },
  },
  contact_preference: preference,
};

const common = (lead_status: string) => ({
  lead_id: leadId,
  flow_id: flowId,
  lead_status,
  widget_version: '02',
  widget_reference_id: widgetId,
  source_tracking: { widget_version: '02', widget_name: 'New Spark 02', source_code: '03', source_label: 'Instagram' },
});

const property = { ...enrichment.property, rental_alert: true };

const dataOf = (type: LeadEventType, facts: LeadFacts = full) => leadEventData(type, leadId, facts, context);

describe('the data of each lead event, field by field', () => {
  test('lead.address_preview carries the address only: no name, no contact, no score', () => {
    expect(dataOf('lead.address_preview')).toStrictEqual({ ...common('address_info_provided'), address });
  });

  test('lead.enriched', () => {
    expect(dataOf('lead.enriched')).toStrictEqual({
      ...common('personal_info_and_estimate_provided'),
      contact,
      address,
      property,
      roof_estimate: full.roof_estimate,
      project_details: { reason: 'Storm damage', start_time: 'As soon as possible' },
      spark360_scores: { lead_integrity_score: 9, elevate_score: 8, surepay_score: 6 },
      sales_hacks: ['first', 'second'],
      elevate_hack: 'elevate',
      surepay_hack: 'surepay',
    });
  });

  test('lead.rental_alert carries the property whole', () => {
    expect(dataOf('lead.rental_alert')).toStrictEqual({
      ...common('personal_info_and_estimate_provided'),
      address,
      contact,
      property,
    });
  });

  test('lead.contact_requested', () => {
    expect(dataOf('lead.contact_requested')).toStrictEqual({
      ...common('contact_info_provided'),
      contact,
      address,
      contact_preference: preference,
    });
  });
});

describe('what is not known is left out', () => {
  test('groups, when the operator completed the enrichment', () => {
    expect(dataOf('lead.enriched', { flow_id: flowId, address, contact })).toStrictEqual({
      lead_id: leadId,
      flow_id: flowId,
      lead_status: 'personal_info_and_estimate_provided',
      widget_version: '01',
      source_tracking: { widget_version: '01', widget_name: 'Primary', source_code: '01', source_label: 'Website' },
      contact,
      address,
      sales_hacks: [],
    });
  });

  test('groups of which nothing is known', () => {
    const data = dataOf('lead.enriched', {
      ...full,
      roof_estimate: {},
      scores: {},
      insights: {},
      project_details: { details: 'x' },
    });
    expect(data).not.toHaveProperty('roof_estimate');
    expect(data).not.toHaveProperty('spark360_scores');
    expect(data).not.toHaveProperty('project_details');
    expect(data).not.toHaveProperty('elevate_hack');
    expect(data).toHaveProperty('sales_hacks', []);
  });

  test('an owner-occupancy that is not known: no owner_occupied, rental_alert false', () => {
    expect(dataOf('lead.enriched', { ...full, property: { county: 'Cook' } }).property).toStrictEqual({
      county: 'Cook',
      rental_alert: false,
    });
  });

  test('an owner who lives there: rental_alert false', () => {
    expect(dataOf('lead.enriched', { ...full, property: { owner_occupied: true } }).property).toStrictEqual({
      owner_occupied: true,
      rental_alert: false,
    });
  });
});

describe('tier starter', () => {
  test('shows widget 01 / Primary everywhere, and the originating source', () => {
    const data = leadEventData('lead.enriched', leadId, full, { ...context, tier: 'starter' });
    expect(data).toMatchObject({
      widget_version: '01',
      source_tracking: { widget_version: '01', widget_name: 'Primary', source_code: '03', source_label: 'Instagram' },
    });
  });
});

describe('widget.status_changed', () => {
  const change = { previousStatus: 'active', status: 'inactive', changedBy: 'admin' } as const;

  test('field by field, without source_tracking', () => {
    expect(widgetStatusData({ id: widgetId, name: 'New Spark 02', version: '02' }, change)).toStrictEqual({
      widget: { widget_ref_id: widgetId, widget_name: 'New Spark 02', widget_version: '02' },
      widget_status: 'inactive',
      previous_status: 'active',
      changed_by: 'admin',
    });
  });

  test.each([
    [null, '02', { widget_ref_id: widgetId, widget_name: '02', widget_version: '02' }],
    ['Pop-up', null, { widget_ref_id: widgetId, widget_name: 'Pop-up' }],
    [null, null, { widget_ref_id: widgetId }],
  ])('name %s, version %s', (name, version, widget) => {
    expect(widgetStatusData({ id: widgetId, name, version }, change)).toMatchObject({ widget });
  });
});

describe('the envelope', () => {
  const given = {
    event: 'lead.enriched',
    eventId: '66666666-6666-4666-8666-666666666666',
    timestamp: '2026-01-02T03:04:05.678Z',
    organizationId,
    data: { b: 1, a: [true, 'ü'] },
  } as const;

  test('is JSON with its keys in the order of the documentation', () => {
    expect(envelope(given)).toBe(
      `{"event":"lead.enriched","event_id":"${given.eventId}","timestamp":"2026-01-02T03:04:05.678Z",` +
        `"organization_id":"${organizationId}","data":{"b":1,"a":[true,"ü"]}}`,
    );
  });

  test.each([
    ['a null', { a: { b: null } }],
    ['a null in a list', { a: [1, null] }],
    ['NaN, which JSON would make a null', { a: Number.NaN }],
    ['an infinity', { a: Number.POSITIVE_INFINITY }],
  ])('refuses %s', (_name, data) => {
    expect(() => envelope({ ...given, data })).toThrow(TypeError);
  });

  test('whatever facts are known, every lead event has a body without a null', () => {
    const some = fc.record(
      Object.fromEntries(Object.entries(full).map(([name, group]) => [name, fc.constant(group)])),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, fc.constantFrom(...leadEventTypes), (facts, event) => {
        const body = envelope({ ...given, event, data: leadEventData(event, leadId, facts as LeadFacts, context) });
        expect(body).not.toContain('null');
      }),
    );
  });
});
