import { expect, test } from '@jest/globals';
import { callPace } from '../../src/domain/call-pace.ts';

test('where answers are fast, or none is known, all are called together', () => {
  expect(callPace(null, 16)).toEqual({ atOnce: Number.POSITIVE_INFINITY, pauseMs: 0 });
});

test.each([
  ['two seconds at 16 places: twice the eight a second that end', 2_000, 16, { atOnce: 1, pauseMs: 62.5 }],
  [
    'half a second at 16 places: by threes, since single calls would be too close',
    500,
    16,
    { atOnce: 3, pauseMs: 46.875 },
  ],
  [
    'a minute at one place: it waits no longer than half a second, in case the next answer is fast',
    60_000,
    1,
    { atOnce: 1, pauseMs: 500 },
  ],
])('%s', (_, answerMs, places, pace) => {
  expect(callPace(answerMs, places)).toEqual(pace);
});

test.each([
  [300, 1],
  [300, 256],
  [2_000, 16],
  [8_000, 16],
  [15_000, 256],
])('at %i ms an answer, no place of %i is left unused in the long run', (answerMs, places) => {
  const { atOnce, pauseMs } = callPace(answerMs, places);
  expect((atOnce / pauseMs) * answerMs).toBeGreaterThanOrEqual(places);
});
