import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/receiver.ts';
import { consoleOfFile } from './console-of-file.ts';
import { stillness } from './console-rig.ts';
import { focusedName, press, tabTo } from './keyboard.ts';

const { rig, organization, signedIn, get } = consoleOfFile();

/** Holds requests of `method` to what matches back, until the function it gives is called. */
async function holdBack(page: Page, method: string, url: string): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(url, async (route) => {
    if (route.request().method() === method) await released;
    await route.continue();
  });
  return release;
}

/** Escape, and a press outside of the dialog. */
async function leave(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.mouse.click(5, 5);
  await stillness(page);
}

test('what is shown once stays through a second Enter, Escape and a press outside, and while it is being made', async () => {
  const receiver = await startReceiver({ status: 200 });
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/webhooks`);
  await press(page, 'Add endpoint');
  await tabTo(page, 'URL');
  await page.keyboard.type(`${receiver.url}/once`);
  const create = await holdBack(page, 'POST', '**/endpoints');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Checking the address …' }).waitFor();
  expect(await page.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
  await leave(page);
  create();
  const secret = page.getByRole('dialog').getByRole('region', { name: 'Signing secret' });
  await secret.waitFor();
  await eventually(async () => expect(await focusedName(page)).toBe('Copy'));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  await leave(page);
  expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(await secret.textContent());
  await press(page, 'I have stored the secret');
  await page.getByRole('heading', { name: `${receiver.url}/once` }).waitFor();

  const rotate = await holdBack(page, 'POST', '**/rotate-secret');
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Rotate the secret …' }).click();
  await press(page, 'Make a new secret');
  const isLocked = () => page.getByRole('button', { name: 'Cancel' }).isDisabled();
  await eventually(async () => expect(await isLocked()).toBe(true));
  await leave(page);
  rotate();
  await eventually(async () => expect(await focusedName(page)).toBe('Copy'));
  await leave(page);
  await press(page, 'I have stored the secret');
  await secret.waitFor({ state: 'detached' });

  await go(`${organization()}/settings`);
  for (const [name, region] of [
    ['New key', 'New key'],
    ['Make a link', 'Portal link'],
  ] as const) {
    await press(page, name);
    const shown = page.getByRole('dialog').getByRole('region', { name: region });
    await shown.waitFor();
    await eventually(async () => expect(await focusedName(page)).toBe('Copy'));
    await leave(page);
    await press(page, /^I have /);
    await shown.waitFor({ state: 'detached' });
  }
  await close();
  await receiver.close();
});

test('Skip and Resend keep their places when a delivery settles, and an open dialog says that it has', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  const [{ id }] = (await get(`/deliveries?endpoint_id=${rig().world.endpoints.retrying}&status=retrying`)).data;
  await go(`${organization()}/deliveries/${id}`);
  const skip = page.getByRole('button', { name: 'Skip …', includeHidden: true });
  const resend = page.getByRole('button', { name: 'Resend', includeHidden: true });
  const places = async () => [await skip.boundingBox(), await resend.boundingBox()];
  const before = await places();
  expect([await skip.isDisabled(), await resend.isDisabled()]).toEqual([false, true]);
  await skip.click();
  await page.getByRole('alertdialog').waitFor();
  await rig().api.call('POST', `/v1${organization()}/deliveries/${id}/skip`);
  await page.getByRole('alertdialog').getByText('It is abandoned by now').waitFor();
  expect(await page.getByRole('button', { name: 'Skip it' }).isDisabled()).toBe(true);
  await press(page, 'Cancel');
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  expect([await skip.isDisabled(), await resend.isDisabled()]).toEqual([true, false]);
  expect(await places()).toEqual(before);
  await close();
});

test('the focus stays where a filter was taken away, and goes to a page that was opened', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/deliveries?status=held&since=2026-01-01T00:00:00Z`);
  for (const name of ['status', 'time']) {
    await press(page, `Remove the filter by ${name}`);
    await page.getByRole('button', { name: `Remove the filter by ${name}` }).waitFor({ state: 'detached' });
    expect((await focusedName(page)).toLowerCase()).toContain(name);
  }
  await press(page, 'Leads');
  await page.getByRole('heading', { name: 'Leads', level: 1 }).waitFor();
  await eventually(async () => expect(await page.evaluate<string>('document.activeElement.id')).toBe('main'));
  await close();
});

test('where the request cannot be made anew, the payload is not called the same bytes', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  const [{ id }] = (await get(`/deliveries?endpoint_id=${rig().world.endpoints.healthy}&status=delivered`)).data;
  await page.route('**/request', (route) => route.fulfill({ status: 404, json: {} }));
  await go(`${organization()}/deliveries/${id}`);
  await page.getByRole('region', { name: 'The content, not byte for byte' }).waitFor();
  await page.unroute('**/request');
  await go(`${organization()}/deliveries/${id}`);
  await page.getByRole('region', { name: 'The same bytes, laid out' }).waitFor();
  await close();
});

test('the stage of a lead can be read whole', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/leads`);
  await page.getByRole('table', { name: 'Leads' }).getByText('waiting for enrichment').waitFor();
  const cells = `[...document.querySelectorAll('.rows-leads [role=cell]:nth-child(2)')]`;
  expect(await page.evaluate<number>(`${cells}.filter((one) => one.scrollWidth > one.clientWidth).length`)).toBe(0);
  await close();
});
