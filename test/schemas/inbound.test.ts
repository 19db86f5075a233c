import { describe, expect, test } from '@jest/globals';
import { InvalidEventError } from '../../src/errors.ts';
import { parseInbound } from '../../src/schemas/inbound.ts';
import { addressInfo, enrichedGroups, personalInfo } from '../support/lead-facts.ts';
import { aLeadEvent, aReport, aWidgetEvent, changed, everything, leadId, organizationId, widgetId } from './events.ts';
import { issuesOf, said } from './issues-of.ts';

const statuses = [
  'address_info_provided',
  'project_details_provided',
  'personal_info_and_estimate_provided',
  'contact_info_provided',
];

const object = 'data.object';

describe('what is legal', () => {
  test.each(
    statuses.flatMap((status) => [
      [status, 'lead.created'],
      [status, 'lead.updated'],
    ]),
  )('%s in a %s', (status, name) => {
    expect(said(aLeadEvent(status, {}, name))).toEqual([]);
  });

  test.each([
    ['a lead with all its groups', everything],
    ['a report with all four groups', aReport()],
    ['a report with one group', aReport({ scores: { elevateScore: 1 } })],
    ['a report whose only group says nothing', aReport({ insights: {} })],
    ['a report that carries other groups', aReport({ ...enrichedGroups, personalInfo, addressInfo, flowId: leadId })],
    ['a report that repeats a status', aReport({ ...enrichedGroups, leadStatus: 'address_info_provided' })],
    ['a widget event', aWidgetEvent()],
    [
      'a widget event that tells the change',
      aWidgetEvent({ organizationId, changedBy: 'admin' }, { status: 'active' }),
    ],
    ['a widget event whose previousObject says nothing', aWidgetEvent({}, {})],
    ['widget.created', aWidgetEvent({}, undefined, 'widget.created')],
    [
      'an event with the required fields only',
      { ...aLeadEvent(), mode: undefined, version: undefined, metadata: undefined },
    ],
    ['nulls for what is optional', { ...aLeadEvent(), mode: null, version: null, metadata: null }],
    ['sandbox', { ...aLeadEvent(), mode: 'sandbox' }],
    [
      'unknown fields anywhere',
      aLeadEvent('address_info_provided', { more: { a: null }, addressInfo: { ...addressInfo, unit: 7 } }),
    ],
    ['an unknown field with a NUL', { ...aLeadEvent(), more: 'a\0' }],
    ['a previousObject of a lead, whatever it holds', changed(aLeadEvent(), 'data.previousObject', { leadStatus: 7 })],
    [
      'empty texts',
      aLeadEvent('contact_info_provided', { personalInfo: { ...personalInfo, firstName: '', email: '', phone: '' } }),
    ],
    [
      'notes of 10 kB',
      aLeadEvent('contact_info_provided', { contactPreference: { method: 'phone', notes: 'n'.repeat(10_000) } }),
    ],
    ['emoji: a pair of surrogates is one character', changed(everything, `${object}.personalInfo.firstName`, 'Ada 🏠')],
    ['a widget whose name and version are something else', aWidgetEvent({ name: { en: 'x' }, version: 2 })],
  ])('%s', (_name, input) => {
    expect(said(input)).toEqual([]);
  });

  test.each([
    '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05.6Z',
    '2026-01-02T03:04:05.678901Z',
    '2026-01-02T03:04:05+00:00',
    '2026-01-02T03:04:05.678-00:00',
  ])('the timestamp %s', (timestamp) => {
    expect(said({ ...aLeadEvent(), timestamp })).toEqual([]);
  });
});

describe('null and absent are the same for everything optional', () => {
  const optional = [
    ...['widgetType', 'widgetReferenceId', 'sourceTracking', 'roofProjectDetails', ...Object.keys(enrichedGroups)],
    ...['sourceTracking.source', 'sourceTracking.version', 'personalInfo.phone'],
    ...['contactPreference.preferredTime', 'contactPreference.notes'],
    ...['reason', 'startTime', 'details'].map((name) => `roofProjectDetails.${name}`),
    ...Object.keys(enrichedGroups.propertyInfo).map((name) => `propertyInfo.${name}`),
    ...Object.keys(enrichedGroups.roofEstimate).map((name) => `roofEstimate.${name}`),
    ...['roofEstimate.accuracyAlerts.roofArea', 'roofEstimate.accuracyAlerts.roofPitch'],
    ...Object.keys(enrichedGroups.scores).map((name) => `scores.${name}`),
    ...['scores.surePayScale.min', 'scores.surePayScale.max'],
    ...['insights.hacks', 'insights.elevateHack', 'insights.elevateHack.text', 'insights.surePayHack'],
    ...['insights.hacks.0.text', 'insights.hacks.0.score', 'insights.hacks.0.actionable'],
  ];

  test.each(optional)('%s', (name) => {
    const path = `${object}.${name}`;
    const none = parseInbound(changed(everything, path, null));
    expect(none).toEqual(parseInbound(changed(everything, path, undefined)));
    expect(JSON.stringify(none)).not.toContain('null');
  });

  test('personalInfo before its status, and contactPreference', () => {
    expect(said(aLeadEvent('project_details_provided', { personalInfo: null, contactPreference: null }))).toEqual([]);
  });
});

