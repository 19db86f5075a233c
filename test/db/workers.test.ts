import { expect, test } from '@jest/globals';
import { isExpired } from '../../src/db/workers.ts';

const hour = 3_600_000;
const permittedAt = { steadyMs: 1_000, wallMs: 1_700_000_000_000 };

/** What a process may have slept through is less than what it takes to be called dead. */
test.each([
  ['a moment passes', 500, 500, false],
  ['the process is stopped for five seconds', 5_000, 5_000, true],
  ['its machine is paused for an hour, and its steady clock with it', 1, hour, true],
  ['the wall clock is set forward', 1, hour, true],
  ['the wall clock is set back', 1, -hour, true],
])('whether an attempt has to be asked for again: %s', (_what, steadyMs, wallMs, expected) => {
  const now = { steadyMs: permittedAt.steadyMs + steadyMs, wallMs: permittedAt.wallMs + wallMs };
  expect(isExpired(permittedAt, now)).toBe(expected);
});
