import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { holdEndpoint, testMs, whenOneWaits, whenThereIs } from './moments.ts';
import { rigOfFile } from './rig-of-file.ts';

const rig = rigOfFile();

/** An endpoint whose first attempt failed, with one worker alone to make the second. */
async function aRetryAtOneWorker() {
  const organization = await rig().organization(({ number }) => (number === 1 ? { status: 500 } : undefined));
  const [worker, other] = rig().cluster.workers;
  if (worker === undefined || other === undefined) throw new Error('two workers are needed');
  await other.stop();
  const sent = organization.send(1);
  await eventually(() => expect(organization.partner.requests.length).toBe(1));
  return { organization, worker, other, sent };
}

test(
  'its database connection ends in the middle of a transaction: the worker lives on, and asks again',
  async () => {
    const { organization, worker, other, sent } = await aRetryAtOneWorker();
    const release = await holdEndpoint(rig().cluster, organization.partner.endpointId);
    await whenOneWaits(rig().cluster);
    const crashes = worker.crashes().length;
    await rig().cluster.db.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted`,
    );
    await release();
    await organization.arrived(await sent);
    expect(worker.crashes()).toHaveLength(crashes);
    await other.start();
  },
  testMs,
);

test(
  'frozen in a transaction that holds the endpoint: the others get hold of it within seconds',
  async () => {
    const { organization, worker, other, sent } = await aRetryAtOneWorker();
    const { endpointId } = organization.partner;
    const release = await holdEndpoint(rig().cluster, endpointId);
    await whenOneWaits(rig().cluster);
    worker.freeze();
    await release();
    // Held here while the worker is still frozen: Postgres ends its transaction.
    await (await holdEndpoint(rig().cluster, endpointId))();
    worker.thaw();
    await other.start();
    await organization.arrived(await sent);
  },
  testMs,
);

test(
  'frozen between the permission and the POST, for longer than others wait: asks again when it thaws',
  async () => {
    const { organization, worker, other, sent } = await aRetryAtOneWorker();
    const { repeats } = rig().oracle.verdict;
    rig().cluster.toPostgres.slow(200); // the permission is on its way for so long
    // Not its first attempt, whose outcome may not be recorded yet.
    const isTaken = `select 1 from deliveries where status = 'delivering' and attempt = 2 and endpoint_id = $1`;
    await whenThereIs(rig().cluster, isTaken, [organization.partner.endpointId]);
    worker.freeze();
    rig().cluster.toPostgres.slow(0);
    await sleep(12_000);
    worker.thaw();
    await other.start();
    await organization.arrived(await sent);
    expect(worker.log()).toContain('has expired');
    expect(rig().oracle.verdict.repeats).toBe(repeats);
  },
  testMs,
);
