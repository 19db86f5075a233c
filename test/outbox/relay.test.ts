import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ParsedEvent } from '../../src/schemas/inbound.ts';
import { type Relay, startRelay } from '../../src/outbox/relay.ts';
import { aLead } from '../support/lead-events.ts';
import { settled, stepsOf } from '../support/ledger.ts';
import { eventually } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { aWidget, aRegisteredWidget } from '../support/widget-events.ts';
import { leadSubject } from '../../src/domain/ids.ts';
import { aPartner, letterOf, type Partner, publish, rowOf, wholeJourney } from './backend.ts';

let service: TestService;
let relay: Relay;
let partner: Partner;
/** Leads whose signals Temporal refuses, for a reason that is theirs alone. */
const refused = new Set<string>();

beforeAll(async () => {
  service = await startService();
  partner = await aPartner(service.deps);
  const { client } = service.deps;
  const signal = (event: ParsedEvent) =>
    event.kind === 'lead' && refused.has(event.leadId) ? Promise.reject(new Error('refused')) : client.signal(event);
  relay = await startRelay({ ...service.deps, client: { ...client, signal } });
});
afterAll(async () => {
  await relay?.stop();
  await partner?.receiver.close();
  await service?.stop();
});

const newLead = () => aLead(partner.organizationId);

test('a committed row reaches the partner, is done, and is in the ledger', async () => {
  const { db } = service.deps;
  const lead = newLead();
  const created = lead.created();
  const id = await publish(db, created);
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
  await eventually(async () => expect(await rowOf(db, id)).toMatchObject({ outcome: 'signalled', attempts: 0 }));
  const steps = await stepsOf(service.deps, leadSubject(lead.organizationId, lead.leadId));
  expect(steps).toEqual([{ id: created.id, name: 'address', outcome: 'applied' }]);
});

test('of a transaction that was rolled back nothing is sent; a plain insert is as good as the function', async () => {
  const { db } = service.deps;
  const [gone, kept] = [newLead(), newLead()];
  const rolledBack = db.tx(async (tx) => {
    await publish(tx, gone.created());
    await tx.execute('insert into spark360.outbox (event) values ($1)', [JSON.stringify(gone.details())]);
    throw new Error('the backend changed its mind');
  });
  await expect(rolledBack).rejects.toThrow('changed its mind');
  await db.execute('insert into spark360.outbox (event) values ($1)', [JSON.stringify(kept.created())]);
  await eventually(() => expect(partner.eventsOf(kept.leadId)).toEqual(['lead.address_preview']));
  expect(partner.eventsOf(gone.leadId)).toEqual([]);
  expect(await stepsOf(service.deps, leadSubject(gone.organizationId, gone.leadId))).toEqual([]);
});

test("one transaction with a lead's whole journey arrives in order", async () => {
  const lead = newLead();
  await service.deps.db.tx(async (tx) => {
    for (const event of [lead.created(), lead.details(), lead.personal(), lead.enrichment(), lead.contact()])
      await publish(tx, event);
  });
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(wholeJourney));
  const steps = await settled(service.deps, lead, 5);
  expect(steps.map(({ name }) => name).sort()).toEqual(['address', 'contact', 'details', 'enrichment', 'enrichment']);
});

test('transactions of one lead that commit out of the order of their ids lose nothing and come in order', async () => {
  const { db } = service.deps;
  const lead = newLead();
  let commitFirst = (): void => undefined;
  const mayCommit = new Promise<void>((resolve) => {
    commitFirst = resolve;
  });
  let inserted = (): void => undefined;
  const isInserted = new Promise<void>((resolve) => {
    inserted = resolve;
  });
  const slow = db.tx(async (tx) => {
    const id = await publish(tx, lead.created());
    inserted();
    await mayCommit;
    return id;
  });
  await isInserted;
  const later = await publish(db, lead.details());
  await eventually(async () => expect(await rowOf(db, later)).toMatchObject({ outcome: 'signalled' }));
  commitFirst();
  const earlier = await slow;
  expect(Number(earlier)).toBeLessThan(Number(later));
  await publish(db, lead.personal({ enriched: true }));
  await publish(db, lead.contact());
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(wholeJourney));
});

test('an id that came before is done as a duplicate, in the same transaction, later, and by another way in', async () => {
  const { db, client } = service.deps;
  const lead = newLead();
  const created = lead.created();
  const details = lead.details();
  await client.publish(details);
  await eventually(async () =>
    expect(await stepsOf(service.deps, leadSubject(lead.organizationId, lead.leadId))).toHaveLength(1),
  );
  const [first, again] = await db.tx(async (tx) => [
    await publish(tx, created),
    await publish(tx, { ...created, metadata: { note: 'changes nothing' } }),
  ]);
  await eventually(async () => {
    expect(await rowOf(db, first ?? '')).toMatchObject({ outcome: 'signalled' });
    expect(await rowOf(db, again ?? '')).toMatchObject({ outcome: 'duplicate' });
  });
  const late = await publish(db, details);
  await eventually(async () => expect(await rowOf(db, late)).toMatchObject({ outcome: 'duplicate' }));
  await settled(service.deps, lead, 2);
  expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']);
});

