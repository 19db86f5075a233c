import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Rig, startRig } from './rig.ts';
import { duplicates, fullRequests, manyEndpoints, peakMiB } from './storms.ts';

const testMs = 120_000;
/** No process of ours needs more, whatever comes (MiB). */
const mostMiB = 600;

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ workers: 1, relays: 0 });
}, testMs);
afterAll(() => rig?.stop(), testMs);
afterEach(() => {
  expect(rig.oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
  expect(rig.backend.surprises).toEqual([]);
  for (const role of rig.cluster.roles()) expect(peakMiB(role)).toBeLessThan(mostMiB);
});

test(
  'a thousand copies of one signal to one lead: applied once, and the journey goes on',
  async () => {
    expect(await duplicates(rig, 1_000)).toMatchObject({ requests: '4', 'steps applied': '4' });
  },
  testMs,
);

test(
  'a lead with 50 endpoints: every event to each of them, in order',
  () => manyEndpoints(rig, 50, 2, testMs),
  testMs,
);

test('requests at and over every limit, many at a time', () => fullRequests(rig, 36), testMs);
