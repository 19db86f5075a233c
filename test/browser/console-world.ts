import { randomUUID } from 'node:crypto';
import type { TestApi } from '../http/api.ts';
import { eventually } from '../support/eventually.ts';
import { aLead, type InboundEvent } from '../support/lead-events.ts';
import { anEndpoint } from '../support/partners.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

/** What the console shows in its tests: an organization with endpoints and leads in every state that a person meets. */
export interface ConsoleWorld {
  organizationId: string;
  /** An organization's key. */
  key: string;
  /** The signing secret of the healthy endpoint. */
  secret: string;
  endpoints: { healthy: string; retrying: string; refusing: string; paused: string };
  leads: { delivered: string; waiting: string; retrying: string };
  healthy: Receiver;
  paused: Receiver;
  stop(): Promise<void>;
}

/** Markup that would run, if a page took an answer for more than text. */
export const hostile = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'\`\${hacked}`;

/** A name that anybody may give an organization. */
const organizationName = 'Acme Roofing <b onclick="hacked=1">& Sons</b>';

export async function buildWorld(api: TestApi, name = organizationName): Promise<ConsoleWorld> {
  const organizationId = randomUUID();
  const organization = `/v1/organizations/${organizationId}`;
  await api.call('PUT', organization, {
    body: { name, tier: 'premium', notify: ['owner@acme.example'] },
  });
  const { body: made } = await api.call('POST', `${organization}/api-keys`, { body: {} });
  const healthy = await startReceiver({ status: 204 });
  const retrying = await startReceiver({ status: 503, body: 'upstream CRM is restarting' });
  const refusing = await startReceiver({ status: 401, body: hostile });
  const paused = await startReceiver({ status: 200 });
  const endpointAt = async (receiver: Receiver, path: string) =>
    (await anEndpoint(api.deps, organizationId, `${receiver.url}/${path}`)).id;
  const { id: healthyId, secret } = await anEndpoint(api.deps, organizationId, `${healthy.url}/crm/webhooks`);
  const endpoints = {
    healthy: healthyId,
    retrying: await endpointAt(retrying, 'dialer'),
    refusing: await endpointAt(refusing, 'warehouse'),
    paused: await endpointAt(paused, 'billing'),
  };
  await api.call('POST', `${organization}/endpoints/${endpoints.paused}/pause`);

  const leads = await publishLeads(api, organizationId, endpoints);
  return {
    organizationId,
    key: made.key,
    secret,
    endpoints,
    leads,
    healthy,
    paused,
    async stop() {
      for (const receiver of [healthy, retrying, refusing, paused]) await receiver.close();
    },
  };
}

/** One lead of every event, and one that waits for its enrichment. */
async function publishLeads(
  api: TestApi,
  organizationId: string,
  endpoints: ConsoleWorld['endpoints'],
): Promise<ConsoleWorld['leads']> {
  const organization = `/v1/organizations/${organizationId}`;
  const post = async (event: InboundEvent) => expect202((await api.call('POST', '/v1/events', { body: event })).status);
  const delivered = aLead(organizationId);
  const waiting = aLead(organizationId);
  for (const event of [
    delivered.created(),
    delivered.details(),
    delivered.personal(),
    delivered.enrichment(),
    delivered.contact(),
  ])
    await post(event);
  for (const event of [waiting.created(), waiting.personal(), waiting.contact()]) await post(event);
  await eventually(async () => {
    const { body } = await api.call(
      'GET',
      `${organization}/deliveries?endpoint_id=${endpoints.healthy}&status=delivered`,
    );
    if (body.data.length < 5) throw new Error(`${body.data.length} delivered`);
  });
  await eventually(async () => {
    const { body } = await api.call(
      'GET',
      `${organization}/deliveries?endpoint_id=${endpoints.retrying}&status=retrying`,
    );
    if (body.data.length < 2) throw new Error('nothing is retried');
  });
  return { delivered: delivered.leadId, waiting: waiting.leadId, retrying: delivered.leadId };
}

function expect202(status: number): void {
  if (status !== 202) throw new Error(`an event was answered ${status}`);
}
