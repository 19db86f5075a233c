import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint } from '../support/partners.ts';
import { startReceiver } from '../support/receiver.ts';
import { consoleOfFile } from './console-of-file.ts';
import { chooseOpen, press, tabTo } from './keyboard.ts';

// By keyboard alone, as in console-journeys.

const { rig, organization, signedIn, get } = consoleOfFile();

test('filters are in the address, and one is taken away again', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/deliveries`);
  await press(page, 'Filter by status');
  await chooseOpen(page, 'abandoned');
  await page.waitForURL(/status=abandoned/);
  await eventually(async () => {
    const badges = await page
      .getByRole('table')
      .getByText(/^(delivered|held|pending|retrying|abandoned)/)
      .allTextContents();
    expect(new Set(badges)).toEqual(new Set(['abandoned: rejected']));
  });
  await press(page, 'Remove the filter by status');
  await page.waitForURL((url) => !url.search.includes('status'));
  await press(page, 'Filter by time');
  await page.getByRole('dialog', { name: 'Filter by time' }).waitFor();
  await tabTo(page, 'To');
  await page.keyboard.type('01012026');
  await page.keyboard.press('Tab');
  await page.keyboard.type('1200AM');
  await page.keyboard.press('Enter');
  // Midnight of the browser's time zone.
  await page.waitForURL(({ searchParams }) => searchParams.get('until') === '2026-01-01T06:00:00.000Z');
  await page.getByText('Nothing matches').waitFor();
  await press(page, 'Remove the filter by time');
  await page.waitForURL((url) => !url.search.includes('until'));
  await press(page, 'Pause updates');
  await page.getByText('Paused', { exact: true }).waitFor();
  await close();
});

test('an endpoint is called deleted only once the endpoints are read', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await page.route(/\/endpoints\?/, () => {});
  await go(`${organization()}/deliveries`);
  await page.getByRole('table', { name: 'Deliveries' }).getByRole('row').nth(1).waitFor();
  expect(await page.getByText('deleted endpoint').count()).toBe(0);
  // Not `go`, which waits until nothing loads.
  await page.goto(`${rig().api.url}/console${organization()}/leads/${rig().world.leads.delivered}`);
  await page.getByText('Timeline', { exact: true }).waitFor();
  expect(await page.getByText('Deleted endpoint').count()).toBe(0);
  await page.unroute(/\/endpoints\?/);
  await go(`${organization()}/deliveries`);
  await page.getByRole('table', { name: 'Deliveries' }).getByText('/crm/webhooks').first().waitFor();
  await close();
});

test('an outage is recovered from the list: filter, count, confirm', async () => {
  const receiver = await startReceiver({ status: 400 });
  const { id } = await anEndpoint(rig().api.deps, rig().world.organizationId, `${receiver.url}/outage`, {
    events: ['lead.address_preview', 'lead.enriched'],
  });
  const events = Array.from({ length: 3 }, () => aLead(rig().world.organizationId).created());
  for (const event of events) await rig().api.call('POST', '/v1/events', { body: event });
  await eventually(async () =>
    expect((await get(`/deliveries?endpoint_id=${id}&status=abandoned`)).data).toHaveLength(3),
  );
  receiver.answer({ status: 204 });
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  await go(`${organization()}/deliveries?status=abandoned&endpoint_id=${id}`);
  await press(page, 'Recover abandoned …');
  await page.getByRole('alertdialog').getByText('3 deliveries').first().waitFor();
  await screenshot('recover');
  await press(page, 'Recover 3 deliveries');
  await eventually(async () =>
    expect((await get(`/deliveries?endpoint_id=${id}&status=delivered`)).data).toHaveLength(3),
  );
  await close();
  await receiver.close();
});

test('a delivery: what happens next, the headers as sent, a command that verifies, and a skip', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  const [delivery] = (await get(`/deliveries?endpoint_id=${rig().world.endpoints.retrying}&status=retrying`)).data;
  await go(`${organization()}/deliveries/${delivery.id}`);
  await page.getByText(delivery.waiting_for.sentence).waitFor();
  await page.getByText('The endpoint answered 503').waitFor();
  await press(page, 'Show the headers as sent');
  await page.getByText('X-Spark360-Attempt: 1').waitFor();
  await press(page, 'Copy as curl');
  await page.getByText('Copied as curl').waitFor();
  const command = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(command).toContain(`-H 'X-Spark360-Delivery: ${delivery.id}'`);
  await press(page, 'Skip …');
  await page.getByRole('alertdialog').waitFor();
  await press(page, 'Skip it');
  await page.getByText('It was skipped by hand.').waitFor();
  expect((await get(`/deliveries/${delivery.id}`)).reason).toBe('skipped');
  await close();
});

test('a delivered one is sent once more', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  const [delivery] = (await get(`/deliveries?endpoint_id=${rig().world.endpoints.healthy}&status=delivered`)).data;
  const resends = () =>
    rig().world.healthy.requests.filter(({ deliveryId, isResend }) => deliveryId === delivery.id && isResend);
  expect(resends()).toHaveLength(0);
  await go(`${organization()}/deliveries/${delivery.id}`);
  await press(page, 'Resend');
  await eventually(() => expect(resends()).toHaveLength(1));
  await close();
});

test('what a filter matches is recovered at all endpoints: counted first, then its progress is shown', async () => {
  const receiver = await startReceiver({ status: 400 });
  const ids: string[] = [];
  for (const path of ['one', 'two']) {
    const { id } = await anEndpoint(rig().api.deps, rig().world.organizationId, `${receiver.url}/${path}`, {
      events: ['lead.address_preview', 'lead.enriched'],
    });
    ids.push(id);
  }
  const leads = [aLead(rig().world.organizationId), aLead(rig().world.organizationId)];
  for (const lead of leads)
    await rig().api.call('POST', '/v1/events', { body: [lead.created(), lead.personal({ enriched: true })] });
  const abandonedOf = async (lead: string) =>
    (await get(`/deliveries?lead_id=${lead}&status=abandoned`)).data.filter(
      ({ endpoint_id }: { endpoint_id: string }) => ids.includes(endpoint_id),
    );
  for (const { leadId } of leads) await eventually(async () => expect(await abandonedOf(leadId)).toHaveLength(4));
  receiver.answer({ status: 204 });
  const [first, second] = leads.map(({ leadId }) => leadId);
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  await go(`${organization()}/deliveries?event=lead.enriched&lead_id=${first}`);
  await press(page, 'Recover abandoned …');
  await page.getByRole('alertdialog').getByText('2 deliveries').first().waitFor();
  expect(receiver.requests).toHaveLength(8);
  await press(page, 'Recover 2 deliveries');
  await page.getByRole('dialog').getByText('1 delivered, 0 abandoned again').nth(1).waitFor();
  await screenshot('recover-progress');
  await press(page, 'Close');
  expect(receiver.requests.slice(8).map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['2', '2']);
  expect(await abandonedOf(first ?? '')).toHaveLength(2);
  expect(await abandonedOf(second ?? '')).toHaveLength(4);
  await close();
  await receiver.close();
});
