import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leadSubject } from '../../src/domain/ids.ts';
import { type Relay, startRelay } from '../../src/outbox/relay.ts';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { aPartner, letterOf, type Partner, publish, rowOf } from './backend.ts';

let service: TestService;
let relay: Relay;
let partner: Partner;
beforeAll(async () => {
  service = await startService();
  partner = await aPartner(service.deps);
  relay = await startRelay(service.deps);
});
afterAll(async () => {
  await relay?.stop();
  await partner?.receiver.close();
  await service?.stop();
});

const newLead = () => aLead(partner.organizationId);
const inThreeYears = () => new Date(Date.now() + 3 * 365 * 86_400_000).toISOString();
/** The literal itself reaches the database: the numbers of JavaScript would be rounded on the way. */
const rounded = (literal: string): string => {
  const { addressInfo } = aLead(randomUUID()).created().data.object;
  const event = aLead(randomUUID()).created({ addressInfo: { ...(addressInfo as object), lat: 'literal' } });
  return JSON.stringify(event).replace('"literal"', literal);
};

test('an id used before with other content is a conflict: recorded, and a dead letter', async () => {
  const { db } = service.deps;
  const lead = newLead();
  const created = lead.created();
  await publish(db, created);
  const id = await publish(db, { ...lead.details(), id: created.id });
  const letter = await eventually(() => letterOf(db, id));
  expect(letter).toMatchObject({
    reason: 'conflict',
    issues: [{ path: 'id', message: 'used before with other content' }],
  });
  const conflicts = await db.query('select id from inbound_conflicts where subject = $1', [
    leadSubject(lead.organizationId, lead.leadId),
  ]);
  expect(conflicts).toEqual([{ id: created.id }]);
});

test('a malformed row becomes a dead letter that names the path, and is fixed and replayed', async () => {
  const { db } = service.deps;
  const lead = newLead();
  const created = lead.created();
  const broken = structuredClone(created);
  (broken.data.object.addressInfo as { zip: unknown }).zip = 78701;
  const id = await publish(db, broken);
  const behind = await publish(db, lead.details());
  const letter = await eventually(() => letterOf(db, id));
  expect(letter).toMatchObject({
    reason: 'malformed',
    issues: [{ path: 'data.object.addressInfo.zip', message: 'expected string' }],
  });
  await eventually(async () => expect(await rowOf(db, behind)).toMatchObject({ outcome: 'signalled' }));
  const replayed = await db.query<{ id: string }>('select spark360.replay($1, $2::jsonb) as id', [
    letter.id,
    JSON.stringify(created),
  ]);
  await eventually(() => expect(partner.eventsOf(lead.leadId)).toEqual(['lead.address_preview']));
  await eventually(async () => expect(await rowOf(db, replayed[0]?.id ?? '')).toMatchObject({ outcome: 'signalled' }));
  // Accepted, it keeps nothing of the person: a relay sees to that when it starts, and every minute.
  const other = await startRelay(service.deps);
  await eventually(async () =>
    expect(await db.query('select event from spark360.outbox_dead_letters where id = $1', [letter.id])).toEqual([
      { event: null },
    ]),
  );
  await other.stop();
});

test.each([
  ['no object', '[1, 2]', '$'],
  ['null', null, '$'],
  ['a numeric that JSON readers round', rounded('9007199254740993'), 'data.object.addressInfo.lat'],
  ['a numeric larger than any double', rounded('1e400'), 'data.object.addressInfo.lat'],
  ['a moment three years ahead', { ...aLead(randomUUID()).created(), timestamp: inThreeYears() }, 'timestamp'],
  ['an event we do not know', { event: 'lead.deleted' }, 'event'],
  ['an event of more than 256 KiB', { event: 'lead.created', metadata: { filler: 'x'.repeat(300_000) } }, '$'],
  ['a row of more than 512 KiB, which is not even read', { event: 'lead.created', filler: 'x'.repeat(600_000) }, '$'],
])('%s is a dead letter that names its path', async (_what, event, path) => {
  const { db } = service.deps;
  const id = await publish(db, event);
  const { reason, issues } = await eventually(() => letterOf(db, id));
  expect(reason).toBe('malformed');
  expect(issues.map((issue) => issue.path)).toContain(path);
});