test('a widget event goes to the organization that is said or registered; unknown, it is a dead letter', async () => {
  const { db } = service.deps;
  const registered = aWidget(undefined, await aRegisteredWidget(service.deps, partner.organizationId));
  const said = aWidget(partner.organizationId);
  const unknown = aWidget(undefined);
  await publish(db, registered.updated('inactive', { previous: 'active' }));
  await publish(db, said.updated('inactive', { previous: 'active' }));
  // The widget's workflow knows it by now, whether or not it has applied the event.
  await publish(db, {
    ...said.updated('active'),
    data: { object: { ...said.updated('active').data.object, organizationId: null } },
  });
  const id = await publish(db, unknown.updated('inactive', { previous: 'active' }));
  const letter = await eventually(() => letterOf(db, id));
  expect(letter).toMatchObject({ reason: 'unknown_organization', issues: [{ path: 'data.object.organizationId' }] });
  await eventually(() => {
    const widgets = partner.receiver.requests
      .map(({ json }) => json as { event: string; data: { widget?: { widget_ref_id: string } } })
      .filter(({ event }) => event === 'widget.status_changed')
      .map(({ data }) => data.widget?.widget_ref_id);
    expect(widgets.filter((widget) => widget === registered.widgetId)).toHaveLength(1);
    expect(widgets.filter((widget) => widget === said.widgetId)).toHaveLength(2);
  });
});

test('a row that fails by itself holds back its own lead and no other, visibly, and goes on by itself', async () => {
  const { db } = service.deps;
  const [poisoned, healthy] = [newLead(), newLead()];
  refused.add(poisoned.leadId);
  const first = await publish(db, poisoned.created());
  const second = await publish(db, poisoned.personal({ enriched: true }));
  await publish(db, healthy.created());
  await eventually(() => expect(partner.eventsOf(healthy.leadId)).toEqual(['lead.address_preview']));
  await eventually(async () => {
    const stuck = await db.query('select id, last_error, waiting_behind from spark360.outbox_stuck');
    expect(stuck).toEqual([{ id: first, last_error: 'Error', waiting_behind: '1' }]);
    expect(relay.health()).toMatchObject({ ok: true, reason: null, stuck: 1, pending: 2 });
  });
  expect(await rowOf(db, second)).toMatchObject({ attempts: 0, outcome: null });
  const metrics = await service.deps.metrics.registry.metrics();
  expect(metrics).toContain('spark360_outbox_stuck_rows 1');
  refused.delete(poisoned.leadId);
  await eventually(() =>
    expect(partner.eventsOf(poisoned.leadId)).toEqual(['lead.address_preview', 'lead.enriched', 'lead.rental_alert']),
  );
  await eventually(() => expect(relay.health()).toMatchObject({ stuck: 0, pending: 0, oldest_pending_seconds: 0 }));
});

test('a lost notification costs a second: the poll finds the row', async () => {
  const { db } = service.deps;
  const lead = newLead();
  await db.tx(async (tx) => {
    await tx.execute('alter table spark360.outbox disable trigger notify_relays');
    await publish(tx, lead.created());
    await tx.execute('alter table spark360.outbox enable trigger notify_relays');
  });
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']), 15_000);
});

test('a relay whose session is cut opens another one and goes on', async () => {
  const { db } = service.deps;
  const lead = newLead();
  const [cut] = await db.query<{ count: number }>(
    `select count(pg_terminate_backend(pid))::int as count from pg_stat_activity
      where datname = current_database() and application_name = 'spark360-events relay'`,
  );
  expect(cut).toEqual({ count: 1 });
  await publish(db, lead.created());
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
  expect(relay.health()).toMatchObject({ ok: true, reason: null });
});

test('a relay that is stopped has finished what was in hand and left the rest', async () => {
  const { db } = service.deps;
  await relay.stop();
  expect(relay.health()).toMatchObject({ ok: false, reason: 'relay: stopped' });
  const lead = newLead();
  const id = await publish(db, lead.created());
  const locks = await db.query(
    `select 1 from pg_locks l join pg_database d on d.oid = l.database
      where locktype = 'advisory' and d.datname = current_database()`,
  );
  expect(locks).toEqual([]);
  expect(await rowOf(db, id)).toMatchObject({ outcome: null });
  relay = await startRelay(service.deps);
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
});

test('a database without the table is said, and waited for', async () => {
  const { db } = service.deps;
  await db.execute('alter schema spark360 rename to elsewhere');
  const lonely = await startRelay(service.deps);
  await eventually(() => expect(lonely.health().reason).toContain('apply sql/outbox.sql'));
  expect(lonely.health().ok).toBe(false);
  await db.execute('alter schema elsewhere rename to spark360');
  await eventually(() => expect(lonely.health()).toMatchObject({ ok: true, reason: null }));
  await lonely.stop();
  const lead = newLead();
  await publish(db, { ...lead.created(), id: randomUUID() });
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
});
