import { expect } from '@jest/globals';
import { isTaken, Oracle } from './oracle.ts';
import type { ReceivedRequest } from './receiver.ts';

/**
 * What one endpoint was promised of one lead where nothing is killed (spec section 1): what the oracle judges, attempts
 * counted from 1, each event taken by its last attempt and not sent again.
 */
export function expectInOrder(requests: readonly ReceivedRequest[]): void {
  const oracle = new Oracle();
  for (const request of requests) {
    const taken = oracle.arrived(request, { endpoint: 'the endpoint' });
    if (isTaken(request)) taken();
  }
  expect(oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
  for (const eventId of new Set(requests.map((request) => request.eventId))) {
    const attempts = requests.filter((request) => request.eventId === eventId);
    expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_attempt, index) => index + 1));
    expect(attempts.map(isTaken)).toEqual(attempts.map((_attempt, index) => index === attempts.length - 1));
  }
  // Never two at once.
  for (const [index, { at }] of requests.entries())
    expect(at).toBeGreaterThanOrEqual(requests[index - 1]?.answeredAt ?? 0);
}
