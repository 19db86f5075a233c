import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { rowsWithoutWorkflows } from '../support/unsettled-rows.ts';
import { consoleOfFile } from './console-of-file.ts';
import type { ConsolePage } from './console-rig.ts';
import { press } from './keyboard.ts';

const { rig } = consoleOfFile();

const firstRow = (page: Page) => page.getByRole('table', { name: 'Deliveries' }).getByRole('row').nth(1);
const firstDelivery = (page: Page) => firstRow(page).getByRole('link').first().getAttribute('href');

describe('a list that is live', () => {
  let organization: string;
  let console: ConsolePage;
  let asked: number;
  beforeAll(async () => {
    organization = `/organizations/${rig().world.organizationId}`;
    console = await rig().open();
    await console.page.clock.install();
    console.page.on('request', (request) => {
      if (/\/deliveries\?/.test(request.url())) asked += 1;
    });
    await console.signIn(rig().world.key);
  });
  afterAll(() => console?.close());

  const publish = () => rig().api.call('POST', '/v1/events', { body: aLead(rig().world.organizationId).created() });
  /** Requests for the list once `ms` have passed. */
  const askedAfter = async (ms: number): Promise<number> => {
    asked = 0;
    await console.page.clock.fastForward(ms);
    // Requests are heard of in their order: what the timers asked for before this one was heard of.
    await console.page.evaluate<void>(`fetch('/healthz').then(() => undefined)`);
    return asked;
  };
  const untilAsked = async (): Promise<void> => {
    asked = 0;
    await eventually(() => expect(asked).toBeGreaterThan(0));
  };

  test('says how many are new, and moves nothing before it is told to', async () => {
    const { page, go } = console;
    await go(`${organization}/deliveries`);
    const shown = await firstDelivery(page);
    const place = await firstRow(page).boundingBox();
    await publish();
    // One at each of four endpoints.
    await page.getByRole('button', { name: 'Show 4 new' }).waitFor();
    expect(await firstDelivery(page)).toBe(shown);
    expect(await firstRow(page).boundingBox()).toEqual(place);
    await console.screenshot('deliveries-new');
    await press(page, 'Show 4 new');
    await eventually(async () => expect(await firstDelivery(page)).not.toBe(shown));
    expect(await page.getByRole('button', { name: /^Show/ }).count()).toBe(0);
    expect((await firstRow(page).boundingBox())?.y).toBe(place?.y);
  });

  test('shows in its place what a row has become', async () => {
    const { page, go } = console;
    const { body } = await rig().api.call('GET', `/v1${organization}/deliveries?status=held`);
    const [{ id }] = body.data;
    await go(`${organization}/deliveries`);
    const row = page.getByRole('row').filter({ has: page.locator(`a[href$="${id}"]`) });
    await row.getByText('held').waitFor();
    const place = await row.boundingBox();
    await rig().api.call('POST', `/v1${organization}/deliveries/${id}/skip`);
    await row.getByText('abandoned: skipped').waitFor();
    expect(await row.boundingBox()).toEqual(place);
  });

  test('says that rows no longer match, and leaves them until it is told', async () => {
    const { page, go } = console;
    const { body } = await rig().api.call('GET', `/v1${organization}/deliveries?status=held`);
    const [{ id }] = body.data;
    await go(`${organization}/deliveries?status=held`);
    await rig().api.call('POST', `/v1${organization}/deliveries/${id}/skip`);
    await page.getByRole('button', { name: 'Update: 1 row no longer matches' }).waitFor();
    expect(await page.locator(`a[href$="${id}"]`).count()).toBe(1);
    await press(page, 'Update: 1 row no longer matches');
    await page.locator(`a[href$="${id}"]`).waitFor({ state: 'detached' });
  });

  test('asks for nothing while it is paused, nor in a tab that nobody sees, and goes on afterwards', async () => {
    const { page, go } = console;
    await go(`${organization}/deliveries`);
    await page.getByText('Live', { exact: true }).waitFor();
    await untilAsked();
    // Not while an answer is under way.
    await eventually(async () => expect(await askedAfter(60_000)).toBeGreaterThan(0));
    await press(page, 'Pause updates');
    await page.getByText('Paused', { exact: true }).waitFor();
    await publish();
    expect(await askedAfter(60_000)).toBe(0);
    await press(page, 'Resume updates');
    await page.getByRole('button', { name: 'Show 4 new' }).waitFor();

    await setVisibility(page, 'hidden');
    await askedAfter(3_000);
    expect(await askedAfter(60_000)).toBe(0);
    await setVisibility(page, 'visible');
    await untilAsked();
  });

  test('says when the service does not answer, and is live again by itself', async () => {
    const { page, go } = console;
    await go(`${organization}/deliveries`);
    await page.route(/\/deliveries\?/, (route) => route.abort());
    await page.getByText('No answer, trying again').waitFor();
    expect(await page.getByRole('row').count()).toBeGreaterThan(5);
    await page.unroute(/\/deliveries\?/);
    await page.getByText('Live', { exact: true }).waitFor();
  });
});

