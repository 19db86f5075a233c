import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApi } from '../../src/http/server.ts';
import { aLead, type InboundEvent } from '../support/lead-events.ts';
import { startTestApi, type TestApi } from './api.ts';
import { call } from './call.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const otherwise = (event: InboundEvent): InboundEvent => ({
  ...event,
  timestamp: new Date(Date.parse(event.timestamp) + 1_000).toISOString(),
});
const post = (body: unknown) => api.call('POST', '/v1/events', { body });
type Answer = Awaited<ReturnType<typeof post>>;

/** `new`, `duplicate` or `conflict`, for each event of an answer. */
const outcomesOf = ({ status, body }: Answer): string[] =>
  status === 202
    ? body.accepted.map(({ duplicate }: { duplicate: boolean }) => (duplicate ? 'duplicate' : 'new'))
    : [status === 409 && body.type === 'urn:spark360:error:id_conflict' ? 'conflict' : `${status}`];

test('one id twenty times at once, half with other content: one is new, its copies are duplicates, the others conflicts', async () => {
  for (let round = 0; round < 5; round += 1) {
    const event = aLead(randomUUID()).created();
    const bodies = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? event : otherwise(event)));
    const answers = await Promise.all(bodies.map(post));
    const outcomes = answers.flatMap(outcomesOf);
    const winner = outcomes.indexOf('new');
    expect(outcomes).toEqual(
      bodies.map((body, index) => (index === winner ? 'new' : body === bodies[winner] ? 'duplicate' : 'conflict')),
    );
  }
});

test('requests that share ids in another order wait for each other without standing still', async () => {
  const events = Array.from({ length: 10 }, () => aLead(randomUUID()).created());
  const bodies = [events, events.toReversed(), events.slice(5), events.slice(0, 6), [events[3], events[8]]];
  const answers = await Promise.all(bodies.map(post));
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(202));
  expect(answers.flatMap(outcomesOf).filter((outcome) => outcome === 'new')).toHaveLength(10);
});

test('an id whose first request failed is free for the next one, with other content too', async () => {
  const event = aLead(randomUUID()).created();
  let failed = 0;
  const client = {
    ...api.deps.client,
    signal: (parsed: Parameters<typeof api.deps.client.signal>[0]) => {
      failed += 1;
      return failed === 1 ? Promise.reject(new Error('Temporal is away')) : api.deps.client.signal(parsed);
    },
  };
  const { url, close } = await startApi({ ...api.deps, client });
  const [first, second] = await Promise.all(
    [event, otherwise(event)].map((body) => call(`${url}/v1/events`, 'POST', { body })),
  );
  expect([first?.status, second?.status]).toEqual([503, 202]);
  await close();
});
