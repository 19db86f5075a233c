import { describe, expect, test } from '@jest/globals';
import { fingerprint } from '../../src/schemas/fingerprint.ts';
import { parseInbound } from '../../src/schemas/inbound.ts';
import { enrichedGroups } from '../support/lead-facts.ts';
import { aLeadEvent, aReport, aWidgetEvent, changed, inboundId } from './events.ts';

const printOf = (input: unknown): string => parseInbound(input).step.fingerprint;

/** The same value with its keys the other way round, all the way down. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, reversed(field)]),
  );
};

const event = aLeadEvent('contact_info_provided', { ...enrichedGroups, sourceTracking: { source: '03' } });

describe('the same content has the same fingerprint', () => {
  test.each<[string, unknown]>([
    ['keys in another order', reversed(event)],
    ['a null for what is absent', changed(event, 'data.object.sourceTracking.version', null)],
    ['upper-case ids', { ...event, id: inboundId.toUpperCase() }],
    ['another spelling of the moment', { ...event, timestamp: '2026-01-02T03:04:05.678000+00:00' }],
    ['the default mode not said', { ...event, mode: undefined }],
    ['unknown fields', changed({ ...event, more: 1 }, 'data.object.more', 2)],
    ['other metadata', { ...event, metadata: { trace: 'x' } }],
    ['no version', { ...event, version: undefined }],
  ])('%s', (_name, input) => {
    expect(printOf(input)).toBe(printOf(event));
  });
});

describe('other content has another fingerprint', () => {
  test.each<[string, unknown]>([
    ['another value', changed(event, 'data.object.addressInfo.zip', '62702')],
    ['a value taken away', changed(event, 'data.object.personalInfo.phone', undefined)],
    ['another time', { ...event, timestamp: '2026-01-02T03:04:05.679Z' }],
    ['another mode', { ...event, mode: 'sandbox' }],
    ['another event', { ...event, event: 'lead.created' }],
    [
      'a list in another order',
      changed(event, 'data.object.insights.hacks', [null, { text: 'a', score: 5, actionable: true }]),
    ],
    ['another lead', changed(event, 'data.object.leadId', inboundId)],
    ['a report', aReport()],
    ['a widget event', aWidgetEvent()],
  ])('%s', (_name, input) => {
    expect(printOf(input)).not.toBe(printOf(event));
  });

  test('what a widget event says of before counts', () => {
    expect(printOf(aWidgetEvent({}, { status: 'active' }))).not.toBe(printOf(aWidgetEvent()));
  });
});

test('it is SHA-256 in hex of the sorted JSON', () => {
  // printf '{"a":[{"c":1,"d":"x"},null],"b":2}' | sha256sum
  expect(fingerprint({ b: 2, n: null, a: [{ d: 'x', c: 1 }, null] })).toBe(
    'fbeeb8ca6453d9ffa4dfaf6c6bb8785b74e6c2b1c6533fcac623d28deb892b7b',
  );
});
