import { randomUUID } from 'node:crypto';
import type { Deps } from '../../src/deps.ts';
import type { EventType, Mode } from '../../src/domain/lead.ts';
import { newSecret } from '../../src/webhooks/secrets.ts';

export const allEvents: EventType[] = [
  'lead.address_preview',
  'lead.enriched',
  'lead.rental_alert',
  'lead.contact_requested',
  'widget.status_changed',
];

export async function anOrganization({ db }: Deps, tier = 'premium'): Promise<string> {
  const id = randomUUID();
  await db.execute('insert into organizations (id, tier) values ($1, $2)', [id, tier]);
  return id;
}

/**
 * A subscription, straight into the database: what a partner would make through the API, to an address of this machine.
 */
export async function anEndpoint(
  { db, keyRing }: Deps,
  organizationId: string,
  url: string,
  { events = allEvents, mode = 'prod' }: { events?: EventType[]; mode?: Mode } = {},
): Promise<{ id: string; secret: string }> {
  const id = randomUUID();
  const secret = newSecret();
  await db.execute(
    'insert into endpoints (id, organization_id, url, events, mode, secret) values ($1, $2, $3, $4, $5, $6)',
    [id, organizationId, url, events, mode, keyRing.seal(Buffer.from(secret), `endpoint/${id}`)],
  );
  return { id, secret };
}
