import { expect } from '@jest/globals';
import { type LeadEventType, leadEventTypes } from '../../src/domain/lead.ts';
import type { Answer, Handler, ReceivedRequest } from './receiver.ts';

/** One request of a lead's delivery, and whether the receiver took it. */
export interface Arrival {
  leadId: string;
  eventId: string;
  event: LeadEventType;
  sequence: number;
  attempt: number;
  bytes: string;
  ok: boolean;
}

/** Small, seeded and good enough to fail by: the same faults in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Notes every arrival in `log` and lets `answer` say how it goes. */
export const noting =
  (log: Arrival[], answer: (request: ReceivedRequest) => Answer): Handler =>
  (request) => {
    const given = answer(request);
    const { event_id, data } = request.json as { event_id: string; data: { lead_id: string } };
    log.push({
      leadId: data.lead_id,
      eventId: event_id,
      event: request.headers['x-spark360-event'] as LeadEventType,
      sequence: Number(request.headers['x-spark360-sequence']),
      attempt: Number(request.headers['x-spark360-attempt']),
      bytes: request.rawBody.toString('utf8'),
      ok: (given.status ?? 200) < 300,
    });
    return given;
  };

/**
 * What one endpoint was promised of one lead (spec section 1): in the order of the table whatever the order of the steps,
 * numbered without a gap, each sent only after the one before it is settled, each taken once, every attempt the same bytes.
 */
export function expectInOrder(arrivals: readonly Arrival[]): void {
  const sequences = arrivals.map(({ sequence }) => sequence);
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  const taken = arrivals.filter(({ ok }) => ok);
  expect(taken.map(({ sequence }) => sequence)).toEqual(taken.map((_arrival, index) => index + 1));
  const events = taken.map(({ event }) => leadEventTypes.indexOf(event));
  expect(events).toEqual([...events].sort((a, b) => a - b));
  for (const eventId of new Set(arrivals.map((arrival) => arrival.eventId))) {
    const attempts = arrivals.filter((arrival) => arrival.eventId === eventId);
    expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_attempt, index) => index + 1));
    expect(new Set(attempts.map(({ bytes }) => bytes)).size).toBe(1);
    // Nothing follows a success under the same id.
    expect(attempts.map(({ ok }) => ok)).toEqual(attempts.map((_attempt, index) => index === attempts.length - 1));
  }
}
