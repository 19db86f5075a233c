import { randomUUID } from 'node:crypto';
import type { Cluster } from './cluster.ts';
import type { Handler } from '../support/receiver.ts';
import { type Partner, startPartner } from './partner.ts';
import type { Oracle } from '../support/oracle.ts';

/** What an operator does, over the API, as long as it takes. */
export interface Operator {
  /** Makes an organization whose endpoints deliver to new partners, one for each behaviour. */
  organization(behaviours: Handler[]): Promise<{ organizationId: string; partners: Subscribed[] }>;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }>;
  /** Repeats a call until it succeeds: the parts it needs may be away. */
  insist(method: string, path: string, body?: unknown): Promise<unknown>;
}

export type Subscribed = Partner & { endpointId: string };

const events = ['lead.address_preview', 'lead.rental_alert', 'lead.contact_requested'];

export function operatorOf({ apiUrls, adminKey }: Cluster, oracle: Oracle): Operator {
  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
    try {
      const response = await fetch(`${apiUrls[0]}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        signal: AbortSignal.timeout(20_000),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, json: await response.json() };
    } catch {
      return { status: 0, json: null };
    }
  }
  async function insist(method: string, path: string, body?: unknown): Promise<unknown> {
    for (let tries = 0; ; tries += 1) {
      const { status, json } = await call(method, path, body);
      if (status >= 200 && status < 300) return json;
      if (tries > 100 || (status >= 400 && status < 500))
        throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return {
    call,
    insist,
    async organization(behaviours) {
      const organizationId = randomUUID();
      await insist('PUT', `/v1/organizations/${organizationId}`, { tier: 'premium' });
      const partners: Subscribed[] = [];
      for (const behaviour of behaviours) {
        const partner = await startPartner(oracle, behaviour);
        const made = (await insist('POST', `/v1/organizations/${organizationId}/endpoints`, {
          url: partner.url,
          events,
        })) as { id: string; secret: string };
        partners.push(Object.assign(partner, { secret: made.secret, endpointId: made.id }));
      }
      return { organizationId, partners };
    },
  };
}
