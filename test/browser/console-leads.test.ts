import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { rowsWithoutWorkflows } from '../support/unsettled-rows.ts';
import { consoleOfFile } from './console-of-file.ts';
import { choose, press, tabTo } from './keyboard.ts';

// By keyboard alone, as in console-journeys.

const { rig, organization, signedIn, get } = consoleOfFile();

test("a lead's lanes say what each endpoint got and what it waits for", async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/leads/${rig().world.leads.waiting}`);
  await page.getByText('Contact was asked for; it waits for the enrichment write-back.').waitFor();
  const events = page.getByRole('region', { name: 'Events out' });
  await events.getByText('waits for the enrichment write-back').waitFor();
  await events.getByText('waits for lead.enriched').waitFor();
  const lead = await get(`/leads/${rig().world.leads.delivered}`);
  await go(`${organization()}/leads/${rig().world.leads.delivered}`);
  await page.getByText('#1–#4 delivered').first().waitFor();
  const waiting = lead.deliveries.find(
    ({ waiting_for }: { waiting_for: { reason: string } | null }) => waiting_for?.reason === 'retry',
  );
  await page.getByText(waiting.waiting_for.sentence).first().waitFor();
  await close();
});

test('the operator mends a dead letter and replays it', async () => {
  const lead = aLead(rig().world.organizationId);
  const event = lead.created();
  const broken = { ...event, data: { object: { ...event.data.object, addressInfo: { zip: 78701 } } } };
  const { db } = rig().api.deps;
  await db.execute(
    `insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, issues, published_at)
     values (900001, $1, $2::jsonb, 'malformed', '[{"path":"data.object.addressInfo.zip","message":"expected string"}]', now())`,
    [`lead/${rig().world.organizationId}/${lead.leadId}`, JSON.stringify(broken)],
  );
  const { page, go, close, screenshot } = await signedIn();
  await go('/dead-letters');
  await page.getByText('expected string').waitFor();
  await press(page, 'Mend …');
  await page.getByLabel('Event', { exact: true }).waitFor();
  await screenshot('dead-letter');
  await tabTo(page, 'Event');
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(JSON.stringify(event));
  await press(page, 'Replay mended');
  await page.getByText('No dead letter').waitFor();
  const [row] = await db.query<{ event: { id: string } }>('select event from spark360.outbox order by id desc limit 1');
  expect(row?.event.id).toBe(event.id);
  await close();
});

test('the operator completes the enrichment of a lead that waits: both events go out', async () => {
  const { page, go, close, screenshot } = await signedIn();
  await go(`${organization()}/leads/${rig().world.leads.waiting}`);
  await press(page, 'Complete the enrichment …');
  await page.getByRole('alertdialog').getByText('goes out with what is known').waitFor();
  await screenshot('complete-enrichment');
  await page.keyboard.press('Escape');
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  expect((await get(`/leads/${rig().world.leads.waiting}`)).stage).toBe('waiting_for_enrichment');
  await page.keyboard.press('Enter');
  await page.getByRole('alertdialog').waitFor();
  await press(page, 'Complete');
  await page.getByText('Completed with what is known').waitFor();
  await eventually(async () => {
    const { events } = await get(`/leads/${rig().world.leads.waiting}`);
    const names = events.map(({ event }: { event: string }) => event);
    expect(names).toEqual(['lead.address_preview', 'lead.enriched', 'lead.contact_requested']);
  });
  await close();
});

test('a lead is erased: the dialog says what of it is abandoned', async () => {
  const lead = aLead(rig().world.organizationId);
  await rig().api.call('POST', '/v1/events', { body: lead.created() });
  // One endpoint fails; one was paused by hand, and one because it refused five in a row.
  await eventually(async () => {
    const { deliveries } = await get(`/leads/${lead.leadId}`);
    const statuses = deliveries.map(({ status }: { status: string }) => status).sort();
    expect(statuses).toEqual(['delivered', 'held', 'held', 'retrying']);
  });
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  await go(`${organization()}/leads/${lead.leadId}`);
  await choose(page, "Erase the lead's personal data …");
  await page.getByRole('alertdialog').getByText('3 unsettled deliveries').waitFor();
  await screenshot('erase');
  await press(page, 'Erase for good');
  await page.getByRole('heading', { name: 'Leads', level: 1 }).waitFor();
  expect((await get(`/leads/${lead.leadId}`)).stage).toBe('erased');
  await close();
});

test('an organization is renamed, and where its mails go is checked before it is saved', async () => {
  const { page, go, close } = await signedIn();
  await go(`${organization()}/settings`);
  await tabTo(page, 'Mails about failing endpoints go to');
  await page.keyboard.press('Control+End');
  await page.keyboard.type('\nnot an address');
  await press(page, 'Save');
  await page.getByText('expected an e-mail address').first().waitFor();
  await page.getByLabel('Name', { exact: true }).focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Acme & Daughters');
  await tabTo(page, 'Mails about failing endpoints go to');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('owner@acme.example\nops@acme.example');
  await press(page, 'Save');
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(await get('')).toMatchObject({
    name: 'Acme & Daughters',
    tier: 'premium',
    notify: ['owner@acme.example', 'ops@acme.example'],
  });
  await close();
});

test('deliveries that no workflow works are a line of the overview, which leads to them', async () => {
  const { db } = rig().api.deps;
  const lost = { organization: rig().world.organizationId, endpoint: rig().world.endpoints.healthy, leads: 1 };
  await rowsWithoutWorkflows(db, lost);
  await db.execute(
    `update deliveries set created_at = now() - interval '2 minutes' where endpoint_id = $1 and status = 'pending'`,
    [lost.endpoint],
  );
  const { page, go, close, screenshot } = await signedIn();
  await go('/');
  await page.getByRole('link', { name: '4 deliveries without a workflow' }).waitFor();
  await screenshot('overview-orphans');
  await press(page, '4 deliveries without a workflow');
  await page.getByRole('heading', { name: 'Deliveries without a workflow' }).waitFor();
  await page.getByText('spark360 doctor --fix').waitFor();
  await press(page, /^4 deliveries of lead /);
  const lane = page.getByRole('region', { name: /^Lane of .*\/crm\/webhooks$/ });
  await lane.getByRole('link', { name: /^#1\s*pending/ }).waitFor();
  await close();
});
