import { expect, test } from '@jest/globals';
import { retryAfterMs } from '../../src/domain/retry-after.ts';

const now = Date.UTC(2026, 10, 24, 12, 0, 0);

test.each([
  ['0', 0],
  ['1', 1_000],
  ['120', 120_000],
  [' 120 ', 120_000],
  ['0120', 120_000],
])('delay-seconds: %j', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

test.each([
  ['IMF-fixdate', 'Tue, 24 Nov 2026 12:02:00 GMT'],
  ['RFC 850', 'Tuesday, 24-Nov-26 12:02:00 GMT'],
  ['asctime', 'Tue Nov 24 12:02:00 2026'],
  ['lower case', 'tue, 24 nov 2026 12:02:00 gmt'],
])('an HTTP-date in the form of %s is UTC', (_, header) => {
  expect(retryAfterMs(header, now)).toBe(120_000);
});

test('asctime pads the day with a blank', () => {
  expect(retryAfterMs('Tue Dec  1 12:00:00 2026', now)).toBe(7 * 86_400_000);
});

test('a two-digit year more than 50 years ahead is past', () => {
  expect(retryAfterMs('Sunday, 06-Nov-94 08:49:37 GMT', now)).toBe(0);
  expect(retryAfterMs('Sunday, 06-Nov-50 08:49:37 GMT', now)).toBeGreaterThan(0);
});

test.each([
  null,
  '',
  '-5',
  '1.5',
  '5s',
  'soon',
  '2026-11-24T12:02:00Z',
  'Tue, 24 Foo 2026 12:02:00 GMT',
  '0x10',
  '1e3',
])('what is neither is no wish to wait: %j', (header) => {
  expect(retryAfterMs(header, now)).toBe(0);
});
