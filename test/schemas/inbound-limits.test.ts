import { describe, expect, test } from '@jest/globals';
import { maxEventBytes, parseInbound } from '../../src/schemas/inbound.ts';
import { aLeadEvent, aReport, aWidgetEvent, changed, everything } from './events.ts';
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
    'data.object.insights.elevateHack.text',
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

describe('numbers', () => {
  const paths = [
    'data.object.addressInfo.lat',
    'data.object.roofEstimate.costMin',
    'data.object.roofEstimate.costMax',
    'data.object.roofEstimate.roofArea',
    'data.object.roofEstimate.averagePitch',
    'data.object.scores.surePayScore',
    'data.object.insights.hacks.0.score',
    'data.object.scores.surePayScale.max',
  ];
  /** As it comes over the wire: the literal, not what JavaScript makes of it. */
  const withLiteral = (path: string, literal: string): unknown =>
    JSON.parse(JSON.stringify(changed(everything, path, 'literal')).replace('"literal"', literal));
  const range = 'expected number from -9007199254740991 to 9007199254740991';

  test.each(paths)('an integer that JSON readers round is refused: %s', (path) => {
    expect(said(withLiteral(path, '9007199254740993'))).toEqual([`${path}: ${range}`]);
  });

  test.each(['9007199254740992', '-9007199254740993', '9007199254740993.0', '1e16', '9.007199254740993e15', '1e308'])(
    'however it is written: %s',
    (literal) => {
      expect(said(withLiteral('data.object.roofEstimate.costMin', literal))).toEqual([
        `data.object.roofEstimate.costMin: ${range}`,
      ]);
    },
  );

  test.each(['1e400', '-1e400'])('what is larger than any double is no number: %s', (literal) => {
    expect(said(withLiteral('data.object.roofEstimate.costMax', literal))).toEqual([
      'data.object.roofEstimate.costMax: expected number',
    ]);
  });

  test.each([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['1.10', 1.1],
    ['1.0', 1],
    ['-0', 0],
    ['12345678.12345678', 12345678.12345678],
    ['1e-400', 0],
    ['0.1000000000000000055511151231257827', 0.1],
  ])('what is taken keeps its value: %s', (literal, value) => {
    const parsed = parseInbound(withLiteral('data.object.roofEstimate.costMax', literal));
    const kept = JSON.parse(JSON.stringify(parsed)) as { step: { facts: { roof_estimate: { cost_max: number } } } };
    expect(kept.step.facts.roof_estimate.cost_max).toBe(value);
  });

  test('an unknown field is ignored, whatever it holds', () => {
    expect(said(JSON.parse(`{"more":9007199254740993,${JSON.stringify(everything).slice(1)}`))).toEqual([]);
  });
});

describe('a timestamp may be 24 h ahead of our clock', () => {
  const hour = 3_600_000;
  const events = { lead: aLeadEvent(), report: aReport(), widget: aWidgetEvent() };
  const inHours = (hours: number) => new Date(Date.now() + hours * hour).toISOString();

  test.each(Object.entries(events))('%s: 23 h are taken, 25 h and three years are refused', (_, event) => {
    expect(said({ ...event, timestamp: inHours(23) })).toEqual([]);
    for (const hours of [25, 3 * 365 * 24]) {
      expect(said({ ...event, timestamp: inHours(hours) })).toEqual([
        'timestamp: expected timestamp at most 24 h ahead of now',
      ]);
    }
  });

  test('the last moment of the calendar, in another spelling', () => {
    expect(said({ ...aLeadEvent(), timestamp: '9999-12-31T23:59:59.999999+00:00' })).toEqual([
      'timestamp: expected timestamp at most 24 h ahead of now',
    ]);
  });
});
