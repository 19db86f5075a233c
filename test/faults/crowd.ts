import type { Oracle } from '../support/oracle.ts';
import { startReceiver } from '../support/receiver.ts';
import type { Operator } from './operator.ts';

/** Many endpoints of one organization, all at one server, each a path of it. */
export interface Crowd {
  organizationId: string;
  endpoints: { url: string }[];
  close(): Promise<void>;
}

const atOnce = 8;
const events = ['lead.address_preview', 'lead.rental_alert', 'lead.contact_requested'];

export async function startCrowd(operator: Operator, oracle: Oracle, count: number): Promise<Crowd> {
  const secrets = new Map<string, string>();
  const receiver = await startReceiver({ status: 204 }, 0, (request) => {
    const endpoint = receiver.url + request.path;
    return oracle.arrived(request, { endpoint, secret: secrets.get(endpoint) ?? '' });
  });
  const { organizationId } = await operator.organization([]);
  const urls = Array.from({ length: count }, (_, index) => `${receiver.url}/${index}`);
  const waiting = [...urls];
  const subscribe = async (): Promise<void> => {
    for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
      const path = `/v1/organizations/${organizationId}/endpoints`;
      secrets.set(url, ((await operator.insist('POST', path, { url, events })) as { secret: string }).secret);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, subscribe));
  } catch (error) {
    await receiver.close();
    throw error;
  }
  return {
    organizationId,
    endpoints: urls.map((url) => ({ url })),
    close: receiver.close,
  };
}
