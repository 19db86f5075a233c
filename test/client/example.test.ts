import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Pool } from 'pg';
import { leadBackend, leadsTable } from '../../examples/lead-backend.ts';
import { startApi } from '../../src/http/server.ts';
import { type Relay, startRelay } from '../../src/outbox/relay.ts';
import { stepsOf } from '../support/ledger.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import { eventually } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { aPartner, type Partner } from '../outbox/backend.ts';

let service: TestService;
let partner: Partner;
let relay: Relay;
let api: Awaited<ReturnType<typeof startApi>>;
let pool: Pool;

beforeAll(async () => {
  service = await startService();
  partner = await aPartner(service.deps);
  relay = await startRelay(service.deps);
  api = await startApi(service.deps);
  pool = new Pool({ connectionString: service.deps.config.databaseUrl });
  await pool.query(leadsTable);
});
afterAll(async () => {
  await pool?.end();
  await api?.close();
  await relay?.stop();
  await partner?.receiver.close();
  await service?.stop();
});

test('the example backend tells a lead in all three ways, and the partner gets it in order', async () => {
  const { client, config } = service.deps;
  const backend = leadBackend({ pool, client, api: { url: api.url, key: config.adminApiKey } });
  const leadId = await backend.createLead(partner.organizationId, {
    streetNumber: '1',
    streetAddress: 'Example Street',
    city: 'Austin',
    state: 'TX',
    zip: '78701',
    formattedAddress: '1 Example Street',
    lat: 30,
    lng: -97,
  });
  await backend.savePerson(leadId, {
    firstName: 'Ada',
    lastName: 'Example',
    email: 'ada@example.com',
    contactConsent: true,
  });
  await backend.reportEnrichment(leadId, { scores: { leadIntegrityScore: 8 } });
  await backend.requestContact(leadId, { method: 'email' });
  await eventually(() =>
    expect(partner.eventsOf(leadId)).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']),
  );
  const steps = await stepsOf(service.deps, leadSubject(partner.organizationId, leadId));
  expect(steps.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied', 'applied']);
});

test("a lead that could not be stored is not told of: they share the backend's transaction", async () => {
  const { client, config } = service.deps;
  const backend = leadBackend({ pool, client, api: { url: api.url, key: config.adminApiKey } });
  const before = await pool.query('select count(*) from spark360.outbox');
  await expect(
    backend.savePerson(randomUUID(), { firstName: 'A', lastName: 'B', email: 'c', contactConsent: true }),
  ).rejects.toThrow('there is no such lead');
  const after = await pool.query('select count(*) from spark360.outbox');
  expect(after.rows).toEqual(before.rows);
});
