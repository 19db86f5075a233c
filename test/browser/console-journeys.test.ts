import { describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/receiver.ts';
import { consoleOfFile } from './console-of-file.ts';
import type { ConsolePage } from './console-rig.ts';
import { choose, press, tabTo } from './keyboard.ts';

// Each journey is walked as a person would, by keyboard alone: Tab, arrows, Enter, Space, Escape and letters.

const { rig, organization, signedIn, get } = consoleOfFile();

test('signing in, with a wrong key first', async () => {
  const { page, close, complaints } = await rig().open();
  await page.goto(`${rig().api.url}/console${organization()}/webhooks`);
  await page.getByLabel('Key', { exact: true }).waitFor();
  await page.keyboard.type('sk_org_wrong');
  await page.keyboard.press('Enter');
  await page.getByText('This key does not exist, or was deleted.').waitFor();
  await page.getByLabel('Key', { exact: true }).focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(rig().world.key);
  await page.keyboard.press('Enter');
  // Where the person wanted to go before.
  await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor();
  expect(page.url()).toContain('/webhooks');
  expect(complaints).toEqual([]);
  await close();
});

test('adding an endpoint: a refused address, then the secret once, with receivers to copy', async () => {
  const receiver = await startReceiver({ status: 200, body: 'thanks' });
  const { page, go, close, screenshot } = await signedIn(rig().world.key);
  await go(`${organization()}/webhooks`);
  await press(page, 'Add endpoint');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, 'URL');
  await page.keyboard.type('http://192.168.0.10/hook');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').or(page.locator('.field-error')).first().waitFor();
  await page.getByLabel('URL').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(`${receiver.url}/hook`);
  await tabTo(page, /^lead\.contact_requested/);
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await page.getByText('shown once').waitFor();
  await screenshot('new-secret');
  const secret = await page.getByRole('region', { name: 'Signing secret' }).textContent();
  expect(secret).toMatch(/^whsec_.{44}$/);
  await page.getByRole('tab', { name: 'Python' }).waitFor();
  await press(page, 'I have stored the secret');
  await page.getByRole('heading', { name: `${receiver.url}/hook` }).waitFor();

  const made = (await get('/endpoints')).data.find(({ url }: { url: string }) => url === `${receiver.url}/hook`);
  expect(made.events).toEqual(['lead.enriched', 'lead.contact_requested']);
  await press(page, 'Send a test');
  await press(page, 'Send');
  await page.getByText('Answered 200').waitFor();
  await page.getByText('thanks').waitFor();
  expect(receiver.requests.map(({ headers }) => headers['x-spark360-test'])).toEqual(['true']);
  await screenshot('test-endpoint');
  await page.keyboard.press('Escape');

  await choose(page, 'Rotate the secret …');
  await press(page, 'Make a new secret');
  await page.getByText('shown once').waitFor();
  expect(await page.getByRole('region', { name: 'Signing secret' }).textContent()).not.toBe(secret);
  await press(page, 'I have stored the secret');

  await choose(page, 'Delete the endpoint …');
  await page.getByText('0 deliveries').waitFor();
  await press(page, 'Delete');
  await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor();
  expect((await get(`/endpoints/${made.id}`)).status).toBe(404);
  await close();
  await receiver.close();
});

