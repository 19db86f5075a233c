import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import { type Workers, workersOf } from '../support/workers.ts';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { settled } from '../support/ledger.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { eventually } from '../support/eventually.ts';
import { testConfig } from '../support/config.ts';
import { createTestDatabase, type TestDatabase, uniqueTaskQueue } from '../support/services.ts';
import { startTemporalWith } from '../support/temporal-server.ts';
import { Oracle } from '../support/oracle.ts';
import { patienceMs, testMs } from './moments.ts';
import { startPartner } from './partner.ts';

/** A real lead never comes near the server's limit of 4,096 events; on this server it gets there every few steps. */
const historyLimit = 40;

let temporal: Awaited<ReturnType<typeof startTemporalWith>>;
let database: TestDatabase;
let deps: Deps;
let workers: Workers;
beforeAll(async () => {
  temporal = await startTemporalWith({ 'limit.historyCount.suggestContinueAsNew': historyLimit });
  database = await createTestDatabase();
  const config = testConfig(database.url, { temporalAddress: temporal.address, retryScheduleMs: Array(30).fill(50) });
  deps = await buildDeps(config, { role: 'test', taskQueue: uniqueTaskQueue() });
  workers = workersOf(deps);
  await workers.start();
}, testMs);
afterAll(async () => {
  await workers?.stopAll();
  await deps?.close();
  await database?.drop();
  await temporal?.stop();
}, testMs);

const describe = ({ organizationId, leadId }: LeadEvents) =>
  deps.temporal.workflow.getHandle(leadSubject(organizationId, leadId)).describe();

/**
 * Steps that change nothing, until the run is about to leave, which takes it a second; gives its run id and their
 * number.
 */
async function makeItLeave(lead: LeadEvents): Promise<{ runId: string; steps: number }> {
  for (let steps = 1; steps < 100; steps += 1) {
    await deps.client.publish(lead.details());
    const { historyLength, runId } = await describe(lead);
    if (historyLength > historyLimit) return { runId, steps };
  }
  throw new Error('it does not continue');
}

test(
  'killed while a run continues as new, three times: no step is lost, and the events come in order',
  async () => {
    const oracle = new Oracle();
    const partner = await startPartner(oracle, ({ number }) => (number % 3 === 1 ? { status: 500 } : undefined));
    const organization = await anOrganization(deps);
    const { secret } = await anEndpoint(deps, organization, `${partner.url}`);
    partner.secret = secret;
    const lead = aLead(organization);
    const journey = [lead.created(), lead.contact(), lead.personal({ enriched: true })];
    let count = journey.length;
    for (const step of journey) {
      const { runId, steps } = await makeItLeave(lead);
      count += steps;
      workers.kill();
      // While nobody works, and the run is half way out.
      await deps.client.publish(step);
      await workers.start();
      await eventually(async () => expect((await describe(lead)).runId).not.toBe(runId), patienceMs);
    }
    const applied = await settled(deps, lead, count);
    expect(applied).toHaveLength(count);
    expect(applied.every(({ outcome }) => outcome === 'applied')).toBe(true);
    expect(oracle.taken(partner.url, lead.leadId)).toEqual([
      'lead.address_preview',
      'lead.enriched',
      'lead.rental_alert',
      'lead.contact_requested',
    ]);
    expect(oracle.verdict.violations).toEqual([]);
    await partner.close();
  },
  testMs,
);
