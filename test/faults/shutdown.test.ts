import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import type { Posted } from './backend.ts';
import { startBalancer } from './balancer.ts';
import type { Handler } from '../support/receiver.ts';
import type { Role } from './role.ts';
import { type Organization, type Rig, startRig } from './rig.ts';

const testMs = 90_000;
/** What a partner may take for its answer to count (issue: "answered within 10 s"). */
const thinksMs = 9_500;
/** An orchestrator kills what has not ended by then. */
const mostMs = 20_000;

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ apis: 2, workers: 2, relays: 2, environment: { ATTEMPT_TIMEOUT: '15s' } });
}, testMs);
afterAll(() => rig?.stop(), testMs);
afterEach(() => {
  expect(rig.oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
  expect(rig.backend.surprises).toEqual([]);
});

async function endsWell(role: Role): Promise<void> {
  const { code, tookMs } = await role.stop();
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(mostMs);
}

/** Whole leads to a partner who thinks so long about every first event, and is quick about the others. */
const slowAtFirst: Handler = ({ sequence }) => (sequence === 1 ? { delayMs: thinksMs } : undefined);
const slowPartner = (): Promise<Organization> => rig.organization(slowAtFirst);

test(
  'a worker hears every answer that comes within 10 s of its SIGTERM, hands the rest back, and nothing is sent twice',
  async () => {
    const organization = await slowPartner();
    const sent = organization.send(14, 'client');
    await eventually(() => expect(organization.partner.requests.length).toBe(14));
    await sleep(300); // the first ones are handed over, the others wait for nothing but their answer
    await endsWell(rig.cluster.workers[0] as Role);
    await organization.arrived(await sent);
    await (rig.cluster.workers[0] as Role).start();
  },
  testMs,
);

test(
  'the only worker: what it had in hand is finished, what came meanwhile is there for the next one',
  async () => {
    const organization = await slowPartner();
    const [one, other] = rig.cluster.workers as [Role, Role];
    await endsWell(other);
    const sent = organization.send(10, 'client');
    await eventually(() => expect(organization.partner.requests.length).toBe(10));
    const stopped = endsWell(one);
    const late = organization.send(5);
    await stopped;
    await Promise.all([one.start(), other.start()]);
    await organization.arrived([...(await sent), ...(await late)]);
  },
  testMs,
);

test(
  'all roles in one process: the same, within the same time',
  async () => {
    const single = await startRig({ apis: 0, workers: 0, relays: 0, alls: 1, environment: { ATTEMPT_TIMEOUT: '15s' } });
    try {
      const [all] = single.cluster.alls as [Role];
      const organization = await single.organization(slowAtFirst);
      const sent = organization.send(8);
      await eventually(() => expect(organization.partner.requests.length).toBe(8));
      await sent;
      await endsWell(all);
      await all.start();
      await organization.arrived(await sent);
      expect(single.oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
    } finally {
      await single.stop();
    }
  },
  testMs,
);

test(
  'a relay finishes what it has in hand and hands the rest to the other one',
  async () => {
    const organization = await rig.organization();
    const sent = organization.send(60, 'outbox');
    await eventually(() => expect(organization.partner.requests.length).toBeGreaterThan(5));
    await endsWell(rig.cluster.relays[0] as Role);
    await organization.arrived(await sent);
    const [left] = await rig.cluster.db.query(
      'select count(*)::int as count from spark360.outbox where done_at is null',
    );
    expect(left).toEqual({ count: 0 });
    await (rig.cluster.relays[0] as Role).start();
  },
  testMs,
);

test(
  'a rolling restart of the APIs behind a balancer that asks /readyz: no request fails',
  async () => {
    const organization = await rig.organization();
    const balancer = await startBalancer(rig.cluster.apiUrls);
    const answers: Posted[] = [];
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) {
        const lead = aLead(organization.id);
        answers.push(await rig.backend.post(lead.created(), balancer.next()));
      }
    };
    const callers = Promise.all(Array.from({ length: 6 }, caller));
    for (const api of rig.cluster.apis) {
      await sleep(1_500);
      await endsWell(api);
      await api.start();
    }
    await sleep(1_500);
    isOver = true;
    await callers;
    await balancer.close();
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
  },
  testMs,
);
