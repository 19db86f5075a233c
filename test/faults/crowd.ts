import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Operator } from './operator.ts';
import type { Oracle } from './oracle.ts';

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
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const endpoint = `${origin}${message.url}`;
      const body = Buffer.concat(chunks).toString('utf8');
      oracle.arrived({ endpoint, secret: secrets.get(endpoint) ?? '', headers: message.headers, body })();
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { organizationId } = await operator.organization([]);
  const urls = Array.from({ length: count }, (_, index) => `${origin}/${index}`);
  const waiting = [...urls];
  const subscribe = async (): Promise<void> => {
    for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
      const path = `/v1/organizations/${organizationId}/endpoints`;
      secrets.set(url, ((await operator.insist('POST', path, { url, events })) as { secret: string }).secret);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, subscribe));
  return {
    organizationId,
    endpoints: urls.map((url) => ({ url })),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
