// One lead, told in all three ways: `npm start` in one terminal, `npm run example` in another.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { connect } from 'spark360-events/client';
import { environment } from './environment.ts';
import { leadBackend, leadsTable } from './lead-backend.ts';

const { apiUrl, apiKey, databaseUrl, temporalAddress, temporalNamespace, encryptionKeys } = environment(process.env);
const pool = new Pool({ connectionString: databaseUrl });
const client = await connect({ address: temporalAddress, namespace: temporalNamespace, encryptionKeys });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await pool.query(leadsTable);
  const backend = leadBackend({ pool, client, api: { url: apiUrl, key: apiKey } });
  const organizationId = randomUUID();

  const leadId = await backend.createLead(organizationId, {
    streetNumber: '1600',
    streetAddress: 'Example Street',
    city: 'Austin',
    state: 'TX',
    zip: '78701',
    formattedAddress: '1600 Example Street, Austin, TX 78701',
    lat: 30.2672,
    lng: -97.7431,
  });
  say(`lead ${leadId}: its address, by the outbox`);
  await backend.savePerson(leadId, {
    firstName: 'Ada',
    lastName: 'Example',
    email: 'ada@example.com',
    phone: '+15125550100',
    contactConsent: true,
  });
  say('who it is, by the outbox');
  await backend.reportEnrichment(leadId, {
    propertyInfo: { county: 'Travis', ownerOccupied: true },
    scores: { leadIntegrityScore: 8, elevateScore: 6, surePayScore: 720 },
  });
  say('the enrichment, by HTTP');
  await backend.requestContact(leadId, { method: 'email', preferredTime: 'Mornings' });
  say('the wish for contact, by the client');

  say(`the lead's workflow: ${await stageReached(organizationId, leadId)}`);
} finally {
  await client.close();
  await pool.end();
}

/** Waits for the outbox's relay, which is done within a moment. */
async function stageReached(organizationId: string, leadId: string): Promise<string> {
  const lead = client.lead(organizationId, leadId);
  for (let tries = 0; ; tries += 1) {
    const stage = (await lead.state())?.stage ?? 'not there yet';
    if (stage === 'contact_requested' || tries === 50) return stage;
    await sleep(100);
  }
}
