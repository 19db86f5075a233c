import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { consoleOfFile } from './console-of-file.ts';
import type { ConsolePage } from './console-rig.ts';

// What a partner does on a telephone, 390 pixels wide, by touching what is seen.

const { rig, get } = consoleOfFile();

async function onPhone(): Promise<ConsolePage> {
  const console = await rig().open({ width: 390 });
  await console.signIn(rig().world.key);
  return console;
}

/** Opens the navigation, and goes to one of its pages. */
async function goBy(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Navigation' }).click();
  await page.getByRole('dialog', { name: 'Navigation' }).getByRole('link', { name, exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

test('the navigation opens and closes, and the focus goes back to its button', async () => {
  const { page, close, screenshot } = await onPhone();
  const button = page.getByRole('button', { name: 'Navigation' });
  const drawer = page.getByRole('dialog', { name: 'Navigation' });
  await button.click();
  await drawer.getByRole('link', { name: 'Webhooks', exact: true }).waitFor();
  await screenshot('phone-navigation', { fullPage: false });
  await drawer.getByRole('button', { name: 'Close navigation' }).click();
  await drawer.waitFor({ state: 'detached' });
  await button.and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await drawer.waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await button.and(page.locator(':focus')).waitFor();
  await close();
});

test('from what needs attention to the delivery that fails, and to what the ones behind it wait for', async () => {
  const { retrying } = rig().world.endpoints;
  const lead = rig().world.leads.delivered;
  const { page, close, screenshot } = await onPhone();
  await page.getByRole('link', { name: /dialer is failing, 5 deliveries unsettled$/ }).click();
  await page.getByText('Failing since').waitFor();
  await screenshot('phone-endpoint');
  const { data } = await get(`/deliveries?endpoint_id=${retrying}&lead_id=${lead}`);
  const idOf = (sequence: number) => data.find((one: { sequence: number }) => one.sequence === sequence).id;
  await page.locator(`a[href$="/deliveries/${idOf(2)}"]`).click();
  await page.getByRole('heading', { name: '#2', level: 1 }).waitFor();
  await screenshot('phone-waits');
  await page.getByRole('link', { name: 'See the delivery it waits for' }).click();
  await page.getByRole('heading', { name: '#1', level: 1 }).waitFor();
  expect(page.url()).toContain(idOf(1));
  await page.getByText(/^Attempt 2 of 5 goes out at /).waitFor();
  await page.getByText('The endpoint answered 503').waitFor();
  await page.getByText('upstream CRM is restarting').waitFor();
  await close();
});

test('a delivered one is sent once more', async () => {
  const { healthy, endpoints } = rig().world;
  const { page, close, screenshot } = await onPhone();
  await goBy(page, 'Deliveries');
  await page.getByLabel('Filter by status').click();
  await page.getByRole('option', { name: 'delivered' }).click();
  await page.waitForURL(/status=delivered/);
  const [{ id }] = (await get(`/deliveries?endpoint_id=${endpoints.healthy}&status=delivered`)).data;
  await screenshot('phone-deliveries');
  await page.locator(`a[href$="/deliveries/${id}"]`).click();
  await page.getByRole('button', { name: 'Resend', exact: true }).click();
  await eventually(() => {
    const resends = healthy.requests.filter(({ deliveryId, isResend }) => deliveryId === id && isResend);
    expect(resends).toHaveLength(1);
  });
  await close();
});

test('an endpoint is paused, holds what comes, and sends it once it is resumed', async () => {
  const { healthy, endpoints, organizationId } = rig().world;
  const { page, close, screenshot } = await onPhone();
  await goBy(page, 'Webhooks');
  await page.getByRole('link', { name: `${healthy.url}/crm/webhooks` }).click();
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  const question = page.getByRole('alertdialog');
  await question.getByText('0 deliveries').waitFor();
  await question.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByText('Paused: by hand.').waitFor();

  const lead = aLead(organizationId);
  await rig().api.call('POST', '/v1/events', { body: lead.created() });
  const received = () => healthy.requests.filter(({ leadId }) => leadId === lead.leadId);
  await eventually(async () =>
    expect((await get(`/deliveries?endpoint_id=${endpoints.healthy}&status=held`)).data).toHaveLength(1),
  );
  expect(received()).toEqual([]);
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await question.getByText('1 delivery').waitFor();
  await screenshot('phone-resume', { fullPage: false });
  await question.getByRole('button', { name: 'Resume', exact: true }).click();
  await eventually(() => expect(received()).toHaveLength(1));
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await close();
});
