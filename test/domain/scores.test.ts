import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { spark360Scores } from '../../src/domain/scores.ts';

describe('SurePay is scaled linearly from its own range to 1–10, clamped, halves rounded up', () => {
  test.each([
    [300, undefined, 1],
    [850, undefined, 10],
    [575, undefined, 6], // 5.5
    [330, undefined, 1], // 1.49
    [331, undefined, 2], // 1.51
    [720, undefined, 8], // 7.87
    [0, undefined, 1],
    [-40, undefined, 1],
    [900, undefined, 10],
    [50, { min: 0, max: 100 }, 6], // 5.5
    [5, { min: 0, max: 90 }, 2], // 1.5
    [85, { min: 0, max: 90 }, 10], // 9.5
    [0.3, { min: 0.1, max: 0.5 }, 6], // 5.5, in binary a hair below
    [-50, { min: -100, max: 0 }, 6], // 5.5
    [3, { min: 1, max: 10 }, 3],
  ])('%d on %j is %d', (surepay_score, surepay_scale, expected) => {
    expect(spark360Scores({ surepay_score, ...(surepay_scale && { surepay_scale }) })).toEqual({
      surepay_score: expected,
    });
  });

  test('a range without a width says nothing', () => {
    expect(spark360Scores({ surepay_score: 5, surepay_scale: { min: 5, max: 5 } })).toStrictEqual({});
  });

  test('whatever is sent, scores are integers from 1 to 10, and a better one is never worse', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(number, number, number, number, (a, b, c, d) => {
        const surepay_scale = { min: Math.min(c, d), max: Math.max(c, d) };
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map(
          (surepay_score) => spark360Scores({ surepay_score, surepay_scale }).surepay_score,
        );
        if (low === undefined || high === undefined) return;
        expect(Number.isInteger(low) && low >= 1 && high <= 10 && low <= high).toBe(true);
      }),
    );
  });
});

test.each([
  [1, 1],
  [7.5, 8],
  [7.49, 7],
  [9.5, 10],
  [10, 10],
  [0, 1],
  [12, 10],
])('the other scores: %d is %d', (score, expected) => {
  expect(spark360Scores({ lead_integrity_score: score, elevate_score: score })).toEqual({
    lead_integrity_score: expected,
    elevate_score: expected,
  });
});

test('a score that is not known is left out', () => {
  expect(spark360Scores({})).toStrictEqual({});
});
