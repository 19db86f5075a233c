import { describe, expect, test } from '@jest/globals';
import { type Admission, admit, type Candidate } from '../../src/domain/admission.ts';
import type { DeliveryStatus } from '../../src/domain/outcome.ts';

const now = Date.UTC(2026, 10, 24, 12, 0, 0);
const minute = 60_000;

/** A delivery nobody has tried yet, at an endpoint with nothing in its way. */
const candidate = (overrides: Partial<Candidate> = {}): Candidate => ({
  deliveryId: 'this',
  status: 'pending',
  reason: null,
  attempt: 0,
  nextAttemptAt: null,
  skipRequested: false,
  endpointStatus: 'active',
  endpointDeleted: false,
  resumePhase: null,
  probeDeliveryId: null,
  inFlight: 0,
  maxInFlight: 16,
  pacedMs: 0,
  ownedOrLost: false,
  ...overrides,
});

const send: Admission = { kind: 'send' };
const hold: Admission = { kind: 'hold' };
const wait: Admission = { kind: 'wait' };
const elsewhere: Admission = { kind: 'elsewhere' };

describe('nothing in its way: it is sent', () => {
  test.each<[string, Partial<Candidate>, number]>([
    ['a first attempt', {}, 1],
    ['a second attempt, due', { status: 'retrying', attempt: 1, nextAttemptAt: now }, 2],
    ['what was held, after the resume is over', { status: 'held', attempt: 3 }, 4],
    ['one below the bound', { inFlight: 15 }, 1],
  ])('%s', (_, overrides, attempt) => {
    expect(admit(candidate(overrides), attempt, now)).toEqual(send);
  });
});

describe('while an endpoint is paused nothing is sent and no attempt is used', () => {
  test.each<[DeliveryStatus, number]>([
    ['pending', 0],
    ['retrying', 2],
    ['held', 0],
    ['held', 4],
  ])('%s after %i attempts is held', (status, attempt) => {
    expect(admit(candidate({ status, attempt, endpointStatus: 'paused' }), attempt + 1, now)).toEqual(hold);
  });

  test('a lost attempt is not repeated but held', () => {
    const lost = candidate({ status: 'delivering', attempt: 2, ownedOrLost: true, endpointStatus: 'paused' });
    expect(admit(lost, 2, now)).toEqual(hold);
  });

  test('the bound is no reason to wait: nobody wakes who waits behind a pause', () => {
    expect(admit(candidate({ endpointStatus: 'paused', inFlight: 16 }), 1, now)).toEqual(hold);
  });

  test('the one that was to go first is held too, when the pause overtakes the resume', () => {
    const overtaken = candidate({ endpointStatus: 'paused', resumePhase: 'probe', probeDeliveryId: 'this' });
    expect(admit(overtaken, 1, now)).toEqual(hold);
  });
});

describe('on resume one goes first, then the rest', () => {
  test.each<[string, Partial<Candidate>, Admission]>([
    ['chosen: it goes', { resumePhase: 'probe', probeDeliveryId: 'this' }, send],
    ['another one is chosen: held', { resumePhase: 'probe', probeDeliveryId: 'other' }, hold],
    ['none is chosen yet: held', { resumePhase: 'probe', probeDeliveryId: null }, hold],
    ['the chosen one has succeeded: it goes', { resumePhase: 'drain' }, send],
    ['the resume is over: it goes', { resumePhase: null }, send],
  ])('%s', (_, overrides, admission) => {
    expect(admit(candidate({ status: 'held', ...overrides }), 1, now)).toEqual(admission);
  });
});

describe('at most so many at a time', () => {
  test.each([
    [16, 16, wait],
    [17, 16, wait],
    [1, 1, wait],
    [0, 1, send],
  ])('%i under way of %i', (inFlight, maxInFlight, admission) => {
    expect(admit(candidate({ inFlight, maxInFlight }), 1, now)).toEqual(admission);
  });

  test('a lost attempt has its place already', () => {
    const lost = candidate({ status: 'delivering', attempt: 1, ownedOrLost: true, inFlight: 16 });
    expect(admit(lost, 1, now)).toEqual(send);
  });
});

describe('a retry that is not due', () => {
  test('a wake does not hurry it: it is told how long to wait', () => {
    expect(admit(candidate({ status: 'retrying', attempt: 1, nextAttemptAt: now + minute }), 2, now)).toEqual({
      kind: 'recorded',
      outcome: { kind: 'waiting', lookAgainMs: minute },
    });
  });

  test.each([now - minute, now, now + 500])('at its time, or a moment before, it goes', (nextAttemptAt) => {
    expect(admit(candidate({ status: 'retrying', attempt: 1, nextAttemptAt }), 2, now)).toEqual(send);
  });
});

