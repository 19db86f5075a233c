import { describe, expect, test } from '@jest/globals';
import { utcAfter, type WaitingFacts, waitingFor, waitingReasons } from '../../src/domain/waiting-for.ts';

const now = Date.parse('2026-01-31T12:00:00.000Z');
const inTenMinutes = now + 600_000;
const attempts = 5;

const endpoint = { pausedReason: null, resumePhase: null, probeDeliveryId: null, rateLimitedUntil: null };
const facts = (changes: Partial<WaitingFacts> = {}): WaitingFacts => ({
  deliveryId: 'this',
  status: 'pending',
  attempt: 1,
  attemptsBefore: 0,
  nextAttemptAt: null,
  isQueued: false,
  earlier: null,
  endpoint,
  ...changes,
});
const at = (changes: Partial<WaitingFacts['endpoint']>) => ({ endpoint: { ...endpoint, ...changes } });
const earlier = { deliveryId: 'earlier', event: 'lead.enriched', sequence: 2 };
const retrying = { status: 'retrying', attempt: 3, nextAttemptAt: inTenMinutes } as const;
const why = (changes: Partial<WaitingFacts>) => waitingFor(facts(changes), { now, attempts });

// Spec section 7: null where it is under way, else a reason of six and a sentence.
test.each(['delivering', 'delivered', 'abandoned'] as const)('a delivery that is %s waits for nothing', (status) => {
  expect(why({ status, earlier, ...at({ pausedReason: 'manual' }) })).toBeNull();
});

describe.each<[string, Partial<WaitingFacts>, ReturnType<typeof waitingFor>]>([
  [
    'a retry, for its time',
    retrying,
    {
      reason: 'retry',
      until: '2026-01-31T12:10:00.000Z',
      attempt: 3,
      attempts: 5,
      sentence: 'Attempt 3 of 5 goes out at 2026-01-31 12:10:00 UTC.',
    },
  ],
  [
    'a retry in a recovery, whose numbers go on',
    { ...retrying, attempt: 8, attemptsBefore: 5 },
    {
      reason: 'retry',
      until: '2026-01-31T12:10:00.000Z',
      attempt: 8,
      attempts: 10,
      sentence: 'Attempt 8 of 10 goes out at 2026-01-31 12:10:00 UTC.',
    },
  ],
  [
    'one behind another in its lane',
    { earlier },
    {
      reason: 'earlier_delivery',
      delivery_id: 'earlier',
      sentence: 'Goes out right after lead.enriched, sequence 2, is delivered or abandoned.',
    },
  ],
  [
    'one at a paused endpoint',
    { status: 'held', ...at({ pausedReason: 'manual' }) },
    {
      reason: 'endpoint_paused',
      sentence: 'Held: the endpoint was paused by hand. What is held goes out in order once it is resumed.',
    },
  ],
  [
    'one that another goes before after a resume',
    { status: 'held', ...at({ resumePhase: 'probe', probeDeliveryId: 'probe' }) },
    {
      reason: 'resume_probe',
      delivery_id: 'probe',
      sentence: 'Held: after the resume one delivery goes first, and the others follow when it is delivered.',
    },
  ],
  [
    'one at a full endpoint',
    { isQueued: true },
    { reason: 'slot', sentence: 'Queued: as many attempts are under way as the endpoint takes at a time.' },
  ],
  [
    'one that the rate limit keeps back',
    { isQueued: true, ...at({ rateLimitedUntil: now + 500 }) },
    {
      reason: 'rate_limit',
      until: '2026-01-31T12:00:00.500Z',
      sentence: "Queued: the endpoint's rate limit is used up.",
    },
  ],
  [
    'one held since before the resume',
    { status: 'held', ...at({ resumePhase: 'drain' }) },
    {
      reason: 'rate_limit',
      sentence: 'The endpoint was resumed: what was held there goes out at a bounded rate.',
    },
  ],
  [
    'one that is due',
    {},
    {
      reason: 'slot',
      attempt: 1,
      attempts: 5,
      sentence: 'Attempt 1 of 5 is due: it goes out as soon as a worker is free.',
    },
  ],
])('%s', (_what, changes, expected) => {
  test('says what it waits for', () => expect(why(changes)).toEqual(expected));
});

// The first of several that stand in the way is named.
test.each<[string, Partial<WaitingFacts>, string]>([
  ['the pause before the lane', { earlier, ...at({ pausedReason: 'failing' }) }, 'endpoint_paused'],
  ['the pause before the retry', { ...retrying, ...at({ pausedReason: 'gone' }) }, 'endpoint_paused'],
  ['the lane before the resume', { earlier, ...at({ resumePhase: 'probe' }) }, 'earlier_delivery'],
  ['the resume before the retry', { ...retrying, ...at({ resumePhase: 'probe' }) }, 'resume_probe'],
  ['the retry before the queue', { ...retrying, isQueued: true }, 'retry'],
  ['the queue before the drain', { status: 'held', isQueued: true, ...at({ resumePhase: 'drain' }) }, 'slot'],
])('%s', (_what, changes, reason) => {
  expect(why(changes)?.reason).toBe(reason);
});

test('the one that goes first after a resume does not wait for itself', () => {
  expect(why(at({ resumePhase: 'probe', probeDeliveryId: 'this' }))?.reason).toBe('slot');
});

test('nothing waits for a time that has come', () => {
  expect(why({ ...retrying, nextAttemptAt: now })).toMatchObject({ reason: 'slot' });
  expect(why({ isQueued: true, ...at({ rateLimitedUntil: now }) })).toMatchObject({ reason: 'slot' });
  expect(why({ ...retrying, nextAttemptAt: now })).not.toHaveProperty('until');
});

test('where the schedule is not known, the sentence and its numbers are without it', () => {
  expect(waitingFor(facts(retrying), { now, attempts: null })).toEqual({
    reason: 'retry',
    until: '2026-01-31T12:10:00.000Z',
    attempt: 3,
    sentence: 'Attempt 3 goes out at 2026-01-31 12:10:00 UTC.',
  });
});

test.each([
  ['2026-01-31T12:10:00.000Z', '2026-01-31T00:00:00.000Z', '12:10:00'],
  ['2026-02-01T00:00:00.000Z', '2026-01-31T23:59:59.999Z', '2026-02-01 00:00:00'],
  ['2026-02-28T05:00:00.000Z', '2026-01-28T05:00:00.000Z', '2026-02-28 05:00:00'],
])('%s after %s is written as %s', (moment, before, words) => {
  expect(utcAfter(Date.parse(moment), Date.parse(before))).toBe(words);
});

test('each automatic pause has its words', () => {
  for (const pausedReason of ['failing', 'consecutive_failures', 'gone'] as const)
    expect(why(at({ pausedReason }))?.sentence).toMatch(/^Held: the endpoint was paused after /);
  expect(waitingReasons).toHaveLength(6);
});
