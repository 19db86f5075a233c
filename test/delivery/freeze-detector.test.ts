import { expect, test } from '@jest/globals';
import { FreezeDetector } from '../../src/delivery/freeze-detector.ts';

const hour = 3_600_000;

function aPulse() {
  const clock = { steadyMs: 1_000, wallMs: 1_700_000_000_000 };
  const detector = new FreezeDetector({ steady: () => clock.steadyMs, wall: () => clock.wallMs });
  const pass = (steadyMs: number, wallMs = steadyMs): void => {
    clock.steadyMs += steadyMs;
    clock.wallMs += wallMs;
  };
  return { detector, pass };
}

test.each([
  ['a moment passes', 500, 500, false],
  ['the process is stopped for five seconds', 5_000, 5_000, true],
  ['its machine is paused for an hour, and its steady clock with it', 1, hour, true],
  ['the wall clock is set forward', 1, hour, true],
  ['the wall clock is set back', 1, -hour, true],
])('%s', (_what, steadyMs, wallMs, expected) => {
  const { detector, pass } = aPulse();
  pass(1, 1);
  const moment = detector.now();
  pass(1, 1);
  pass(steadyMs, wallMs);
  expect(detector.wasFrozenSince(moment)).toBe(expected);
});

test('a standstill is remembered against what was permitted before it, and not against what was permitted after it', () => {
  const { detector, pass } = aPulse();
  const before = detector.now();
  pass(60_000);
  const after = detector.now();
  for (let beats = 0; beats < 20; beats += 1) {
    pass(250);
    expect(detector.wasFrozenSince(after)).toBe(false);
  }
  expect(detector.wasFrozenSince(before)).toBe(true);
});
