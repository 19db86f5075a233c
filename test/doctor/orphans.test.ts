import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { aPartner, publish, untilDeliveries } from '../http/partner.ts';
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
