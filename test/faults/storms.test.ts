import { afterEach, expect, test } from '@jest/globals';
import { testMs } from './moments.ts';
import { rigOfFile } from './rig-of-file.ts';
import { duplicates, fullRequests, manyEndpoints, peakMiB } from './storms.ts';

/** No process of ours needs more, whatever comes (MiB). */
const mostMiB = 600;

const rig = rigOfFile(() => ({ workers: 1, relays: 0 }));
afterEach(() => {
  expect(rig().oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
  expect(rig().backend.surprises).toEqual([]);
  for (const role of rig().cluster.roles()) expect(peakMiB(role)).toBeLessThan(mostMiB);
});

test(
  'a thousand copies of one signal to one lead: applied once, and the journey goes on',
  async () => {
    expect(await duplicates(rig(), 1_000)).toMatchObject({ requests: '4', 'steps applied': '4' });
  },
  testMs,
);

test(
  'a lead with 50 endpoints: every event to each of them, in order',
  () => manyEndpoints(rig(), 50, 2, testMs),
  testMs,
);

test('requests at and over every limit, many at a time', () => fullRequests(rig(), 36), testMs);
