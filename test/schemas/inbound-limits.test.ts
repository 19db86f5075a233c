import { describe, expect, test } from '@jest/globals';
import { maxEventBytes } from '../../src/schemas/inbound.ts';
import { aLeadEvent, changed, everything } from './events.ts';
import { issuesOf, said } from './issues-of.ts';

describe('text that a store cannot hold is refused, naming the path', () => {
  const paths = [
    'data.object.widgetType',
    'data.object.addressInfo.city',
    'data.object.personalInfo.lastName',
    'data.object.contactPreference.notes',
    'data.object.propertyInfo.county',
    'data.object.roofEstimate.accuracyAlerts.roofPitch',
    'data.object.insights.hacks.0.text',
    'data.object.insights.surePayHack.text',
    'data.object.sourceTracking.version',
    'data.object.roofProjectDetails.details',
  ];
  test.each(
    paths.flatMap((path) => ['a\0b', '\ud800', 'x\udc00', '\udc00\ud800'].map((value) => [path, value] as const)),
  )('%s = %j', (path, value) => {
    expect(issuesOf(changed(everything, path, value)).map((issue) => issue.path)).toEqual([path]);
  });
});

describe('size', () => {
  const sized = (bytes: number) => {
    const empty = Buffer.byteLength(JSON.stringify({ ...aLeadEvent(), more: '' }));
    return { ...aLeadEvent(), more: 'x'.repeat(bytes - empty) };
  };

  test('an event of 256 KiB is legal, one byte more is not', () => {
    expect(said(sized(maxEventBytes))).toEqual([]);
    expect(said(sized(maxEventBytes + 1))).toEqual(['$: expected at most 262144 bytes']);
  });

  test('bytes count, not characters', () => {
    expect(said({ ...aLeadEvent(), more: 'é'.repeat(maxEventBytes / 2) })).toEqual([
      '$: expected at most 262144 bytes',
    ]);
  });

  test('what JSON cannot say is refused', () => {
    const cycle: Record<string, unknown> = { ...aLeadEvent() };
    cycle.self = cycle;
    expect(said(cycle)).toEqual(['$: expected JSON']);
    expect(said({ ...aLeadEvent(), more: 1n })).toEqual(['$: expected JSON']);
  });

  test('nesting deeper than the stack is refused, not a crash', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(said({ ...aLeadEvent(), more: deep })).toEqual(['$: expected JSON']);
  });
});
