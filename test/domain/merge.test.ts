import { describe, expect, test } from '@jest/globals';
import type { LeadFacts } from '../../src/domain/lead.ts';
import { mergeFacts } from '../../src/domain/merge.ts';

/** Merges what was said, in order of arrival, each at its time. */
const merged = (...said: [occurredAt: number, facts: LeadFacts][]): LeadFacts =>
  said.reduce((known, [at, facts]) => mergeFacts(known.facts, known.stamps, facts, at), {
    facts: {},
    stamps: {},
  } as ReturnType<typeof mergeFacts>).facts;

const contact = (phone?: string): LeadFacts => ({
  contact: {
    first_name: 'A',
    last_name: 'B',
    email: 'a@b.c',
    contact_consent: true,
    ...(phone !== undefined && { phone }),
  },
});

describe('fields merge over time', () => {
  test('the newest value wins, whichever arrives last', () => {
    expect(merged([2, contact('new')], [1, contact('old')]).contact?.phone).toBe('new');
    expect(merged([1, contact('old')], [2, contact('new')]).contact?.phone).toBe('new');
  });

  test('on a tie the one that arrived later wins', () => {
    expect(merged([1, contact('first')], [1, contact('second')]).contact?.phone).toBe('second');
  });

  test('what a newer event leaves out stays', () => {
    expect(merged([1, contact('known')], [2, contact()]).contact?.phone).toBe('known');
  });

  test('an older event fills what is not known yet', () => {
    expect(merged([2, contact()], [1, contact('older')]).contact?.phone).toBe('older');
  });

  test('groups merge field by field, nested ones too', () => {
    expect(
      merged(
        [1, { roof_estimate: { cost_min: 1, accuracy_alerts: { roof_area: 'a' } } }],
        [2, { roof_estimate: { cost_max: 2, accuracy_alerts: { roof_pitch: 'b' } } }],
      ),
    ).toEqual({ roof_estimate: { cost_min: 1, cost_max: 2, accuracy_alerts: { roof_area: 'a', roof_pitch: 'b' } } });
  });

  test('arrays are one value', () => {
    const hack = (text: string) => ({ text, score: 1, actionable: true });
    expect(
      merged([1, { insights: { hacks: [hack('a'), hack('b')] } }], [2, { insights: { hacks: [hack('c')] } }]).insights,
    ).toEqual({ hacks: [hack('c')] });
    expect(merged([1, { insights: { hacks: [hack('a')] } }], [2, { insights: { hacks: [] } }]).insights?.hacks).toEqual(
      [],
    );
  });

  test('false, zero and the empty text are values', () => {
    const known: LeadFacts = { property: { owner_occupied: true, county: 'x' }, roof_estimate: { cost_min: 5 } };
    const said: LeadFacts = { property: { owner_occupied: false, county: '' }, roof_estimate: { cost_min: 0 } };
    expect(merged([1, known], [2, said])).toEqual(said);
  });

  test('an empty group is a group', () => {
    expect(merged([1, { property: {} }])).toEqual({ property: {} });
  });
});

describe('source tracking and widget are those of the earliest', () => {
  const tracked = (source: string, widget: string): LeadFacts => ({
    source_tracking: { source, version: source },
    widget_reference_id: widget,
  });

  test('whichever arrives first', () => {
    expect(merged([1, tracked('03', 'w1')], [2, tracked('04', 'w2')])).toEqual(tracked('03', 'w1'));
    expect(merged([2, tracked('04', 'w2')], [1, tracked('03', 'w1')])).toEqual(tracked('03', 'w1'));
  });

  test('on a tie the one that arrived first', () => {
    expect(merged([1, tracked('03', 'w1')], [1, tracked('04', 'w2')])).toEqual(tracked('03', 'w1'));
  });

  test('of those that say something', () => {
    expect(merged([1, { source_tracking: { source: '03' } }], [2, tracked('04', 'w2')])).toEqual({
      source_tracking: { source: '03', version: '04' },
      widget_reference_id: 'w2',
    });
  });
});
