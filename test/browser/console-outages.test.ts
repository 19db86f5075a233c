import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { rowsWithoutWorkflows } from '../support/unsettled-rows.ts';
import { consoleOfFile } from './console-of-file.ts';
import { press } from './keyboard.ts';

const { rig, organization, signedIn, get } = consoleOfFile();

/** Runs in the page. Requests are heard of in their order: what was asked for before this one was heard of. */
const heard = `fetch('/healthz').then(() => undefined)`;
const toEnd = (page: Page) => page.evaluate<void>('scrollTo(0, document.documentElement.scrollHeight)');

test('the overview gives no all-clear for what could not be checked', async () => {
  const { page, go, close } = await signedIn();
  await page.route('**/v1/attention', (route) => route.fulfill({ json: { data: [], next_cursor: null } }));
  await page.route('**/v1/orphans', () => {});
  await go('/keys');
  await page.getByRole('link', { name: 'All organizations' }).click();
  await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
  expect(await page.getByText('Nothing needs attention').count()).toBe(0);
  await page.unroute('**/v1/orphans');
  await page.route('**/v1/orphans', (route) => route.abort());
  await go('/');
  await page.getByText('Deliveries without a workflow could not be checked').waitFor();
  expect(await page.getByText('Nothing needs attention').count()).toBe(0);
  await page.unroute('**/v1/orphans');
  await go('/');
  await page.getByText('Nothing needs attention').waitFor();
  await close();
});

test('a page says that what it shows is old, and from when, until there is an answer again', async () => {
  const { page, go, close } = await signedIn();
  await go('/system');
  await page.route('**/v1/system', (route) => route.abort());
  await page.getByText(/^Shown as it was at .* The service did not answer/).waitFor();
  expect(await page.getByText('Retries overdue').count()).toBe(1);
  await page.unroute('**/v1/system');
  await page.getByText('Shown as it was at').waitFor({ state: 'detached' });
  await close();
});

test('a recovery that cannot be read is not said to be counted', async () => {
  const { organizationId, endpoints } = rig().world;
  await rig().api.deps.db.execute(
    `insert into recovery_jobs (id, organization_id, endpoint_id, until, count) values ($1, $2, $3, now(), null)`,
    [randomUUID(), organizationId, endpoints.healthy],
  );
  const { page, go, close } = await signedIn();
  await page.route(/\/jobs\/[^/]+$/, (route) => route.abort());
  await go(`${organization()}/webhooks/${endpoints.healthy}`);
  await page.getByText('no answer, trying again').waitFor();
  await page.unroute(/\/jobs\/[^/]+$/);
  await page.getByText('being counted').waitFor();
  await close();
});

test('offline the list says so, and what is pressed fails at once instead of being sent later', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/deliveries`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.context().setOffline(true);
  await page.getByText('No answer, trying again').waitFor();
  await page.context().setOffline(false);
  await page.getByText('Live', { exact: true }).waitFor();

  const [{ id }] = (await get(`/deliveries?endpoint_id=${rig().world.endpoints.healthy}&status=delivered`)).data;
  await go(`${organization()}/deliveries/${id}`);
  const { requests } = rig().world.healthy;
  const before = requests.length;
  await page.context().setOffline(true);
  await press(page, 'Resend');
  await page.getByText('Not sent again').first().waitFor();
  await page.context().setOffline(false);
  await press(page, 'Resend');
  await page.getByText('It is being sent once more').first().waitFor();
  await eventually(() => expect(requests.length).toBeGreaterThan(before));
  expect(requests).toHaveLength(before + 1);
  await close();
});

test('a next page that fails is said, and asked for again on a press alone', async () => {
  const owner = await anOrganization(rig().api.deps);
  const { id: endpoint } = await anEndpoint(rig().api.deps, owner, 'http://127.0.0.1:9/hook');
  await rowsWithoutWorkflows(rig().api.deps.db, { organization: owner, endpoint, leads: 105 }, 'abandoned');
  const { page, go, close } = await signedIn();
  await page.clock.install();
  for (const [path, end] of [
    ['deliveries', '200 shown'],
    ['leads', '105 shown'],
  ] as const) {
    let asked = 0;
    page.on('request', (request) => {
      if (/[?&]cursor=/.test(request.url())) asked += 1;
    });
    await go(`/organizations/${owner}/${path}`);
    await page.route(/[?&]cursor=/, (route) => route.abort());
    await page.getByText('100 shown').waitFor();
    await toEnd(page);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    const before = asked;
    await page.clock.runFor(60_000);
    await page.evaluate<void>(heard);
    expect(asked).toBe(before);
    await page.unroute(/[?&]cursor=/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText(end).waitFor();
  }
  await close();
});

test('a list of leads is not asked for again when its tab is looked at, but by its button', async () => {
  const owner = await anOrganization(rig().api.deps);
  const { id: endpoint } = await anEndpoint(rig().api.deps, owner, 'http://127.0.0.1:9/hook');
  await rowsWithoutWorkflows(rig().api.deps.db, { organization: owner, endpoint, leads: 105 }, 'abandoned');
  const { page, go, close } = await signedIn();
  await page.clock.install();
  await go(`/organizations/${owner}/leads`);
  await page.getByText('100 shown').waitFor();
  await toEnd(page);
  await page.getByText('105 shown').waitFor();
  let asked = 0;
  page.on('request', (request) => {
    if (/\/leads\?/.test(request.url())) asked += 1;
  });
  await page.clock.fastForward(60_000);
  await page.evaluate<void>(`document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`);
  await page.evaluate<void>(heard);
  expect(asked).toBe(0);
  await press(page, 'Refresh');
  await page.getByText('100 shown').waitFor();
  await close();
});

test('the endpoints after the hundredth are there, and their status follows by itself', async () => {
  const owner = await anOrganization(rig().api.deps);
  for (let index = 0; index < 101; index += 1)
    await anEndpoint(rig().api.deps, owner, `http://127.0.0.1:9/hook-${index}`);
  const { page, go, close } = await signedIn();
  await go(`/organizations/${owner}/webhooks`);
  await page.getByRole('link', { name: 'hook-100' }).waitFor();
  await page.getByRole('link', { name: 'http://127.0.0.1:9/hook-0', exact: true }).waitFor();
  await page.getByText('none', { exact: true }).nth(100).waitFor();
  const [{ id }] = (await rig().api.call('GET', `/v1/organizations/${owner}/endpoints?limit=1`)).body.data;
  await rig().api.call('POST', `/v1/organizations/${owner}/endpoints/${id}/pause`);
  await page.getByText('paused').first().waitFor();
  await close();
});

test('a pause shows at the lanes of a lead by itself', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/leads/${rig().world.leads.delivered}`);
  const lane = page.getByRole('region', { name: /^Lane of .*\/crm\/webhooks$/ });
  await lane.waitFor();
  expect(await lane.getByText('paused', { exact: true }).count()).toBe(0);
  await rig().api.call('POST', `/v1${organization()}/endpoints/${rig().world.endpoints.healthy}/pause`);
  await lane.getByText('paused', { exact: true }).waitFor();
  await close();
});
