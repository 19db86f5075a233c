import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { startBalancer } from './balancer.ts';
import type { Posted } from './backend.ts';
import { steadyLoad } from './load.ts';
import { testMs } from './moments.ts';
import { replaceInTurn } from './replace-roles.ts';
import { endsWell, slowAtFirst } from './shutdown.ts';
import type { Role } from '../support/role.ts';
import type { Organization } from './rig.ts';
import { rigOfFile } from './rig-of-file.ts';

const rig = rigOfFile(() => ({ apis: 2, workers: 2, relays: 2, environment: { ATTEMPT_TIMEOUT: '15s' } }));
afterEach(() => {
  expect(rig().oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
  expect(rig().backend.failures).toEqual([]);
});

const slowPartner = (): Promise<Organization> => rig().organization(slowAtFirst);

test(
  'a worker hears every answer that comes within 10 s of its SIGTERM, hands the rest back, and nothing is sent twice',
  async () => {
    const organization = await slowPartner();
    const sent = organization.send(14, 'client');
    await eventually(() => expect(organization.partner.requests.length).toBe(14));
    await sleep(300); // the first ones are handed over, the others wait for nothing but their answer
    await endsWell(rig().cluster.workers[0] as Role);
    await organization.arrived(await sent);
    await (rig().cluster.workers[0] as Role).start();
  },
  testMs,
);

test(
  'the only worker: what it had in hand is finished, what came meanwhile is there for the next one',
  async () => {
    const organization = await slowPartner();
    const [one, ...others] = rig().cluster.workers as [Role, ...Role[]];
    await Promise.all(others.map(endsWell));
    const sent = organization.send(10, 'client');
    await eventually(() => expect(organization.partner.requests.length).toBe(10));
    const stopped = endsWell(one);
    const late = organization.send(5);
    await stopped;
    await Promise.all(rig().cluster.workers.map((worker) => worker.start()));
    await organization.arrived([...(await sent), ...(await late)]);
  },
  testMs,
);

test(
  'a relay finishes what it has in hand and hands the rest to the other one',
  async () => {
    const organization = await rig().organization();
    const sent = organization.send(60, 'outbox');
    await eventually(() => expect(organization.partner.requests.length).toBeGreaterThan(5));
    await endsWell(rig().cluster.relays[0] as Role);
    await organization.arrived(await sent);
    // A row is done a moment after what it says may be with the partner.
    const left = 'select id from spark360.outbox where done_at is null';
    await eventually(async () => expect(await rig().cluster.db.query(left)).toEqual([]));
    await (rig().cluster.relays[0] as Role).start();
  },
  testMs,
);

test(
  'every process replaced in turn, under load and behind a balancer that asks /readyz: no request fails, nothing is lost, out of order or twice',
  async () => {
    const { apis, workers, relays, apiUrls, roles } = rig().cluster;
    const organization = await rig().organization();
    const balancer = await startBalancer(apiUrls);
    const apisReplaced = replaceInTurn(apis, 'SIGTERM', { settle: balancer.allReady });
    const others = apisReplaced.then(() => replaceInTurn([...workers, ...relays], 'SIGTERM'));
    const answers = callersUntil(apisReplaced, () =>
      rig().backend.post(aLead(organization.id).created(), balancer.url),
    );
    const options = { organizationId: organization.id, url: balancer.url, leadsPerSecond: 4, until: others };
    const leads = await steadyLoad(rig().backend, options);
    await organization.arrived(leads);
    await balancer.close();
    expect([...(await apisReplaced), ...(await others)]).toEqual([]);
    expect((await answers).length).toBeGreaterThan(20);
    expect((await answers).filter(({ status }) => status !== 202)).toEqual([]);
    expect(roles().flatMap((role) => role.crashes())).toEqual([]);
  },
  testMs,
);

/**
 * Six callers, each with a request at a time: about 25 a second beside the steady load. As many as the machine can do
 * would keep both APIs from saying in time that they are ready.
 */
async function callersUntil(end: Promise<unknown>, call: () => Promise<Posted>): Promise<Posted[]> {
  const answers: Posted[] = [];
  let isOver = false;
  const caller = async (): Promise<void> => {
    for (; !isOver; await sleep(200)) answers.push(await call());
  };
  const callers = Promise.all(Array.from({ length: 6 }, caller));
  try {
    await end;
  } finally {
    isOver = true;
    await callers;
  }
  return answers;
}
