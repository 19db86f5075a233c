import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint } from '../support/partners.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { consoleOfFile } from './console-of-file.ts';
import { choose, chooseOpen, focusedName, press, tabTo } from './keyboard.ts';

// By keyboard alone, as in console-journeys.

const { rig, organization, signedIn, get } = consoleOfFile();

/** An endpoint of its own, where the three deliveries of one lead have become `statuses`. */
async function threeAt(receiver: Receiver, statuses: string[]): Promise<string> {
  const { id } = await anEndpoint(rig().api.deps, rig().world.organizationId, `${receiver.url}/own`);
  const lead = aLead(rig().world.organizationId);
  await rig().api.call('POST', '/v1/events', { body: [lead.created(), lead.personal({ enriched: true })] });
  await eventually(async () => {
    const { data } = await get(`/deliveries?endpoint_id=${id}`);
    expect(data.map(({ status }: { status: string }) => status).sort()).toEqual(statuses);
  });
  return id;
}

/** Where the focus goes by itself, a moment after the key. */
const focusOn = (page: Page, name: string): Promise<void> =>
  eventually(async () => expect(await focusedName(page)).toBe(name));

/** Of a row of choices, where the arrows move: the one after `chosen`. */
async function chooseNext(page: Page, chosen: string, next: string): Promise<void> {
  await tabTo(page, chosen);
  await page.keyboard.press('ArrowRight');
  await focusOn(page, next);
  await page.keyboard.press('Enter');
}

test('an endpoint is edited, and paused once it is said what will be held', async () => {
  const receiver = await startReceiver({ status: 503 });
  const id = await threeAt(receiver, ['pending', 'pending', 'retrying']);
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  await go(`${organization()}/webhooks/${id}`);
  await press(page, 'Edit');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, 'Description');
  await page.keyboard.type('Dialer of the sales team');
  await tabTo(page, /^lead\.rental_alert/);
  await page.keyboard.press('Space');
  await tabTo(page, 'Requests a second');
  await page.keyboard.type('5');
  await page.keyboard.press('Enter');
  await page.getByText('5 a second').waitFor();
  await page.getByText('Dialer of the sales team').waitFor();
  expect(await get(`/endpoints/${id}`)).toMatchObject({
    description: 'Dialer of the sales team',
    rate_limit: 5,
    events: ['lead.address_preview', 'lead.enriched', 'lead.contact_requested', 'widget.status_changed'],
  });

  await press(page, 'Pause');
  await page.getByRole('alertdialog').getByText('3 deliveries will be held').waitFor();
  await screenshot('task-pause');
  expect((await get(`/endpoints/${id}`)).status).toBe('active');
  await press(page, 'Pause');
  await page.getByText('Paused: by hand.').waitFor();
  expect((await get(`/deliveries?endpoint_id=${id}&status=held`)).data).toHaveLength(3);
  await close();
  await receiver.close();
});

test('what was abandoned at one endpoint is counted there, recovered, and seen to be done', async () => {
  const receiver = await startReceiver({ status: 400 });
  const id = await threeAt(receiver, ['abandoned', 'abandoned', 'abandoned']);
  receiver.answer({ status: 204 });
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  await go(`${organization()}/webhooks/${id}`);
  await choose(page, 'Recover abandoned deliveries …');
  await page.getByRole('dialog').getByText('3 deliveries will be sent again').waitFor();
  await screenshot('task-recover');
  expect(receiver.requests).toHaveLength(3);
  await press(page, 'Recover 3 deliveries');
  await eventually(() => expect(receiver.requests.slice(3).map(({ sequence }) => sequence)).toEqual([1, 2, 3]));
  await page.getByText('done', { exact: true }).waitFor();
  await close();
  await receiver.close();
});

test('a sample of the catalogue goes to the endpoint that is chosen', async () => {
  const { healthy, key } = rig().world;
  const { page, go, close, screenshot } = await signedIn(key);
  await go(`${organization()}/events`);
  await press(page, 'Send me a sample …');
  await page.getByRole('dialog').getByRole('combobox').waitFor();
  await press(page, 'Endpoint');
  await chooseOpen(page, `${healthy.url}/crm/webhooks`);
  await press(page, 'Send');
  await page.getByText('Answered 204').waitFor();
  await screenshot('task-sample');
  const samples = healthy.requests.filter(({ headers }) => headers['x-spark360-test'] === 'true');
  expect(samples.map(({ event }) => event)).toEqual(['lead.address_preview']);
  await close();
});

test('a key is made, and refused once it is deleted', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  const idsOf = async (): Promise<string[]> => (await get('/api-keys')).data.map(({ id }: { id: string }) => id);
  const before = await idsOf();
  await go(`${organization()}/settings`);
  await press(page, 'New key');
  const key = (await page.getByRole('region', { name: 'New key' }).textContent()) ?? '';
  const statusWithIt = async () => (await rig().api.call('GET', `/v1${organization()}`, { key })).status;
  expect(await statusWithIt()).toBe(200);
  await press(page, 'I have stored the key');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const [id] = (await idsOf()).filter((one) => !before.includes(one));
  await press(page, `Delete key ${id}`);
  await page.getByRole('alertdialog').waitFor();
  await press(page, 'Delete');
  await page.getByText('Deleted: it is refused from now on').waitFor();
  expect(await statusWithIt()).toBe(401);
  expect(await idsOf()).toEqual(before);
  await close();
});

