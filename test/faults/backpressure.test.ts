import { expect, test } from '@jest/globals';
import { Client } from 'pg';
import { aLead, type LeadEvents } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { testMs } from './moments.ts';
import { rigOfFile } from './rig-of-file.ts';

const rig = rigOfFile(() => ({ workers: 1 }));

interface Trouble {
  name: string;
  part: 'temporal' | 'postgres';
  begin: () => Promise<unknown>;
  end: () => Promise<unknown>;
}

const blocked: Client[] = [];
/** Takes every connection that Postgres has, but for those of superusers, of which our user is one: so those too. */
async function takeAllConnections(): Promise<void> {
  for (const { pid } of await rig().cluster.db.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name like 'spark360%' and pid <> pg_backend_pid()`,
  ))
    await rig().cluster.db.query('select pg_terminate_backend($1)', [pid]);
  for (;;) {
    const client = new Client({ connectionString: rig().cluster.postgres.address });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch {
      return;
    }
    blocked.push(client);
  }
}

const troubles: Trouble[] = [
  {
    name: 'Temporal is cut off',
    part: 'temporal',
    begin: async () => rig().cluster.toTemporal.cut(),
    end: async () => rig().cluster.toTemporal.mend(),
  },
  {
    name: 'Temporal does not answer',
    part: 'temporal',
    begin: async () => rig().cluster.toTemporal.stall(),
    end: async () => rig().cluster.toTemporal.mend(),
  },
  {
    name: 'Temporal is frozen',
    part: 'temporal',
    begin: async () => rig().cluster.temporal.freeze(),
    end: async () => rig().cluster.temporal.thaw(),
  },
  {
    name: 'Postgres is cut off',
    part: 'postgres',
    begin: async () => rig().cluster.toPostgres.cut(),
    end: async () => rig().cluster.toPostgres.mend(),
  },
  {
    name: 'Postgres does not answer',
    part: 'postgres',
    begin: async () => rig().cluster.toPostgres.stall(),
    end: async () => rig().cluster.toPostgres.mend(),
  },
  {
    name: 'Postgres is frozen',
    part: 'postgres',
    begin: async () => rig().cluster.postgres.freeze(),
    end: async () => rig().cluster.postgres.thaw(),
  },
  {
    name: 'Postgres has no connection left',
    part: 'postgres',
    begin: takeAllConnections,
    end: async () => Promise.all(blocked.splice(0).map((client) => client.end())),
  },
];

const readyz = async (): Promise<{ status: number; errors: { path: string }[] }> => {
  const response = await fetch(`${rig().cluster.apiUrls[0]}/readyz`);
  return { errors: [], ...((await response.json()) as object), status: response.status };
};

test.each(troubles)(
  '$name: 503 with Retry-After within seconds, /readyz names $part, and all goes on by itself',
  async ({ part, begin, end }) => {
    const organization = await rig().organization();
    await organization.deliver(1);
    await begin();
    const leads: LeadEvents[] = Array.from({ length: 5 }, () => aLead(organization.id));
    const events = leads.map((lead) => [lead.created(), lead.personal({ enriched: true }), lead.contact()]);
    try {
      // `post` waits fifteen seconds for an answer.
      for (let round = 0; round < 2; round += 1) {
        for (const answer of await Promise.all(events.map((three) => rig().backend.post(three)))) {
          expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
        }
      }
      // An answer is shared for a second: the first may be from before.
      await eventually(async () => {
        const { status, errors } = await readyz();
        expect({ status, paths: errors.map(({ path }) => path) }).toEqual({ status: 503, paths: [part] });
      });
    } finally {
      await end();
    }
    for (const three of events)
      await eventually(async () => expect(await rig().backend.post(three)).toMatchObject({ status: 202 }));
    await organization.arrived(leads.map(({ leadId }) => ({ leadId, way: 'http' as const, acceptedAt: null })));
    await eventually(async () => expect((await readyz()).status).toBe(200));
  },
  testMs,
);

test(
  'a slow network: what is answered 202 is durable, whatever else is answered',
  async () => {
    const organization = await rig().organization();
    rig().cluster.toTemporal.slow(700);
    const leads = Array.from({ length: 10 }, () => aLead(organization.id));
    const answers = await Promise.all(
      leads.map((lead) => rig().backend.post([lead.created(), lead.personal({ enriched: true }), lead.contact()])),
    );
    for (const { status } of answers) expect([202, 503]).toContain(status);
    rig().cluster.toTemporal.mend();
    const accepted = leads.filter((_lead, index) => answers[index]?.status === 202);
    await organization.arrived(accepted.map(({ leadId }) => ({ leadId, way: 'http' as const, acceptedAt: null })));
  },
  testMs,
);
