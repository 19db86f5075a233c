import { describe, expect, test } from '@jest/globals';
import {
  awakened,
  type DeliveryReport,
  dueAtOf,
  type Lane,
  nextLane,
  type QueuedDelivery,
  withDeliveries,
  withReport,
} from '../../src/domain/lanes.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { deepFreeze } from './steps.ts';

const now = Date.UTC(2026, 10, 24, 12, 0, 0);
const attempts = 5;

const open = (id: string, endpointId = 'a', attempt = 1) => ({ id, endpointId, attempt });
const lane = (endpointId: string, ...queue: QueuedDelivery[]): Lane => deepFreeze({ endpointId, attempts, queue });
const head = (changes: Partial<QueuedDelivery> = {}): QueuedDelivery => ({ id: '1', attempt: 2, dueAt: 0, ...changes });
const behind: QueuedDelivery = { id: '2', attempt: 1, dueAt: 0 };
const report = (outcome: Outcome, changes: Partial<DeliveryReport> = {}): DeliveryReport => ({
  deliveryId: '1',
  endpointId: 'a',
  attempt: 2,
  outcome,
  notices: [],
  ...changes,
});

describe('new deliveries', () => {
  test('each endpoint has a lane, in the order of publishing; a delivery is in it once', () => {
    const lanes = withDeliveries([], [open('1'), open('2'), open('3', 'b', 2)], attempts);
    expect(withDeliveries(lanes, [open('2'), open('4')], attempts)).toEqual([
      { endpointId: 'a', attempts: 5, queue: ['1', '2', '4'].map((id) => ({ id, attempt: 1, dueAt: 0 })) },
      { endpointId: 'b', attempts: 5, queue: [{ id: '3', attempt: 2, dueAt: 0 }] },
    ]);
  });
});

describe('what a report makes of its lane', () => {
  test.each<[string, Outcome, Partial<QueuedDelivery>]>([
    ['a retry by the schedule', { kind: 'retry', delayMs: 60_000 }, { attempt: 3, dueAt: now + 60_000 }],
    ['asked too early', { kind: 'not_due', delayMs: 5_000 }, { dueAt: now + 5_000 }],
    ['held', { kind: 'held' }, { dueAt: null, waitsFor: 'resume' }],
    ['queued', { kind: 'queued', recheckAfterMs: 9_000 }, { dueAt: now + 9_000, waitsFor: 'slot' }],
    ['handed over', { kind: 'in_flight', recheckAfterMs: 20_000 }, { dueAt: now + 20_000, waitsFor: 'outcome' }],
  ])('%s', (_, outcome, expected) => {
    const lanes = [lane('a', head({ waitsFor: 'outcome' }), behind), lane('b', head())];
    const [first, second] = withReport(lanes, report(outcome), now);
    expect(first?.queue).toEqual([{ id: '1', attempt: 2, ...expected }, behind]);
    expect(second).toBe(lanes[1]);
  });

  test.each<[string, Outcome]>([
    ['delivered', { kind: 'delivered' }],
    ['abandoned', { kind: 'abandoned', reason: 'rejected' }],
  ])('%s: the next one is due at once, and an empty lane goes', (_, outcome) => {
    expect(withReport([lane('a', head(), behind)], report(outcome), now)).toEqual([lane('a', behind)]);
    expect(withReport([lane('a', head())], report(outcome), now)).toEqual([]);
  });

  test.each<[string, DeliveryReport]>([
    ['of an earlier attempt', report({ kind: 'retry', delayMs: 1 }, { attempt: 1 })],
    ['of what is settled', report({ kind: 'delivered' }, { deliveryId: '0' })],
    ['of another endpoint', report({ kind: 'delivered' }, { endpointId: 'c' })],
  ])('a report %s changes nothing', (_, late) => {
    const lanes = [lane('a', head(), behind)];
    expect(withReport(lanes, late, now)).toEqual(lanes);
  });
});

test('a lane that is told to ask does so at once, whatever it waited for; the others go on waiting', () => {
  const lanes = [lane('a', head({ dueAt: null, waitsFor: 'resume' }), behind), lane('b', head({ dueAt: now }))];
  const [first, second] = awakened(lanes, ({ endpointId }) => endpointId === 'a');
  expect(first?.queue).toEqual([{ id: '1', attempt: 2, dueAt: 0 }, behind]);
  expect(second).toBe(lanes[1]);
});

test('the lane that is due first is next; one that only waits to be told never is', () => {
  const [later, sooner] = [lane('a', head({ dueAt: now + 2 })), lane('b', head({ dueAt: now + 1 }))];
  const held = lane('c', head({ dueAt: null, waitsFor: 'resume' }));
  expect(nextLane([held, later, sooner])).toBe(sooner);
  expect(dueAtOf(held)).toBe(Number.POSITIVE_INFINITY);
  expect(nextLane([])).toBeUndefined();
});