test('one session is ended from another, which signs out by its menu', async () => {
  await rig().api.call('DELETE', `/v1${organization()}/sessions`);
  const other = await signedIn(rig().world.key);
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/settings`);
  await press(page, 'End');
  await page.getByText('Signed out there').waitFor();
  await other.page.reload();
  await other.page.getByLabel('Key', { exact: true }).waitFor();
  await other.close();

  await choose(page, 'Sign out', 'Organization');
  await page.getByLabel('Key', { exact: true }).waitFor();
  await page.goto(`${rig().api.url}/console${organization()}`);
  await page.getByLabel('Key', { exact: true }).waitFor();
  expect((await get('/sessions')).data).toEqual([]);
  await close();
});

test("the chart's other tab is the time to delivery, and its numbers are a table, too", async () => {
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  await go(organization());
  await chooseNext(page, 'Outcome', 'Latency');
  await page
    .getByRole('img', { name: /^Time to delivery: half within \d/ })
    .locator('canvas')
    .waitFor();
  // By which a line is told from the other.
  const colours = await page.evaluate<string[]>(`[...document.querySelectorAll('.u-legend .u-marker')].map((one) => {
    return getComputedStyle(one).borderTop;
  }).filter((words) => !words.startsWith('0px'))`);
  expect(new Set(colours).size).toBe(2);
  await screenshot('task-latency');
  await press(page, 'Show table');
  const table = page.getByRole('region', { name: 'Deliveries over time, as a table' });
  await eventually(async () => {
    const delivered = await table.locator('tbody td:nth-child(2)').allTextContents();
    const { total } = await get('/statistics?window=24h');
    expect(total.delivered).toBeGreaterThan(0);
    expect(delivered.reduce((sum, text) => sum + Number(text), 0)).toBe(total.delivered);
  });
  await screenshot('task-table');
  await close();
});

test('the exact bytes of a delivery are those that were received', async () => {
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  const [request] = rig().world.healthy.requests;
  await go(`${organization()}/deliveries/${request?.deliveryId}`);
  await chooseNext(page, 'Readable', 'Exact bytes');
  const bytes = page.getByRole('region', { name: 'The bytes every attempt sends' });
  expect(await bytes.textContent()).toBe(request?.rawBody.toString('utf8'));
  await screenshot('task-bytes');
  await close();
});

test('deliveries are filtered by lead, endpoint and a span of time, and a lead is found by its id', async () => {
  const startedAt = Date.now();
  const { leads, endpoints, key } = rig().world;
  const { page, go, close, screenshot } = await signedIn(key);
  const rows = () => page.getByRole('table', { name: 'Deliveries' }).locator('[role=row]:has(a)');
  await go(`${organization()}/deliveries`);
  await press(page, 'Filter by lead');
  await focusOn(page, 'Lead id');
  await page.keyboard.type('not an id');
  await page.getByText('Expected a UUID.').waitFor();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(leads.delivered.toUpperCase());
  await page.keyboard.press('Enter');
  await page.waitForURL(({ searchParams }) => searchParams.get('lead_id') === leads.delivered);
  await eventually(async () => expect(await rows().count()).toBe(16));

  await press(page, 'Filter by endpoint');
  await chooseOpen(page, (await get(`/endpoints/${endpoints.retrying}`)).url);
  await page.waitForURL(({ searchParams }) => searchParams.get('endpoint_id') === endpoints.retrying);
  await eventually(async () => expect(await rows().count()).toBe(4));

  await press(page, 'Filter by time');
  await page.getByRole('dialog', { name: 'Filter by time' }).waitFor();
  await focusOn(page, 'Last hour');
  await page.keyboard.press('Enter');
  await page.waitForURL(({ searchParams }) => searchParams.has('since'));
  const since = Date.parse(new URL(page.url()).searchParams.get('since') ?? '');
  expect(since).toBeGreaterThanOrEqual(startedAt - 3_600_000);
  expect(since).toBeLessThanOrEqual(Date.now() - 3_600_000);
  await screenshot('task-filters');
  await press(page, 'Clear all');
  await page.waitForURL(({ search }) => search === '');

  await go(`${organization()}/leads`);
  await tabTo(page, 'Lead id');
  await page.keyboard.type(leads.waiting);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Lead ${leads.waiting}`, level: 1 }).waitFor();
  await close();
});

test('the operator goes to another organization by its name, and chooses a theme, which is kept', async () => {
  const id = '0a000000-0000-4000-8000-000000000001';
  await rig().api.call('PUT', `/v1/organizations/${id}`, { body: { name: 'Sunbelt Solar', notify: [] } });
  const { page, go, close } = await signedIn();
  await go('/');
  await page.getByRole('combobox', { name: 'Organization' }).waitFor();
  await tabTo(page, 'Organization');
  await page.keyboard.type('sunb');
  await page.getByRole('option', { name: 'Sunbelt Solar' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.locator('[role=option][data-highlighted]').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sunbelt Solar', level: 1 }).waitFor();
  expect(page.url()).toContain(id);

  const background = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
  const ofSystem = await background();
  await choose(page, 'Dark theme', 'Operator');
  await eventually(async () => expect(await background()).not.toBe(ofSystem));
  const dark = await background();
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await background()).toBe(dark);
  await page.emulateMedia({ colorScheme: 'dark' });
  await choose(page, 'Light theme', 'Operator');
  await eventually(async () => expect(await background()).toBe(ofSystem));
  await choose(page, 'Theme of the system', 'Operator');
  await eventually(async () => expect(await background()).toBe(dark));
  await close();
});
