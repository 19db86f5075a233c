import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { buildDeps, type Deps } from '../../src/deps.ts';
import { type Relay, startRelay } from '../../src/outbox/relay.ts';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { temporalAddress } from '../support/services.ts';
import { aPartner, type Partner, publish, rowOf } from './backend.ts';
import { startSourceRole } from '../support/source-role.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let service: TestService;
let partner: Partner;
/** Between the relay and each of the servers it needs. */
let temporal: TcpProxy;
let postgres: TcpProxy;
/** The relay's own parts: all the same, but by way of the proxies. */
let deps: Deps;
let relay: Relay;

beforeAll(async () => {
  service = await startService();
  partner = await aPartner(service.deps);
  const databaseUrl = new URL(service.deps.config.databaseUrl ?? '');
  temporal = await startTcpProxy(temporalAddress());
  postgres = await startTcpProxy(databaseUrl.host);
  databaseUrl.host = postgres.address;
  const config = { ...service.deps.config, databaseUrl: databaseUrl.href, temporalAddress: temporal.address };
  deps = await buildDeps(config, { role: 'relay', taskQueue: service.deps.taskQueue });
  relay = await startRelay(deps);
});
afterAll(async () => {
  await relay?.stop();
  await deps?.close();
  await temporal?.close();
  await postgres?.close();
  await partner?.receiver.close();
  await service?.stop();
});
afterEach(() => {
  temporal.mend();
  postgres.mend();
});

const publishNew = async () => {
  const lead = aLead(partner.organizationId);
  return { lead, id: await publish(service.deps.db, lead.created()) };
};
const arrived = (leadId: string): Promise<void> =>
  eventually(() => expect(partner.eventsOf(leadId)).toEqual(['lead.address_preview']));
const healthy = { ok: true, reason: null, pending: 0 };

test.each(['cut', 'stall'] as const)(
  'Temporal away (%s): the relay keeps all, says so, and goes on by itself',
  async (how) => {
    await eventually(() => expect(relay.health()).toMatchObject(healthy));
    temporal[how]();
    const waiting = [await publishNew(), await publishNew(), await publishNew()];
    await eventually(() =>
      expect(relay.health()).toMatchObject({ ok: false, reason: 'temporal: not reachable', pending: 3 }),
    );
    expect(relay.health().oldest_pending_seconds).toBeGreaterThan(0);
    expect(await deps.metrics.registry.metrics()).toContain('spark360_outbox_relay_up 0');
    // It is nobody's fault: no row is blamed.
    for (const { id } of waiting)
      expect(await rowOf(service.deps.db, id)).toMatchObject({ attempts: 0, outcome: null });
    temporal.mend();
    for (const { lead } of waiting) await arrived(lead.leadId);
    await eventually(() => expect(relay.health()).toMatchObject(healthy));
  },
);

test.each(['cut', 'stall'] as const)('Postgres away (%s): the relay says so, and goes on by itself', async (how) => {
  await eventually(() => expect(relay.health()).toMatchObject(healthy));
  postgres[how]();
  await eventually(() => expect(relay.health()).toMatchObject({ ok: false }));
  expect(relay.health().reason).toContain('outbox: not reachable');
  const { lead } = await publishNew();
  postgres.mend();
  await arrived(lead.leadId);
  await eventually(() => expect(relay.health()).toMatchObject(healthy));
});

test('a relay that froze with leads in hand holds them half a minute at most', async () => {
  await relay.stop();
  temporal.stall();
  const frozen = await startSourceRole('relay', deps);
  const { lead } = await publishNew();
  await eventually(async () => {
    const held = await service.deps.db.query(
      `select 1 from pg_locks l join pg_database d on d.oid = l.database
        where locktype = 'advisory' and d.datname = current_database()`,
    );
    expect(held).toHaveLength(1);
  });
  frozen.freeze();
  const other = await startRelay(service.deps);
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
  await frozen.end();
  await other.stop();
}, 120_000);