describe('at most so many a second', () => {
  test.each<[string, Partial<Candidate>, Admission]>([
    ['the next place is 200 ms away', { pacedMs: 200 }, { kind: 'paced', inMs: 200 }],
    ['it may go now', { pacedMs: 0 }, send],
    ['paced, and as many under way: an end will call it', { pacedMs: 200, inFlight: 16 }, wait],
    ['a lost attempt had its place', { status: 'delivering', attempt: 1, ownedOrLost: true, pacedMs: 200 }, send],
    ['paused: no reason to wait in line', { endpointStatus: 'paused', pacedMs: 200 }, hold],
  ])('%s', (_, overrides, admission) => {
    expect(admit(candidate(overrides), 1, now)).toEqual(admission);
  });
});

describe('an attempt that was begun before', () => {
  test('under way in another process: it is waited for', () => {
    expect(admit(candidate({ status: 'delivering', attempt: 1 }), 1, now)).toEqual(elsewhere);
  });

  test('also while the endpoint is paused: what is under way finishes and counts', () => {
    const underWay = candidate({ status: 'delivering', attempt: 1, endpointStatus: 'paused' });
    expect(admit(underWay, 1, now)).toEqual(elsewhere);
  });

  test('lost with its process: the same number goes again', () => {
    expect(admit(candidate({ status: 'delivering', attempt: 3, ownedOrLost: true }), 3, now)).toEqual(send);
  });

  test.each<[string, Partial<Candidate>, number]>([
    ['its retry is due later', { status: 'retrying', nextAttemptAt: now + minute }, minute],
    ['its retry is overdue', { status: 'retrying', nextAttemptAt: now - minute }, 0],
    ['the endpoint was paused since, and it is held', { status: 'held', endpointStatus: 'paused' }, 0],
  ])('answered and recorded: the next number follows, %s', (_, overrides, delayMs) => {
    expect(admit(candidate({ attempt: 1, ...overrides }), 1, now)).toEqual({
      kind: 'recorded',
      outcome: { kind: 'retry', delayMs },
    });
  });
});

describe('settled: what is recorded stands, whatever became of the endpoint', () => {
  test.each<[string, Partial<Candidate>]>([
    ['as it was', {}],
    ['paused since', { endpointStatus: 'paused' }],
    ['deleted since', { endpointDeleted: true }],
    ['to be skipped, too late', { skipRequested: true }],
  ])('%s', (_, overrides) => {
    const delivered = candidate({ status: 'delivered', attempt: 1, ...overrides });
    expect(admit(delivered, 1, now)).toEqual({ kind: 'recorded', outcome: { kind: 'delivered' } });
    expect(admit(delivered, 2, now)).toEqual({ kind: 'recorded', outcome: { kind: 'delivered' } });
    const abandoned = candidate({ status: 'abandoned', reason: 'gone', attempt: 1, ...overrides });
    const recorded = { kind: 'recorded', outcome: { kind: 'abandoned', reason: 'gone' } };
    expect(admit(abandoned, 1, now)).toEqual(recorded);
  });
});

describe('skipped, deleted', () => {
  test.each<[string, Partial<Candidate>, 'skipped' | 'endpoint_deleted']>([
    ['skipped while it was retrying', { skipRequested: true, status: 'retrying', attempt: 1 }, 'skipped'],
    [
      'skipped while it is held',
      { skipRequested: true, status: 'held', attempt: 1, endpointStatus: 'paused' },
      'skipped',
    ],
    ['the endpoint is deleted', { endpointDeleted: true, status: 'retrying', attempt: 1 }, 'endpoint_deleted'],
    [
      'deleted while paused',
      { endpointDeleted: true, status: 'held', attempt: 1, endpointStatus: 'paused' },
      'endpoint_deleted',
    ],
    [
      'lost, and skipped meanwhile',
      { skipRequested: true, status: 'delivering', attempt: 2, ownedOrLost: true },
      'skipped',
    ],
    [
      'lost, and deleted meanwhile',
      { endpointDeleted: true, status: 'delivering', attempt: 2, ownedOrLost: true },
      'endpoint_deleted',
    ],
  ])('abandoned before anything is sent: %s', (_, overrides, reason) => {
    expect(admit(candidate(overrides), 2, now)).toEqual({ kind: 'abandon', reason });
  });
});
