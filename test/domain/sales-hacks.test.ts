import { expect, test } from '@jest/globals';
import type { Hack } from '../../src/domain/lead.ts';
import { salesHacks } from '../../src/domain/sales-hacks.ts';
import { deepFreeze } from './steps.ts';

const hack = (text: string, score?: number, actionable = true): Hack => ({
  text,
  actionable,
  ...(score !== undefined && { score }),
});

test.each<[string, Hack[] | undefined, string[]]>([
  ['the two best, best first', [hack('a', 1), hack('b', 3), hack('c', 2)], ['b', 'c']],
  ['the earlier one first on a tie', [hack('a', 1), hack('b', 2), hack('c', 2), hack('d', 2)], ['b', 'c']],
  ['actionable ones only', [hack('a', 9, false), hack('b', 1)], ['b']],
  ['one when there is one', [hack('a', -5)], ['a']],
  ['none when none is actionable', [hack('a', 1, false)], []],
  ['none of an empty list', [], []],
  ['none when nothing is known', undefined, []],
  ['those without a score last', [hack('a'), hack('b', -1), hack('c')], ['b', 'a']],
])('sales hacks are %s', (_name, hacks, expected) => {
  expect(salesHacks(deepFreeze({ ...(hacks && { hacks }) }))).toStrictEqual({ sales_hacks: expected });
});

test('the elevate and the SurePay hack are there when available', () => {
  expect(salesHacks({ elevate_hack: { text: 'e' }, surepay_hack: { text: 's' } })).toStrictEqual({
    sales_hacks: [],
    elevate_hack: 'e',
    surepay_hack: 's',
  });
});