describe('a missing or wrong field is an error that names its path', () => {
  test.each<[string, unknown, string]>([
    ['id', undefined, 'expected uuid'],
    ['id', 'not-a-uuid', 'expected uuid'],
    ['timestamp', undefined, 'expected ISO 8601 UTC timestamp'],
    ['timestamp', '2026-01-02', 'expected ISO 8601 UTC timestamp'],
    ['timestamp', '2026-02-30T00:00:00Z', 'expected ISO 8601 UTC timestamp'],
    ['timestamp', '2026-01-02T03:04:05+01:00', 'expected ISO 8601 UTC timestamp'],
    ['timestamp', '2026-01-02T03:04:05', 'expected ISO 8601 UTC timestamp'],
    ['timestamp', '0000-01-01T00:00:00Z', 'expected ISO 8601 UTC timestamp'],
    ['timestamp', 1_767_323_045, 'expected ISO 8601 UTC timestamp'],
    ['mode', 'test', 'expected "prod" or "sandbox"'],
    ['version', '2.0', 'expected "1.0"'],
    ['version', 1, 'expected "1.0"'],
    ['metadata', 'x', 'expected object'],
    ['data', undefined, 'expected object'],
    ['data.object', undefined, 'expected object'],
    ['data.object', [], 'expected object'],
    ['data.object.referenceId', undefined, 'expected uuid'],
    ['data.object.leadId', 7, 'expected uuid'],
    ['data.object.flowId', undefined, 'expected uuid'],
    ['data.object.widgetType', 7, 'expected string'],
    ['data.object.widgetReferenceId', '02', 'expected uuid'],
    ['data.object.addressInfo', undefined, 'expected object'],
    ...Object.keys(addressInfo).map((name): [string, unknown, string] => [
      `data.object.addressInfo.${name}`,
      name === 'lat' || name === 'lng' ? '1' : undefined,
      name === 'lat' || name === 'lng' ? 'expected number' : 'expected string',
    ]),
    ['data.object.addressInfo.zip', 62701, 'expected string'],
    ['data.object.addressInfo.zip', null, 'expected string'],
    ['data.object.addressInfo.lat', Number.POSITIVE_INFINITY, 'expected number'],
    ['data.object.addressInfo.lng', Number.NaN, 'expected number'],
    ['data.object.sourceTracking.source', 3, 'expected string'],
    ['data.object.personalInfo', undefined, 'expected object'],
    ['data.object.personalInfo', null, 'expected object'],
    ['data.object.personalInfo.firstName', undefined, 'expected string'],
    ['data.object.personalInfo.lastName', null, 'expected string'],
    ['data.object.personalInfo.email', undefined, 'expected string'],
    ['data.object.personalInfo.contactConsent', 'yes', 'expected boolean'],
    ['data.object.personalInfo.phone', 1, 'expected string'],
    ['data.object.contactPreference', undefined, 'expected object'],
    ['data.object.contactPreference.method', 'fax', 'expected "phone" or "email" or "text"'],
    ['data.object.contactPreference.method', undefined, 'expected "phone" or "email" or "text"'],
    ['data.object.propertyInfo.builtYear', 1990, 'expected string'],
    ['data.object.propertyInfo.ownerOccupied', 'false', 'expected boolean'],
    ['data.object.roofEstimate.costMin', '10000', 'expected number'],
    ['data.object.roofEstimate.accuracyAlerts.roofArea', 1, 'expected string'],
    ['data.object.scores.leadIntegrityScore', 0, 'expected number from 1 to 10'],
    ['data.object.scores.elevateScore', 10.5, 'expected number from 1 to 10'],
    ['data.object.scores.surePayScore', '700', 'expected number'],
    ['data.object.scores.surePayScale', { min: 850, max: 300 }, 'expected min below max'],
    ['data.object.scores.surePayScale', { min: 850 }, 'expected min below max'],
    ['data.object.insights.hacks', {}, 'expected array'],
    ['data.object.insights.hacks.0', 'text', 'expected object'],
    ['data.object.insights.hacks.0.score', '5', 'expected number'],
    ['data.object.insights.elevateHack', 'text', 'expected object'],
  ])('%s = %j', (path, value, message) => {
    expect(said(changed(everything, path, value))).toEqual([`${path}: ${message}`]);
  });

  test.each([
    ['personal_info_and_estimate_provided', ['personalInfo']],
    ['contact_info_provided', ['personalInfo', 'contactPreference']],
  ])('%s requires %j', (leadStatus, names) => {
    const input = aLeadEvent(leadStatus, Object.fromEntries(names.map((name) => [name, undefined])));
    expect(said(input)).toEqual(names.map((name) => `data.object.${name}: expected object`));
  });

  test('a personalInfo that comes early has to be whole', () => {
    expect(said(aLeadEvent('project_details_provided', { personalInfo: { firstName: 'Ada' } }))).toEqual([
      'data.object.personalInfo.lastName: expected string',
      'data.object.personalInfo.email: expected string',
      'data.object.personalInfo.contactConsent: expected boolean',
    ]);
  });

  test.each([
    ['no group', {}],
    ['only nulls', { propertyInfo: null, roofEstimate: null, scores: null, insights: null }],
    ['other groups only', { personalInfo }],
  ])('a report with %s', (_name, groups) => {
    expect(said(aReport(groups))).toEqual([
      'data.object: expected at least one of propertyInfo, roofEstimate, scores, insights',
    ]);
  });

  test.each([
    ['data.object.referenceId', 7, 'expected uuid'],
    ['data.object.status', 'paused', 'expected "active" or "inactive"'],
    ['data.object.status', undefined, 'expected "active" or "inactive"'],
    ['data.object.organizationId', '7', 'expected uuid'],
    ['data.object.changedBy', 'me', 'expected "system" or "admin"'],
    ['data.previousObject.status', 'paused', 'expected "active" or "inactive"'],
    ['data.previousObject', 7, 'expected object'],
  ])('a widget event, %s = %j', (path, value, message) => {
    expect(said(changed(aWidgetEvent({}, { status: 'active' }), path, value))).toEqual([`${path}: ${message}`]);
  });

  test('all issues are listed, also beside an unknown status', () => {
    const input = aLeadEvent('unknown', { leadId: 1, addressInfo: { ...addressInfo, zip: 1, lat: '1' }, scores: 'x' });
    expect(said({ ...input, id: 'x' })).toEqual([
      'id: expected uuid',
      'data.object.leadId: expected uuid',
      'data.object.leadStatus: expected "address_info_provided" or "project_details_provided" or "personal_info_and_estimate_provided" or "contact_info_provided"',
      'data.object.addressInfo.zip: expected string',
      'data.object.addressInfo.lat: expected number',
      'data.object.scores: expected object',
    ]);
  });

  test('all issues are listed, also beside an unknown event and in a report without a group', () => {
    expect(issuesOf({ event: 'lead.deleted', data: {} }).map(({ path }) => path)).toEqual([
      'id',
      'timestamp',
      'event',
      'data.object',
    ]);
    expect(issuesOf({ ...aReport({ leadId: 'x' }), id: 'x' }).map(({ path }) => path)).toEqual([
      'id',
      'data.object.leadId',
      'data.object',
    ]);
  });

  test.each([[null], [undefined], ['text'], [7], [[]]])('%j is not an event', (input) => {
    expect(said(input)).toEqual(['$: expected object']);
  });

  test('the message joins path and reason, and never holds the value', () => {
    expect(() => parseInbound(changed(aLeadEvent(), 'data.object.addressInfo.zip', 62701))).toThrow(
      new InvalidEventError([{ path: 'data.object.addressInfo.zip', message: 'expected string' }]),
    );
    const secret = changed(everything, 'data.object.personalInfo.contactConsent', 'ada@example.com');
    expect(said(secret).join()).not.toContain('ada@');
  });
});

test('what a parsed event belongs to', () => {
  expect(parseInbound(everything)).toMatchObject({ kind: 'lead', organizationId, leadId });
  expect(parseInbound(aReport())).toMatchObject({ kind: 'lead', organizationId, leadId });
  expect(parseInbound(aWidgetEvent())).toMatchObject({ kind: 'widget', widgetId });
});
