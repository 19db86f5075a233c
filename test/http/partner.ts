import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import type { Answer, TestApi } from './api.ts';

/** An organization with one endpoint, both made through the API. */
export interface Partner {
  organization: string;
  /** `/v1/organizations/{organization}` */
  path: string;
  endpoint: string;
  /** `…/endpoints/{endpoint}` */
  endpointPath: string;
  /** As shown at creation. */
  secret: string;
}

export const everyLeadEvent = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];

export async function aPartner(api: TestApi, url: string, body: object = {}): Promise<Partner> {
  const organization = randomUUID();
  const path = `/v1/organizations/${organization}`;
  await api.call('PUT', path, { body: { tier: 'premium' } });
  const made = await addEndpoint(api, organization, url, body);
  return { organization, path, endpoint: made.id, endpointPath: `${path}/endpoints/${made.id}`, secret: made.secret };
}

export async function addEndpoint(
  api: TestApi,
  organization: string,
  url: string,
  body: object = {},
): Promise<{ id: string; secret: string }> {
  const made = await api.call('POST', `/v1/organizations/${organization}/endpoints`, {
    body: { url, events: everyLeadEvent, ...body },
  });
  if (made.status !== 201) throw new Error(`no endpoint: ${JSON.stringify(made.body)}`);
  return made.body;
}

export const publish = (api: TestApi, ...events: object[]): Promise<Answer> =>
  api.call('POST', '/v1/events', { body: events });

interface Shown {
  id: string;
  event: string;
  status: string;
  reason: string | null;
  sequence: number;
  attempts: { number: number; status_code: number | null }[];
}

/** An endpoint's deliveries as the API lists them, oldest first. */
export async function deliveriesAt(
  api: TestApi,
  { path, endpoint }: Pick<Partner, 'path' | 'endpoint'>,
): Promise<Shown[]> {
  const { body } = await api.call('GET', `${path}/deliveries?limit=100&endpoint_id=${endpoint}`);
  return (body.data as Shown[]).sort((a, b) => a.sequence - b.sequence);
}

/** Waits until the deliveries of one lead at an endpoint are these: `delivered`, `abandoned: rejected`, … */
export const untilDeliveries = (api: TestApi, partner: Pick<Partner, 'path' | 'endpoint'>, expected: string[]) =>
  eventually(async () => {
    const shown = await deliveriesAt(api, partner);
    const words = shown.map(({ status, reason }) => (reason === null ? status : `${status}: ${reason}`));
    if (JSON.stringify(words) !== JSON.stringify(expected)) throw new Error(`deliveries are ${JSON.stringify(words)}`);
    return shown;
  });

/** A lead all of whose four events are rejected; gives the time before. */
export async function anAbandonedLead(api: TestApi, partner: Partner): Promise<string> {
  const since = new Date().toISOString();
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }), lead.contact());
  await untilDeliveries(api, partner, Array(4).fill('abandoned: rejected'));
  return since;
}

/** Waits until the job of a recovery is done; gives it as shown. */
export const untilRecovered = (api: TestApi, { path }: Partner, jobId: string) =>
  eventually(async () => {
    const { body } = await api.call('GET', `${path}/jobs/${jobId}`);
    if (body.status !== 'done') throw new Error(`the job is ${body.status}`);
    return body;
  });
