import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiCall, apiCaller } from './api.ts';
import { demoOrganization, demoWidget, journey } from './journey.ts';
import { type Arrival, startPartner } from './partner.ts';

const betweenStepsMs = 400;
const patienceMs = 30_000;
const expected = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];
const description = 'Demo partner';

interface DemoOptions {
  apiUrl: string;
  adminApiKey: string;
  temporalUiUrl: string | null;
  namespace: string;
  report: (line: string) => void;
  onStop: (step: () => Promise<void>) => void;
}

/** Plays one lead's journey through the HTTP API to a partner on loopback, and tells each webhook as it arrives. */
export async function playDemo({
  apiUrl,
  adminApiKey,
  temporalUiUrl,
  namespace,
  report,
  onStop,
}: DemoOptions): Promise<void> {
  const call = apiCaller(apiUrl, adminApiKey);
  const arrivals: Arrival[] = [];
  let sentAt = Date.now();
  const partner = await startPartner((arrival) => {
    arrivals.push(arrival);
    report(lineOf(arrival, arrival.at - sentAt));
  });
  onStop(partner.close);
  partner.trust(await subscribe(call, partner.url));

  report(`\nDemo: a lead of ${demoOrganization.settings.name} goes its way, a partner at ${partner.url} listens`);
  let workflowId = '';
  for (const { says, make } of journey({
    leadId: randomUUID(),
    organizationId: demoOrganization.id,
    widgetId: demoWidget.id,
  })) {
    report(`  lead     ${says}`);
    sentAt = Date.now();
    const { accepted } = await call<{ accepted: { workflow_id: string }[] }>('POST', '/v1/events', make());
    workflowId = accepted[0]?.workflow_id ?? '';
    await sleep(betweenStepsMs);
  }
  await allArrived(arrivals);

  const events = arrivals.map(({ event }) => event);
  const missing = expected.filter((event) => !events.includes(event));
  report(
    missing.length === 0
      ? `Demo: ${arrivals.length} webhooks, in order, signatures verified`
      : `Demo: not arrived after ${patienceMs / 1000} s: ${missing.join(', ')}`,
  );
  if (temporalUiUrl)
    report(`Its workflow: ${temporalUiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`);
  report('Serving until Ctrl-C.');
}

/** Registers organization, widget and endpoint; gives the signing secret, which is shown only now. */
async function subscribe(call: ApiCall, url: string): Promise<string> {
  const organization = `/v1/organizations/${demoOrganization.id}`;
  await call('PUT', organization, demoOrganization.settings);
  await call('PUT', `${organization}/widgets/${demoWidget.id}`, demoWidget.settings);
  // The partner of an earlier start listens no more.
  const { data } = await call<{ data: { id: string; description: string | null }[] }>(
    'GET',
    `${organization}/endpoints?limit=100`,
  );
  for (const earlier of data.filter((endpoint) => endpoint.description === description))
    await call('DELETE', `${organization}/endpoints/${earlier.id}`);
  const created = await call<{ secret: string }>('POST', `${organization}/endpoints`, {
    url,
    description,
    events: expected,
  });
  return created.secret;
}

const lineOf = ({ event, sequence, verified }: Arrival, latencyMs: number): string =>
  `  webhook  ${event.padEnd(22)} sequence ${sequence ?? '–'}  ${verified ? 'signature verified' : 'REFUSED: no signature holds'}  ${latencyMs} ms`;

async function allArrived(arrivals: Arrival[]): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (arrivals.filter(({ verified }) => verified).length < expected.length && Date.now() < deadline) await sleep(20);
}
