import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Rig, startRig } from '../faults/rig.ts';
import { manyEndpoints } from '../faults/storms.ts';

const testMs = 300_000;

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ workers: 1, relays: 0 });
}, testMs);
afterAll(() => rig?.stop(), testMs);

test(
  'a lead with 400 endpoints: in order, and no workflow task is lost',
  async () => {
    expect(await manyEndpoints(rig, 400, 1, testMs)).toMatchObject({ 'workflow tasks lost': '0' });
    expect(rig.oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
    expect(rig.backend.surprises).toEqual([]);
  },
  testMs,
);
