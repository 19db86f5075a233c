import { describe, expect, test } from '@jest/globals';
import { automaticPause, type Failing, isReceiversFault, isWarningDue } from '../../src/domain/failing-policy.ts';
import { type AbandonedReason, abandonedReasons, type Outcome } from '../../src/domain/outcome.ts';

const firstAttemptAt = Date.UTC(2026, 10, 24, 12, 0, 0);
const abandoned = (reason: AbandonedReason): Outcome => ({ kind: 'abandoned', reason });
const retry: Outcome = { kind: 'retry', delayMs: 60_000 };

/** The first failure of an endpoint that never failed before. */
const failing = (outcome: Outcome, overrides: Partial<Failing> = {}): Failing => ({
  outcome,
  firstAttemptAt,
  recoveredAt: null,
  abandonedInRow: 1,
  ...overrides,
});

describe('the last attempt of the schedule pauses the endpoint unless it had a success since the delivery’s first attempt', () => {
  test.each([
    ['never a success', null, 'failing'],
    ['a success before the first attempt', firstAttemptAt - 1, 'failing'],
    ['a success since', firstAttemptAt + 1, null],
    ['a success hours since', firstAttemptAt + 4 * 3_600_000, null],
  ])('%s', (_, recoveredAt, pause) => {
    expect(automaticPause(failing(abandoned('exhausted'), { recoveredAt }))).toBe(pause);
  });
});

describe('five deliveries in a row abandoned by the receiver’s fault pause the endpoint', () => {
  test.each([
    [1, null],
    [4, null],
    [5, 'consecutive_failures'],
    [6, 'consecutive_failures'],
  ])('%i in a row', (abandonedInRow, pause) => {
    for (const reason of ['rejected', 'blocked_address'] as const) {
      expect(automaticPause(failing(abandoned(reason), { abandonedInRow }))).toBe(pause);
    }
  });

  test('also when the last of them used up its schedule and others succeeded since its first attempt', () => {
    const fifth = failing(abandoned('exhausted'), { recoveredAt: firstAttemptAt + 1, abandonedInRow: 5 });
    expect(automaticPause(fifth)).toBe('consecutive_failures');
  });
});

test('410 pauses at once, whatever succeeded before', () => {
  expect(automaticPause(failing(abandoned('gone')))).toBe('gone');
  expect(automaticPause(failing(abandoned('gone'), { recoveredAt: firstAttemptAt + 1 }))).toBe('gone');
});

test.each<[string, Outcome]>([
  ['a retried failure', retry],
  ['a success', { kind: 'delivered' }],
  ['held', { kind: 'held' }],
  ['queued', { kind: 'queued', recheckAfterMs: 120_000 }],
  ['under way', { kind: 'in_flight', recheckAfterMs: 20_000 }],
  ['skipped', abandoned('skipped')],
  ['the endpoint deleted', abandoned('endpoint_deleted')],
  ['the lead erased', abandoned('lead_erased')],
])('never pauses, however many failed before: %s', (_, outcome) => {
  expect(automaticPause(failing(outcome, { abandonedInRow: 50 }))).toBeNull();
});

test.each<[AbandonedReason, boolean]>([
  ['rejected', true],
  ['gone', true],
  ['exhausted', true],
  ['blocked_address', true],
  ['skipped', false],
  ['endpoint_deleted', false],
  ['lead_erased', false],
])('%s counts among those in a row: %s', (reason, counts) => {
  expect(isReceiversFault(reason)).toBe(counts);
});

test('every reason is in the table above', () => {
  expect([...abandonedReasons].sort()).toEqual(
    ['rejected', 'gone', 'exhausted', 'blocked_address', 'skipped', 'endpoint_deleted', 'lead_erased'].sort(),
  );
});

describe('the warning is for the last but one attempt of whatever schedule is set', () => {
  const minute = 60_000;
  test.each<[string, number[], number | null]>([
    ['the default: the fourth of five', [minute, 10 * minute, 60 * minute, 240 * minute], 4],
    ['two attempts: the first', [minute], 1],
    ['three attempts: the second', [minute, minute], 2],
    ['eight attempts: the seventh', Array(7).fill(minute), 7],
    ['one attempt: none, there is no last but one', [], null],
  ])('%s', (_, schedule, warned) => {
    const attempts = Array.from({ length: schedule.length + 1 }, (_attempt, index) => index + 1);
    const warnings = attempts.filter((attempt) => {
      const isLast = attempt > schedule.length;
      return isWarningDue(isLast ? abandoned('exhausted') : retry, attempt, schedule);
    });
    expect(warnings).toEqual(warned === null ? [] : [warned]);
  });

  test.each<[string, Outcome]>([
    ['delivered at last', { kind: 'delivered' }],
    ['rejected for good', abandoned('rejected')],
    ['gone', abandoned('gone')],
    ['held', { kind: 'held' }],
  ])('no warning when that attempt is not to be retried: %s', (_, outcome) => {
    expect(isWarningDue(outcome, 4, [minute, minute, minute, minute])).toBe(false);
  });
});
