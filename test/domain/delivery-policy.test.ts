import { expect, test } from '@jest/globals';
import { type AttemptCircumstances, classify } from '../../src/domain/delivery-policy.ts';
import { type AttemptResult, attemptErrorClasses } from '../../src/domain/outcome.ts';

const minute = 60_000;
const hour = 60 * minute;
const scheduleMs = [minute, 10 * minute, hour, 4 * hour];
const now = Date.UTC(2026, 10, 24, 12, 0, 0);

const middle = () => 0.5;
const first: AttemptCircumstances = {
  attempt: 1,
  scheduleMs,
  now,
  random: middle,
  resend: false,
  overlap: false,
};

const answered = (statusCode: number, retryAfter: string | null = null): AttemptResult => ({
  statusCode,
  responseBody: '',
  retryAfter,
  error: null,
  durationMs: 5,
});
const failed = (errorClass: (typeof attemptErrorClasses)[number]): AttemptResult => ({
  statusCode: null,
  responseBody: null,
  retryAfter: null,
  error: { class: errorClass, message: 'It failed.' },
  durationMs: 5,
});

test.each([200, 201, 202, 204, 226, 299])('2xx is delivered: %i', (status) => {
  expect(classify(answered(status), first)).toEqual({ kind: 'delivered' });
});

test.each([400, 401, 402, 403, 404, 405, 406, 407, 409, 411, 413, 415, 418, 422, 426, 428, 431, 451, 499])(
  '4xx is abandoned at once: %i',
  (status) => {
    expect(classify(answered(status, '5'), first)).toEqual({ kind: 'abandoned', reason: 'rejected' });
  },
);

test.each([408, 425, 429])('except %i, which is retried', (status) => {
  expect(classify(answered(status), first)).toEqual({ kind: 'retry', delayMs: minute });
});

test('410 is abandoned as gone', () => {
  expect(classify(answered(410), first)).toEqual({ kind: 'abandoned', reason: 'gone' });
  expect(classify(answered(410), { ...first, overlap: true })).toEqual({ kind: 'abandoned', reason: 'gone' });
});

test.each([300, 301, 302, 303, 304, 307, 308, 500, 501, 502, 503, 504, 507, 520, 599])(
  '3xx and 5xx are retried: %i',
  (status) => {
    expect(classify(answered(status), first)).toEqual({ kind: 'retry', delayMs: minute });
  },
);

test.each(attemptErrorClasses.filter((name) => name !== 'blocked_address'))('no answer is retried: %s', (name) => {
  expect(classify(failed(name), first)).toEqual({ kind: 'retry', delayMs: minute });
});

test('an address refused by the guard is abandoned at once', () => {
  expect(classify(failed('blocked_address'), first)).toEqual({ kind: 'abandoned', reason: 'blocked_address' });
});

test.each([
  [1, minute],
  [2, 10 * minute],
  [3, hour],
  [4, 4 * hour],
])('after failed attempt %i the next comes in %i ms', (attempt, delayMs) => {
  expect(classify(answered(500), { ...first, attempt })).toEqual({ kind: 'retry', delayMs });
});

test.each([5, 6, 50])('failed attempt %i is the last: exhausted', (attempt) => {
  const circumstances = { ...first, attempt };
  expect(classify(answered(500, '60'), circumstances)).toEqual({ kind: 'abandoned', reason: 'exhausted' });
  expect(classify(failed('timeout'), circumstances)).toEqual({ kind: 'abandoned', reason: 'exhausted' });
  expect(classify(answered(404), circumstances)).toEqual({ kind: 'abandoned', reason: 'rejected' });
  expect(classify(answered(200), circumstances)).toEqual({ kind: 'delivered' });
});

test('an empty schedule means one attempt', () => {
  expect(classify(answered(500), { ...first, scheduleMs: [] })).toEqual({ kind: 'abandoned', reason: 'exhausted' });
});

test.each([
  [0, 54_000],
  [0.25, 57_000],
  [0.5, 60_000],
  [0.999_999, 66_000],
])('the schedule jitters by at most 10 %%: random %f gives %i ms', (value, delayMs) => {
  expect(classify(answered(500), { ...first, random: () => value })).toEqual({ kind: 'retry', delayMs });
});

test.each([301, 408, 425, 429, 500, 503])('Retry-After counts on any retried answer: %i', (status) => {
  expect(classify(answered(status, '120'), first)).toEqual({ kind: 'retry', delayMs: 120_000 });
});

test.each([
  ['seconds later than the schedule', '3600', hour],
  ['seconds earlier than the schedule', '5', minute],
  ['a date later than the schedule', 'Tue, 24 Nov 2026 13:30:00 GMT', 1.5 * hour],
  ['a date earlier than the schedule', 'Tue, 24 Nov 2026 12:00:30 GMT', minute],
  ['a date in the past', 'Tue, 24 Nov 2020 12:00:30 GMT', minute],
  ['more than a day', '90000', 24 * hour],
  ['far more than a day', '9'.repeat(400), 24 * hour],
  ['a date in a year', 'Wed, 24 Nov 2027 12:00:00 GMT', 24 * hour],
  ['nonsense', 'soon', minute],
  ['empty', '', minute],
])('the later of Retry-After and the schedule, at most 24 h: %s', (_, header, delayMs) => {
  expect(classify(answered(503, header), first)).toEqual({ kind: 'retry', delayMs });
});

test('the limit of 24 h is for Retry-After: a longer schedule stays as configured', () => {
  const circumstances = { ...first, scheduleMs: [48 * hour] };
  expect(classify(answered(503, '999999'), circumstances)).toEqual({ kind: 'retry', delayMs: 48 * hour });
});

test('Retry-After adds no attempt', () => {
  expect(classify(answered(429, '1'), { ...first, attempt: 5 })).toEqual({ kind: 'abandoned', reason: 'exhausted' });
});

test.each([401, 403])('during an overlap %i is retried, and exhausted after the last attempt', (status) => {
  const overlap = { ...first, overlap: true };
  expect(classify(answered(status), overlap)).toEqual({ kind: 'retry', delayMs: minute });
  expect(classify(answered(status), { ...overlap, attempt: 5 })).toEqual({ kind: 'abandoned', reason: 'exhausted' });
});

test.each([400, 404, 422])('during an overlap other 4xx stay final: %i', (status) => {
  expect(classify(answered(status), { ...first, overlap: true })).toEqual({ kind: 'abandoned', reason: 'rejected' });
});

test.each([
  ['delivered', answered(200), { kind: 'delivered' }],
  ['a 5xx', answered(500, '10'), { kind: 'abandoned', reason: 'exhausted' }],
  ['a 4xx', answered(400), { kind: 'abandoned', reason: 'rejected' }],
  ['a timeout', failed('timeout'), { kind: 'abandoned', reason: 'exhausted' }],
])('a resend is one attempt: %s', (_, result, outcome) => {
  expect(classify(result, { ...first, resend: true })).toEqual(outcome);
});