test('below the first page a row changes in its place, and stays so when its page is out of view', async () => {
  const { deps } = rig().api;
  const owner = await anOrganization(deps);
  const { id: endpoint } = await anEndpoint(deps, owner, 'http://127.0.0.1:9/hook');
  await rowsWithoutWorkflows(deps.db, { organization: owner, endpoint, leads: 60 }, 'abandoned');
  const { page, go, signIn, close } = await rig().open();
  await signIn();
  await go(`/organizations/${owner}/deliveries`);
  await page.getByText('100 shown').waitFor();
  await page.evaluate<void>('scrollTo(0, document.documentElement.scrollHeight)');
  await page.getByText('200 shown').waitFor();
  // The first rows in view are of the first page, the changed one is of the second.
  const row = (index: number) => page.locator(`[role=row][aria-rowindex="${index}"]`);
  const toTop = (index: number) => page.evaluate<void>(`scrollBy(0, ${rowPlace(index)} - 300)`);
  await toTop(96);
  const id = (await row(106).getByRole('link').first().getAttribute('href'))?.split('/').at(-1);
  await deps.db.execute(
    `update deliveries set status = 'delivered', reason = null, delivered_at = now() where id = $1`,
    [id],
  );
  await row(106).getByText('delivered').waitFor();
  // Drawn still, and out of view: only the first page is asked for.
  await page.evaluate<void>(`scrollBy(0, ${rowPlace(106)} - innerHeight - 210)`);
  const refreshed = page.waitForResponse((answer) => /\/deliveries\?(?!.*cursor)/.test(answer.url()));
  await refreshed;
  expect(await row(106).getByText('delivered').count()).toBe(1);
  await close();
});

/** From the top of the window, as an expression of the page. */
const rowPlace = (index: number) =>
  `document.querySelector('[role=row][aria-rowindex="${index}"]').getBoundingClientRect().top`;

test('an update while a next page is under way shows the newest', async () => {
  const { deps } = rig().api;
  const owner = await anOrganization(deps);
  const { id: endpoint } = await anEndpoint(deps, owner, 'http://127.0.0.1:9/hook');
  const more = (leads: number) => rowsWithoutWorkflows(deps.db, { organization: owner, endpoint, leads }, 'abandoned');
  await more(30);
  const { page, go, signIn, close } = await rig().open();
  await signIn();
  await go(`/organizations/${owner}/deliveries`);
  await page.getByText('100 shown').waitFor();
  const former = await row2(page);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(/[?&]cursor=/, async (route) => {
    await released;
    await route.continue();
  });
  const asked = page.waitForRequest(/[?&]cursor=/);
  await page.evaluate<void>('scrollTo(0, document.documentElement.scrollHeight)');
  await asked;
  await more(1);
  await page.getByRole('button', { name: 'Show 4 new' }).click();
  await eventually(async () => expect(await row2(page)).not.toBe(former));
  const answered = page.waitForResponse(/[?&]cursor=/);
  release();
  await answered;
  await page.getByText('shown; ').waitFor();
  await page.evaluate<void>('scrollTo(0, 0)');
  expect(await row2(page)).not.toBe(former);
  expect(await page.getByRole('button', { name: /^Show/ }).count()).toBe(0);
  await close();
});

const row2 = (page: Page) =>
  page.evaluate<string | null>(`document.querySelector('[role=row][aria-rowindex="2"] a')?.href ?? null`);

const setVisibility = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate<void>(`(() => {
    Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  })()`);
