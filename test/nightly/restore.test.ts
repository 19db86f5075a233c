import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type BuiltService, buildService } from '../support/built-service.ts';
import { healthy } from '../faults/partner.ts';
import { type Organization, type Rig, startRig } from '../faults/rig.ts';
import { eventually } from '../support/eventually.ts';
import { aLead, type InboundEvent, type LeadEvents } from '../support/lead-events.ts';

const testMs = 240_000;
const home = mkdtempSync(join(tmpdir(), 'spark360-restore-'));
const copy = join(home, 'copy');
let service: BuiltService;
let rig: Rig;

beforeAll(async () => {
  service = buildService();
  rig = await startRig({ home, service });
}, testMs);
afterAll(async () => {
  await rig?.stop();
  service?.remove();
  rmSync(home, { recursive: true, force: true });
}, testMs);

const databaseFiles = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('temporal.db'));

/** Of Temporal's database at one moment. */
function backUpTemporal(): void {
  const folder = join(home, 'temporal');
  mkdirSync(copy);
  rig.cluster.temporal.freeze();
  for (const name of databaseFiles(folder)) cpSync(join(folder, name), join(copy, name));
  rig.cluster.temporal.thaw();
}

/** Temporal as it was when it was backed up, while Postgres stays as it is; neither workers nor relays run. */
async function restoreTemporal(): Promise<void> {
  const folder = join(home, 'temporal');
  const restarted = rig.cluster.temporal.kill(2_000);
  await sleep(1_000);
  for (const name of databaseFiles(folder)) rmSync(join(folder, name));
  for (const name of databaseFiles(copy)) cpSync(join(copy, name), join(folder, name));
  await restarted;
}

/** `spark360 doctor --fix`, as the handbook says. What waits is made as old as it would be by the time it is asked. */
async function doctorFixes(): Promise<string> {
  const { db, postgres, temporal, adminKey, encryptionKeys } = rig.cluster;
  await db.execute("update deliveries set created_at = created_at - interval '1 hour' where settled_at is null");
  await db.execute(
    "update inbound_events set received_at = received_at - interval '1 hour' where outcome = 'accepted'",
  );
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    NODE_ENV: 'production',
    DATABASE_URL: postgres.address,
    TEMPORAL_ADDRESS: temporal.address,
    ADMIN_API_KEY: adminKey,
    ENCRYPTION_KEYS: encryptionKeys,
    ALLOW_INSECURE_ENDPOINTS: 'loopback',
  };
  const run = promisify(execFile)(process.execPath, [service.role('spark360'), 'doctor', '--fix'], { env });
  return run.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout, // other checks have something to say, of mail and workers
  );
}

const overOutbox = (event: InboundEvent): Promise<unknown> =>
  rig.cluster.db.query('select spark360.publish($1::jsonb)', [JSON.stringify(event)]);

async function overHttp(event: InboundEvent): Promise<void> {
  expect((await rig.backend.post(event)).status).toBe(202);
}

const taken = (organization: Organization, { leadId }: LeadEvents, ...events: string[]): Promise<void> =>
  eventually(() => expect(rig.oracle.taken(organization.partner.url, leadId)).toEqual(events), 60_000);

const everything = ['lead.address_preview', 'lead.enriched', 'lead.rental_alert', 'lead.contact_requested'];

test(
  "Temporal restored to an earlier moment than Postgres: doctor --fix and the backend's repeats make up for it, in order and once",
  async () => {
    const [worker, ...otherWorkers] = rig.cluster.workers;
    const [relay] = rig.cluster.relays;
    let isAway = true;
    const [organization, failing] = await Promise.all([
      rig.organization(healthy),
      rig.organization(() => (isAway ? { status: 503 } : undefined)),
    ]);
    const lead = (of = organization): LeadEvents => aLead(of.id);
    const [knownHttp, knownOutbox, further, enriched] = [lead(), lead(), lead(), lead()] as const;
    for (const each of [knownHttp, knownOutbox, further, enriched]) {
      await overHttp(each.created());
      await taken(organization, each, 'lead.address_preview');
    }
    backUpTemporal();

    // What Temporal forgets: steps that were applied, leads that began, deliveries that wait, and events that no worker
    // took.
    const [begun, waiting] = [lead(), lead(failing)];
    await overHttp(begun.created());
    await overHttp(waiting.created());
    for (const each of [begun, further]) {
      await overHttp(each.personal({ enriched: true }));
      await taken(organization, each, ...everything.slice(0, 3));
    }
    const report = enriched.enrichment();
    await overHttp(report);
    await eventually(async () => {
      const query = "select 1 from inbound_events where id = $1 and outcome = 'applied'";
      expect(await rig.cluster.db.query(query, [report.id])).toHaveLength(1);
    });
    await eventually(() => expect(failing.partner.requests.length).toBeGreaterThan(0));
    for (const role of [worker, ...otherWorkers]) await role?.stop();
    const [newHttp, newOutbox] = [lead(), lead()];
    const unheard = [newHttp.created(), knownHttp.personal({ enriched: true })];
    for (const event of unheard) await overHttp(event);
    await overOutbox(newOutbox.created());
    await overOutbox(knownOutbox.personal({ enriched: true }));
    await eventually(async () => {
      const open = await rig.cluster.db.query('select 1 from spark360.outbox where done_at is null');
      expect(open).toEqual([]);
    });
    await relay?.stop();

    await restoreTemporal();
    process.stderr.write(await doctorFixes());
    isAway = false;
    for (const role of [worker, ...otherWorkers, relay]) await role?.start();
    for (const event of unheard) await overHttp(event);
    for (const each of [knownHttp, knownOutbox, begun, further]) {
      await taken(organization, each, ...everything.slice(0, 3));
      await overHttp(each.contact());
    }
    // What was applied is not applied again: its facts, where they are missing, come under a new id.
    await overHttp(enriched.enrichment());
    for (const each of [newHttp, newOutbox, waiting, enriched]) {
      await overHttp(each.personal({ enriched: each !== enriched }));
      await overHttp(each.contact());
    }
    for (const each of [knownHttp, knownOutbox, begun, further, newHttp, newOutbox, enriched])
      await taken(organization, each, ...everything);
    await taken(failing, waiting, ...everything);
    expect(rig.oracle.verdict).toMatchObject({ violations: [], repeats: 0 });
    const last = organization.partner.requests.filter(({ event }) => event === 'lead.contact_requested');
    expect(last.map(({ rawBody }) => JSON.parse(`${rawBody}`).data.contact)).not.toContain(undefined);
  },
  testMs,
);
