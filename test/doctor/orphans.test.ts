import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { aPartner, publish, untilDeliveries } from '../http/partner.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { acceptedSubjects, unsettledLanes } from '../../src/db/orphans.ts';
import { rowsWithoutWorkflows } from '../support/unsettled-rows.ts';
import { aLead } from '../support/lead-events.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type ExaminedService, startExaminedService } from './examined.ts';

let service: ExaminedService;
let receiver: Receiver;
beforeAll(async () => {
  service = await startExaminedService();
  receiver = await startReceiver();
});
afterEach(() => service.cleanUp());
afterAll(async () => {
  await receiver?.close();
  await service?.stop();
});

/** A lead whose first delivery waits for a retry, and whose workflow somebody terminated. */
async function anOrphan() {
  receiver.answer({ status: 500 });
  const partner = await aPartner(service.api, receiver.url);
  await service.api.call('POST', `${partner.endpointPath}/pause`);
  const lead = aLead(partner.organization);
  await publish(service.api, lead.created(), lead.personal({ enriched: true }));
  await untilDeliveries(service.api, partner, ['held', 'held', 'held']);
  const workflowId = `lead/${partner.organization}/${lead.leadId}`;
  await service.api.deps.temporal.workflow.getHandle(workflowId).terminate();
  await service.api.deps.db.execute(
    "update deliveries set created_at = now() - interval '1 hour' where endpoint_id = $1",
    [partner.endpoint],
  );
  receiver.answer({});
  return { partner, workflowId, lead };
}

test('deliveries without a workflow are found; --fix starts one, and they go out in order', async () => {
  const { partner, workflowId } = await anOrphan();
  expect(await service.finding('orphans')).toMatchObject({
    status: 'failed',
    detail: `3 unsettled deliveries have no workflow, first ${workflowId}.`,
    remedy: expect.stringContaining('doctor --fix'),
  });
  expect(await service.finding('orphans', {}, { fix: true })).toMatchObject({
    status: 'ok',
    fixed: 'Workflows were started for 3 deliveries.',
  });
  await service.api.call('POST', `${partner.endpointPath}/resume`);
  await untilDeliveries(service.api, partner, ['delivered', 'delivered', 'delivered']);
});

test('accepted events that no workflow has: the outbox has one, the backend must send the other again', async () => {
  const partner = await aPartner(service.api, receiver.url);
  const [kept, lost] = [aLead(partner.organization), aLead(partner.organization)];
  const [keptStep, lostStep] = [kept.created(), lost.created()];
  const accept = (id: string, leadId: string) =>
    service.api.deps.db.execute(
      `insert into inbound_events (id, fingerprint, subject, name, event, occurred_at, outcome, received_at)
       values ($1, '\\x00', $2, 'address', 'lead.created', now(), 'accepted', now() - interval '1 hour')`,
      [id, `lead/${partner.organization}/${leadId}`],
    );
  await accept(lostStep.id, lost.leadId);
  service.cleanups.push(() => service.api.deps.db.execute('delete from inbound_events where id = $1', [lostStep.id]));
  expect(await service.finding('accepted-events')).toMatchObject({
    status: 'failed',
    remedy: expect.stringContaining(lostStep.id),
  });
  await accept(keptStep.id, kept.leadId);
  await service.api.deps.db.execute(
    "insert into spark360.outbox (event, done_at, outcome) values ($1, now(), 'signalled')",
    [JSON.stringify(keptStep)],
  );
  const fixed = await service.finding('accepted-events', {}, { fix: true });
  expect(fixed).toMatchObject({ status: 'failed', fixed: '1 events were signalled again, with their ids.' });
  expect(fixed.remedy).not.toContain(keptStep.id);
  const lead = await service.api.call('GET', `${partner.path}/leads/${kept.leadId}`);
  expect(lead.status).toBe(200);
});

test('more lanes than a page holds: all are counted, each delivery once', async () => {
  const { db } = service.api.deps;
  const partner = await aPartner(service.api, receiver.url);
  const at = { organization: partner.organization, endpoint: partner.endpoint };
  await rowsWithoutWorkflows(db, { ...at, leads: 1_300 });
  await db.execute(
    `update deliveries set created_at = now() - interval '1 hour' + sequence * interval '1 microsecond'
      where endpoint_id = $1`,
    [partner.endpoint],
  );
  service.cleanups.push(() => db.execute('delete from deliveries where endpoint_id = $1', [partner.endpoint]));
  const told: string[] = [];
  const findings = await examine(service.deps, { fix: false, tell: (progress) => told.push(progress) });
  expect(findings.find(({ check }) => check === 'orphans')).toMatchObject({
    status: 'failed',
    detail: expect.stringMatching(/^5200 unsettled deliveries have no workflow, first lead\//),
  });
  expect(told).toEqual(['orphans: 5,000 unsettled deliveries looked at']);
  const counts = new Map<string, number>();
  for await (const lanes of unsettledLanes(db, 60_000, 700)) {
    for (const { workflowId, count } of lanes) counts.set(workflowId, (counts.get(workflowId) ?? 0) + count);
  }
  expect(counts.size).toBe(1_300);
  expect(new Set(counts.values())).toEqual(new Set([4]));
});

test('the ledger is read to its end, a part at a time', async () => {
  const { db } = service.api.deps;
  const subject = `lead/${(await aPartner(service.api, receiver.url)).organization}/`;
  const made = await db.query<{ id: string }>(
    `insert into inbound_events (id, fingerprint, subject, name, event, occurred_at, outcome, received_at)
     select gen_random_uuid(), '\\x00', $1 || n, 'address', 'lead.created', now(), 'accepted', now() - interval '1 hour'
       from generate_series(1, 1200) n returning id`,
    [subject],
  );
  const ids = made.map(({ id }) => id);
  service.cleanups.push(() => db.execute('delete from inbound_events where id = any ($1)', [ids]));
  const found: string[] = [];
  const shares: number[] = [];
  for await (const { subjects, share } of acceptedSubjects(db, 600_000, 3)) {
    found.push(...subjects.flatMap((one) => one.ids));
    shares.push(share);
  }
  expect(found.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
  expect(shares.length).toBeGreaterThan(1);
  expect(shares.at(-1)).toBe(1);
  expect(await service.finding('accepted-events')).toMatchObject({
    status: 'failed',
    detail: expect.stringMatching(/accepted events .* No workflow has 1200 of them\.$/),
    remedy: expect.stringContaining(', and 1180 more'),
  });
});
