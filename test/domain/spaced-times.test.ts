import { expect, test } from '@jest/globals';
import { SpacedTimes } from '../../src/domain/spaced-times.ts';

const now = Date.UTC(2026, 10, 24, 12, 0, 0);
/** Draws these, one after the other; fails when more are asked for. */
const drawing = (...times: number[]) => {
  const left = [...times];
  return () => {
    const next = left.shift();
    if (next === undefined) throw new Error('drawn too often');
    return next;
  };
};
const anywhereIn = (ms: number) => () => now + Math.random() * ms;

test('where nothing is planned near, the first drawn is taken', () => {
  const times = new SpacedTimes();
  expect(times.choose(drawing(now + 1_000), now)).toBe(now + 1_000);
  expect(times.choose(drawing(now + 1_200), now)).toBe(now + 1_200);
  expect(times.choose(drawing(now + 800), now)).toBe(now + 800);
});

test('of those drawn the farthest from what is planned is taken, before or behind it', () => {
  const times = new SpacedTimes();
  for (const planned of [1_000, 1_200]) times.choose(drawing(now + planned), now);
  const offsets = [1_001, 1_190, 1_070, 1_100, 1_120, 1_250, 950, 1_000, 1_200, 1_001, 1_002, 1_003, 1_004, 1_005];
  expect(times.choose(drawing(...[...offsets, 1_099, 1_101].map((offset) => now + offset)), now)).toBe(now + 1_100);
  expect(times.choose(drawing(now + 1_150, now + 1_400), now)).toBe(now + 1_400);
});

test('when all that can be drawn is one time, it is that time', () => {
  const times = new SpacedTimes();
  expect([1, 2, 3].map(() => times.choose(() => now, now))).toEqual([now, now, now]);
});

test('what has passed is no longer kept away from', () => {
  const times = new SpacedTimes();
  times.choose(drawing(now), now);
  expect(times.choose(drawing(now + 10, now + 300), now + 150)).toBe(now + 300);
  expect(times.choose(drawing(now + 10), now + 600)).toBe(now + 10);
});

function sharedByCloserThan(ms: number, times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted.slice(1).filter((time, index) => time - (sorted[index] ?? Number.NaN) < ms).length / times.length;
}

test('a thousand times within a hundred seconds: hardly any closer than a quarter of the mean, where by chance alone it is a fifth', () => {
  const times = new SpacedTimes();
  const range = anywhereIn(100_000);
  const chosen = Array.from({ length: 1_000 }, () => times.choose(range, now));
  const byChance = Array.from({ length: 1_000 }, range);
  expect(sharedByCloserThan(25, chosen)).toBeLessThan(0.04);
  expect(sharedByCloserThan(25, byChance)).toBeGreaterThan(0.12);
});

test('with very many planned for later, the next moments are spaced all the same', () => {
  const times = new SpacedTimes();
  const later = () => now + 3_600_000 + Math.random() * 3_600_000;
  for (let planned = 0; planned < 12_000; planned += 1) times.choose(later, now);
  const chosen = Array.from({ length: 100 }, () => times.choose(anywhereIn(10_000), now));
  expect(sharedByCloserThan(25, chosen)).toBeLessThan(0.04);
});