test('resuming a paused endpoint says how many are held, and they go out in order', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/webhooks/${rig().world.endpoints.paused}`);
  await page.getByText('Paused: by hand.').waitFor();
  await press(page, 'Resume');
  await page.getByRole('alertdialog').getByText('5 deliveries').waitFor();
  expect(rig().world.paused.requests).toHaveLength(0);
  await press(page, 'Resume');
  await eventually(() => expect(rig().world.paused.requests).toHaveLength(5));
  const { leads, paused } = rig().world;
  const sequencesOf = (lead: string) =>
    paused.requests.filter(({ leadId }) => leadId === lead).map(({ sequence }) => sequence);
  expect(sequencesOf(leads.delivered)).toEqual([1, 2, 3, 4]);
  expect(sequencesOf(leads.waiting)).toEqual([1]);
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await press(page, 'Pause');
  await page.getByRole('alertdialog').getByText('0 deliveries').waitFor();
  await page.keyboard.press('Escape');
  expect((await get(`/endpoints/${rig().world.endpoints.paused}`)).status).toBe('active');
  await close();
});

describe('the signature debugger', () => {
  const requestOf = (index: number) => {
    const request = rig().world.healthy.requests[index];
    if (request === undefined) throw new Error('nothing was received');
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-spark360-signature'];
    return {
      headers: names.map((name) => `${name}: ${request.headers[name]}`).join('\n'),
      body: request.rawBody.toString('utf8'),
    };
  };
  const check = async (console: ConsolePage, secret: string, headers: string, body: string): Promise<string[]> => {
    const { page, go } = console;
    await go(`${organization()}/signature`);
    await page.getByLabel('Signing secret').fill(secret);
    await page.getByLabel('Headers').fill(headers);
    await page.getByLabel('Body').fill(body);
    await press(page, 'Check');
    const list = page.getByRole('listitem').filter({ hasText: /^(passed|failed|skipped)/ });
    await list.first().waitFor();
    return list.allTextContents();
  };

  test('says what passes, and names the usual cause of what fails, without sending anything', async () => {
    const console = await signedIn(rig().world.key);
    const sent: string[] = [];
    console.page.on('request', (request) => {
      const { method, url } = { method: request.method(), url: decodeURIComponent(request.url()) };
      sent.push(`${method} ${url} ${Object.values(request.headers()).join(' ')} ${request.postData() ?? ''}`);
    });
    const { secret } = rig().world;
    const { headers, body } = requestOf(0);
    const sentAt = Number(/timestamp: (\d+)/.exec(headers)?.[1]);
    await console.page.clock.setFixedTime((sentAt + 10) * 1_000);
    const right = await check(console, secret, headers, body);
    expect(right[1]).toContain('It is 10 s old.');
    expect(right.map((text) => text.slice(0, 6))).toEqual(['passed', 'passed', 'passed', 'passed']);
    const rewritten = await check(console, secret, headers, JSON.stringify(JSON.parse(body), null, 2));
    expect(rewritten[2]).toMatch(/^failed.*parsed and written again/);
    const other = await check(console, `whsec_${Buffer.alloc(32).toString('base64')}`, headers, body);
    expect(other[2]).toMatch(/^failed.*another secret/);
    const cut = await check(console, secret.slice(6), headers, body);
    expect(cut[0]).toMatch(/^failed.*whsec_/);
    const old = await check(console, secret, headers.replace(/timestamp: \d+/, 'timestamp: 1700000000'), body);
    expect(old[1]).toMatch(/^failed.*five minutes/);
    await console.screenshot('signature-checked');
    expect(sent.filter((text) => !text.startsWith('GET '))).toEqual([]);
    for (const pasted of [secret.slice(6), body]) expect(sent.join()).not.toContain(pasted);
    await console.close();
  });
});

test('a portal link opens a read-only console once: nothing that changes anything is offered', async () => {
  const operator = await signedIn(rig().world.key);
  await operator.go(`${organization()}/settings`);
  await press(operator.page, 'Make a link');
  const url = (await operator.page.getByRole('region', { name: 'Portal link' }).textContent()) ?? '';
  await operator.close();

  const guest = await rig().open();
  await guest.page.goto(url);
  await guest.page.getByText('read-only session').waitFor();
  expect(guest.page.url()).not.toContain('#');
  await guest.go(`${organization()}/webhooks/${rig().world.endpoints.healthy}`);
  for (const name of ['Edit', 'Pause', 'Send a test', 'More actions'])
    expect(await guest.page.getByRole('button', { name }).count()).toBe(0);
  await guest.close();

  const late = await rig().open();
  await late.page.goto(url);
  await late.page.getByText('This link was used before, or has expired.').waitFor();
  await late.close();
});

test('signing out everywhere ends the session that asked, too', async () => {
  const { page, go, close } = await signedIn(rig().world.key);
  await go(`${organization()}/settings`);
  await press(page, 'Sign out everywhere …');
  await page.getByRole('alertdialog').waitFor();
  await press(page, 'Sign out everywhere');
  await page.getByLabel('Key', { exact: true }).waitFor();
  await close();
});
