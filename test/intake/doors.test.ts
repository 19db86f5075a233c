import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inbound } from '../../src/db/inbound.ts';
import { InvalidEventError } from '../../src/errors.ts';
import { leadSubject, widgetSubject } from '../../src/domain/ids.ts';
import { readEvent } from '../../src/intake/inbound-event.ts';
import { remember } from '../../src/intake/ledger.ts';
import { type Relay, startRelay } from '../../src/outbox/relay.ts';
import { startTestApi, type TestApi } from '../http/api.ts';
import { aPartner, type Partner, publish, wholeJourney } from '../outbox/backend.ts';
import { eventually } from '../support/eventually.ts';
import { aLead, type InboundEvent } from '../support/lead-events.ts';
import { settled, stepsOf } from '../support/ledger.ts';
import { aRegisteredWidget, aWidget } from '../support/widget-events.ts';

let api: TestApi;
let relay: Relay;
let partner: Partner;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
  partner = await aPartner(api.deps);
  relay = await startRelay(api.deps);
});
afterAll(async () => {
  await relay?.stop();
  await partner?.receiver.close();
  await api?.stop();
});

type Refusal = { path: string; message: string };

/** Hands events over and gives what was refused, once that is known. */
const doors: Record<string, (events: InboundEvent[]) => Promise<Refusal[]>> = {
  async http(events) {
    const { status, body } = await api.call('POST', '/v1/events', { body: events });
    return status === 202 ? [] : body.errors;
  },
  async outbox(events) {
    const { db } = api.deps;
    const ids = await db.tx(async (tx) => {
      const written: string[] = [];
      for (const event of events) written.push(await publish(tx, event));
      return written;
    });
    return eventually(async () => {
      const rows = await db.query<{ issues: Refusal[] | null }>(
        `select issues from spark360.outbox o left join spark360.outbox_dead_letters l on l.outbox_id = o.id
          where o.id = any ($1) and done_at is not null order by o.id`,
        [ids],
      );
      expect(rows).toHaveLength(ids.length);
      return rows.flatMap(({ issues }) => issues ?? []);
    });
  },
  async client(events) {
    try {
      await api.deps.client.publishMany(events);
      return [];
    } catch (error) {
      if (error instanceof InvalidEventError) return [...error.issues];
      throw error;
    }
  },
};

const newLead = () => aLead(partner.organizationId);
const unsaid = { path: 'data.object.organizationId', message: expect.stringMatching(/^required while the widget/) };
const used = { path: 'id', message: 'used before with other content' };
const place = (index: number, { path, message }: typeof used | typeof unsaid) => ({
  path: `[${index}].${path}`,
  message,
});

describe.each(Object.entries(doors))('%s', (door, handOver) => {
  test('events of several leads: each lead in the given order, each event once', async () => {
    const [one, other] = [newLead(), newLead()];
    const events = [
      one.created(),
      other.created(),
      one.details(),
      one.personal({ enriched: true }),
      other.personal({ enriched: true }),
      one.contact(),
    ];
    expect(await handOver(events)).toEqual([]);
    await eventually(() => expect(partner.eventsOf(one.leadId)).toEqual(wholeJourney));
    await eventually(() => expect(partner.eventsOf(other.leadId)).toEqual(wholeJourney.slice(0, 3)));
    const steps = await settled(api.deps, one, 4);
    expect(steps.map(({ name }) => name).sort()).toEqual(['address', 'contact', 'details', 'enrichment']);
  });

  test('a repeat, in one call and later, is applied once, whatever its metadata', async () => {
    const lead = newLead();
    const created = lead.created();
    expect(await handOver([created, { ...created, metadata: { note: 'changes nothing' } }])).toEqual([]);
    await settled(api.deps, lead, 1);
    expect(await handOver([created])).toEqual([]);
    await handOver([lead.details()]);
    await settled(api.deps, lead, 2);
    expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']);
  });

  test('a repeat of what was accepted a minute ago and never applied is signalled again: the engine may have lost it', async () => {
    const { db, log } = api.deps;
    const lead = newLead();
    const created = lead.created();
    await remember([readEvent(created)], inbound(db), log);
    await db.execute("update inbound_events set received_at = now() - interval '1 minute' where id = $1", [created.id]);
    expect(await handOver([created])).toEqual([]);
    await settled(api.deps, lead, 1);
    await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
  });

  test('an id with other content is recorded as a conflict and not applied', async () => {
    const lead = newLead();
    const created = lead.created();
    await handOver([created]);
    await settled(api.deps, lead, 1);
    const refusals = await handOver([{ ...lead.details(), id: created.id }]);
    // The client asks no ledger: the lead's workflow sees to it.
    expect(refusals).toEqual({ http: [place(0, used)], outbox: [used], client: [] }[door]);
    const subject = leadSubject(lead.organizationId, lead.leadId);
    await eventually(async () =>
      expect(await api.deps.db.query('select id from inbound_conflicts where subject = $1', [subject])).toEqual([
        { id: created.id },
      ]),
    );
    expect((await stepsOf(api.deps, subject)).map(({ name }) => name)).toEqual(['address']);
  });

  test('wrong fields are named, and of an array nothing is applied', async () => {
    const lead = newLead();
    const [fine, late, nameless] = [lead.created(), lead.details(), lead.details()];
    const refusals = await handOver([
      fine,
      { ...late, timestamp: 'yesterday' },
      { ...nameless, event: 'lead.deleted' },
    ]);
    const paths = refusals.map(({ path }) => path);
    expect(paths).toEqual(door === 'outbox' ? ['timestamp', 'event'] : ['[1].timestamp', '[2].event']);
    if (door === 'outbox') await settled(api.deps, lead, 1);
    else expect(await stepsOf(api.deps, leadSubject(lead.organizationId, lead.leadId))).toEqual([]);
  });

  test('what is no object is refused as a whole', async () => {
    const refusals = await handOver([7 as unknown as InboundEvent]);
    expect(refusals.map(({ path }) => path)).toEqual(door === 'outbox' ? ['$'] : ['[0]']);
  });

  test('a widget that does not say its organization has that of an earlier event, or of its registration', async () => {
    const registered = aWidget(undefined, await aRegisteredWidget(api.deps, partner.organizationId));
    const widgetId = randomUUID();
    const [saying, silent] = [aWidget(partner.organizationId, widgetId), aWidget(undefined, widgetId)];
    const events = [
      saying.created('active'),
      silent.updated('inactive', { previous: 'active', at: Date.now() }),
      registered.updated('inactive', { previous: 'active' }),
    ];
    expect(await handOver(events)).toEqual([]);
    for (const [id, count] of [
      [widgetId, 2],
      [registered.widgetId, 1],
    ] as const)
      await eventually(async () => {
        const steps = await stepsOf(api.deps, widgetSubject(id));
        expect(steps.map(({ outcome }) => outcome)).toEqual(Array(count).fill('applied'));
      });
  });

  test('a widget whose organization cannot be known is refused', async () => {
    const widget = aWidget(undefined);
    const refusals = await handOver([widget.updated('inactive', { previous: 'active' })]);
    expect(refusals).toEqual({ http: [place(0, unsaid)], outbox: [unsaid], client: [] }[door]);
    const outcomes = door === 'client' ? ['refused'] : [];
    await eventually(async () =>
      expect((await stepsOf(api.deps, widgetSubject(widget.widgetId))).map(({ outcome }) => outcome)).toEqual(outcomes),
    );
  });
});
