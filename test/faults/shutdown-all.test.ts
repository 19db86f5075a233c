import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { Role } from '../support/role.ts';
import { testMs } from './moments.ts';
import { rigOfFile } from './rig-of-file.ts';
import { endsWell, slowAtFirst } from './shutdown.ts';

const rig = rigOfFile(() => ({ apis: 0, workers: 0, relays: 0, alls: 1, environment: { ATTEMPT_TIMEOUT: '15s' } }));
afterEach(() => {
  expect(rig().oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
});

test(
  'all roles in one process: the same, within the same time',
  async () => {
    const [all] = rig().cluster.alls as [Role];
    const organization = await rig().organization(slowAtFirst);
    const sent = await organization.send(8);
    await eventually(() => expect(organization.partner.requests.length).toBe(8));
    await endsWell(all);
    await all.start();
    await organization.arrived(sent);
  },
  testMs,
);
