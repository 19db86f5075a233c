import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { readEvents } from '../../src/intake/inbound-event.ts';
import { signalEvents } from '../../src/intake/signal-events.ts';
import { aLead } from '../support/lead-events.ts';

const idOf = ({ step }: { step: { id: string } }) => step.id;

test('sixteen leads at a time, the events of each in order', async () => {
  const leads = Array.from({ length: 40 }, () => aLead(randomUUID()));
  const events = readEvents([...leads.map((lead) => lead.created()), ...leads.map((lead) => lead.details())]);
  let most = 0;
  const underWay = new Set<string>();
  const signalled: string[] = [];
  const { done, failure } = await signalEvents(events, async (event) => {
    underWay.add(idOf(event));
    most = Math.max(most, underWay.size);
    await sleep(1);
    underWay.delete(idOf(event));
    signalled.push(idOf(event));
  });
  expect([most, done.size, failure]).toEqual([16, 80, null]);
  for (const [index, event] of events.slice(0, 40).entries()) {
    const next = events[40 + index];
    expect(signalled.indexOf(idOf(event.parsed))).toBeLessThan(next ? signalled.indexOf(idOf(next.parsed)) : 0);
  }
});

test('after the first failure nothing is begun, and what was done is told', async () => {
  const lead = aLead(randomUUID());
  const events = readEvents([lead.created(), lead.details(), lead.personal()]);
  const begun: string[] = [];
  const { done, failure } = await signalEvents(events, async (event) => {
    begun.push(idOf(event));
    if (begun.length === 2) throw new Error('away');
  });
  expect(begun).toEqual(events.slice(0, 2).map(({ parsed }) => idOf(parsed)));
  expect([...done]).toEqual(events.slice(0, 1));
  expect(failure).toEqual({ event: events[1], error: new Error('away') });
});
