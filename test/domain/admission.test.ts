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
  freeSlots: 16,
  hasQueue: false,
  rateLimitWaitMs: 0,
  isLost: false,
  runningMs: 2_000,
  ...overrides,
});

const send: Admission = { kind: 'send' };
const hold: Admission = { kind: 'hold' };
const queue: Admission = { kind: 'queue', waitMs: 0 };
const leaseMs = 20_000;
const underWay: Admission = { kind: 'recorded', outcome: { kind: 'in_flight', recheckAfterMs: 18_000 } };

const ask = (given: Candidate, attempt: number): Admission => admit(given, { attempt, now, leaseMs });

describe('nothing in its way: it is sent', () => {
  test.each<[string, Partial<Candidate>, number]>([
    ['a first attempt', {}, 1],
    ['a second attempt, due', { status: 'retrying', attempt: 1, nextAttemptAt: now }, 2],
    ['what was held, after the resume is over', { status: 'held', attempt: 3 }, 4],
    ['one below the bound', { freeSlots: 1 }, 1],
  ])('%s', (_, overrides, attempt) => {
    expect(ask(candidate(overrides), attempt)).toEqual(send);
  });
});

describe('while an endpoint is paused nothing is sent and no attempt is used', () => {
  test.each<[DeliveryStatus, number]>([
    ['pending', 0],
    ['retrying', 2],
    ['held', 0],
    ['held', 4],
  ])('%s after %i attempts is held', (status, attempt) => {
    expect(ask(candidate({ status, attempt, endpointStatus: 'paused' }), attempt + 1)).toEqual(hold);
  });

  test('a lost attempt is not repeated but held', () => {
    const lost = candidate({ status: 'delivering', attempt: 2, isLost: true, endpointStatus: 'paused' });
    expect(ask(lost, 2)).toEqual(hold);
  });

  test('the bound is no reason to wait: nobody wakes who waits behind a pause', () => {
    expect(ask(candidate({ endpointStatus: 'paused', freeSlots: 0 }), 1)).toEqual(hold);
  });

  test('the one that was to go first is held too, when the pause overtakes the resume', () => {
    const overtaken = candidate({ endpointStatus: 'paused', resumePhase: 'probe', probeDeliveryId: 'this' });
    expect(ask(overtaken, 1)).toEqual(hold);
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
    expect(ask(candidate({ status: 'held', ...overrides }), 1)).toEqual(admission);
  });
});

describe('at most so many at a time', () => {
  test.each<[string, Partial<Candidate>, Admission]>([
    ['no slot is free', { freeSlots: 0 }, queue],
    ['one is free', { freeSlots: 1 }, send],
    ['one is free, and others wait for it', { freeSlots: 1, hasQueue: true }, queue],
    [
      'what goes first after a resume waits for nobody',
      { hasQueue: true, resumePhase: 'probe', probeDeliveryId: 'this' },
      send,
    ],
  ])('%s', (_, overrides, admission) => {
    expect(ask(candidate(overrides), 1)).toEqual(admission);
  });

  test('a lost attempt has its slot already', () => {
    const lost = candidate({ status: 'delivering', attempt: 1, isLost: true, freeSlots: 0 });
    expect(ask(lost, 1)).toEqual(send);
  });
});

describe('a retry that is not due', () => {
  test('a wake does not hurry it: it is told how long to wait', () => {
    expect(ask(candidate({ status: 'retrying', attempt: 1, nextAttemptAt: now + minute }), 2)).toEqual({
      kind: 'recorded',
      outcome: { kind: 'not_due', delayMs: minute },
    });
  });

  test.each([now - minute, now, now + 500])('at its time, or a moment before, it goes', (nextAttemptAt) => {
    expect(ask(candidate({ status: 'retrying', attempt: 1, nextAttemptAt }), 2)).toEqual(send);
  });
});

describe('at most so many a second', () => {
  test.each<[string, Partial<Candidate>, Admission]>([
    ['the next token is 200 ms away', { rateLimitWaitMs: 200 }, { kind: 'queue', waitMs: 200 }],
    ['it may go now', { rateLimitWaitMs: 0 }, send],
    ['no token, and no slot', { rateLimitWaitMs: 200, freeSlots: 0 }, { kind: 'queue', waitMs: 200 }],
    ['a lost attempt had its token', { status: 'delivering', attempt: 1, isLost: true, rateLimitWaitMs: 200 }, send],
    ['paused: no reason to queue', { endpointStatus: 'paused', rateLimitWaitMs: 200 }, hold],
  ])('%s', (_, overrides, admission) => {
    expect(ask(candidate(overrides), 1)).toEqual(admission);
  });
});

describe('an attempt that was begun before', () => {
  test('under way in another process: it is waited for', () => {
    expect(ask(candidate({ status: 'delivering', attempt: 1 }), 1)).toEqual(underWay);
  });

  test('also while the endpoint is paused: what is under way finishes and counts', () => {
    const paused = candidate({ status: 'delivering', attempt: 1, endpointStatus: 'paused' });
    expect(ask(paused, 1)).toEqual(underWay);
  });

  test('its process lives and goes on trying to record the answer: it is not made again for a minute', () => {
    const answered = (runningMs: number) => ask(candidate({ status: 'delivering', attempt: 1, runningMs }), 1);
    expect(answered(80_000)).toEqual({ kind: 'recorded', outcome: { kind: 'in_flight', recheckAfterMs: 5_000 } });
    expect(answered(90_000)).toEqual(send);
  });

  test('lost with its process: the same number goes again', () => {
    expect(ask(candidate({ status: 'delivering', attempt: 3, isLost: true }), 3)).toEqual(send);
  });

  test.each<[string, Partial<Candidate>, number]>([
    ['its retry is due later', { status: 'retrying', nextAttemptAt: now + minute }, minute],
    ['its retry is overdue', { status: 'retrying', nextAttemptAt: now - minute }, 0],
    ['the endpoint was paused since, and it is held', { status: 'held', endpointStatus: 'paused' }, 0],
  ])('answered and recorded: the next number follows, %s', (_, overrides, delayMs) => {
    expect(ask(candidate({ attempt: 1, ...overrides }), 1)).toEqual({
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
    expect(ask(delivered, 1)).toEqual({ kind: 'recorded', outcome: { kind: 'delivered' } });
    expect(ask(delivered, 2)).toEqual({ kind: 'recorded', outcome: { kind: 'delivered' } });
    const abandoned = candidate({ status: 'abandoned', reason: 'gone', attempt: 1, ...overrides });
    const recorded = { kind: 'recorded', outcome: { kind: 'abandoned', reason: 'gone' } };
    expect(ask(abandoned, 1)).toEqual(recorded);
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
    ['lost, and skipped meanwhile', { skipRequested: true, status: 'delivering', attempt: 2, isLost: true }, 'skipped'],
    [
      'lost, and deleted meanwhile',
      { endpointDeleted: true, status: 'delivering', attempt: 2, isLost: true },
      'endpoint_deleted',
    ],
  ])('abandoned before anything is sent: %s', (_, overrides, reason) => {
    expect(ask(candidate(overrides), 2)).toEqual({ kind: 'abandon', reason });
  });
});
