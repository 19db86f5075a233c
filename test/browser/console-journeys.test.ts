import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint } from '../support/partners.ts';
import { startReceiver } from '../support/receiver.ts';
import { type ConsolePage, type ConsoleRig, startConsole } from './console-rig.ts';

// Each journey is walked as a person would, by keyboard alone: Tab, arrows, Enter, Space, Escape and letters.

let rig: ConsoleRig;
let organization: string;
beforeAll(async () => {
  rig = await startConsole();
  organization = `/organizations/${rig.world.organizationId}`;
}, 180_000);
afterAll(() => rig?.stop());

/** Presses Tab until what has that name has the focus. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const matches = (text: string) => (typeof name === 'string' ? text === name : name.test(text));
  for (let presses = 0; presses < 120; presses += 1) {
    await page.keyboard.press('Tab');
    if (matches(await focusedName(page))) return;
  }
  throw new Error(`Tab never reached ${name}; the focus is on ${await focusedName(page)}`);
}

// As a string: the types of the tests know no page.
const focusedName = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    const element = document.activeElement;
    const labelledBy = document.getElementById(element?.getAttribute('aria-labelledby') ?? '');
    const label = labelledBy ?? element?.labels?.[0] ?? element;
    const name = element?.getAttribute('aria-label') ?? label?.textContent;
    return (name ?? '').trim();
  })()`);

async function press(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Opens the menu of further actions and chooses an entry by arrows: the focus moves there a moment after it opens. */
async function choose(page: Page, entry: string): Promise<void> {
  await press(page, 'More actions');
  await page.getByRole('menu').waitFor();
  await eventually(async () => {
    if ((await focusedName(page)) !== entry) await page.keyboard.press('ArrowDown');
    expect(await focusedName(page)).toBe(entry);
  });
  await page.keyboard.press('Enter');
}

async function signedIn(key?: string): Promise<ConsolePage> {
  const console = await rig.open();
  await console.signIn(key);
  return console;
}

const get = async (path: string) => (await rig.api.call('GET', `/v1${organization}${path}`)).body;

test('signing in, with a wrong key first', async () => {
  const { page, close, complaints } = await rig.open();
  await page.goto(`${rig.api.url}/console${organization}/webhooks`);
  await page.getByLabel('Key').waitFor();
  await page.keyboard.type('sk_org_wrong');
  await page.keyboard.press('Enter');
  await page.getByText('This key does not exist, or was deleted.').waitFor();
  await page.getByLabel('Key').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(rig.world.key);
  await page.keyboard.press('Enter');
  // Where the person wanted to go before.
  await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor();
  expect(page.url()).toContain('/webhooks');
  expect(complaints).toEqual([]);
  await close();
});

test('adding an endpoint: a refused address, then the secret once, with receivers to copy', async () => {
  const receiver = await startReceiver({ status: 200, body: 'thanks' });
  const { page, go, close, screenshot } = await signedIn(rig.world.key);
  await go(`${organization}/webhooks`);
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
  const { page, go, close } = await signedIn(rig.world.key);
  await go(`${organization}/webhooks/${rig.world.endpoints.paused}`);
  await page.getByText('Paused: by hand.').waitFor();
  await press(page, 'Resume');
  await page.getByRole('alertdialog').getByText('5 deliveries').waitFor();
  expect(rig.world.paused.requests).toHaveLength(0);
  await press(page, 'Resume');
  await eventually(() => expect(rig.world.paused.requests).toHaveLength(5));
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await press(page, 'Pause');
  await page.getByRole('alertdialog').getByText('0 deliveries').waitFor();
  await page.keyboard.press('Escape');
  expect((await get(`/endpoints/${rig.world.endpoints.paused}`)).status).toBe('active');
  await close();
});

test('filters are in the address, and one is taken away again', async () => {
  const { page, go, close } = await signedIn(rig.world.key);
  await go(`${organization}/deliveries`);
  await press(page, 'Filter by status');
  await page.getByRole('option', { name: 'abandoned' }).waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
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
  await press(page, 'Live: pause');
  await page.getByRole('button', { name: 'Paused: go live' }).waitFor();
  await close();
});

test('an outage is recovered from the list: filter, count, confirm', async () => {
  const receiver = await startReceiver({ status: 400 });
  const { id } = await anEndpoint(rig.api.deps, rig.world.organizationId, `${receiver.url}/outage`, {
    events: ['lead.address_preview', 'lead.enriched'],
  });
  const events = Array.from({ length: 3 }, () => aLead(rig.world.organizationId).created());
  for (const event of events) await rig.api.call('POST', '/v1/events', { body: event });
  await eventually(async () =>
    expect((await get(`/deliveries?endpoint_id=${id}&status=abandoned`)).data).toHaveLength(3),
  );
  receiver.answer({ status: 204 });
  const { page, go, close, screenshot } = await signedIn(rig.world.key);
  await go(`${organization}/deliveries?status=abandoned&endpoint_id=${id}`);
  await press(page, 'Recover all that match …');
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
  const { page, go, close } = await signedIn(rig.world.key);
  const [delivery] = (await get(`/deliveries?endpoint_id=${rig.world.endpoints.retrying}&status=retrying`)).data;
  await go(`${organization}/deliveries/${delivery.id}`);
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

test("a lead's lanes say what each endpoint got and what it waits for", async () => {
  const { page, go, close } = await signedIn(rig.world.key);
  await go(`${organization}/leads/${rig.world.leads.waiting}`);
  await page.getByText('Contact was asked for; it waits for the enrichment write-back.').waitFor();
  const events = page.getByRole('region', { name: 'Events out' });
  await events.getByText('waits for the enrichment write-back').waitFor();
  await events.getByText('waits for lead.enriched').waitFor();
  const lead = await get(`/leads/${rig.world.leads.delivered}`);
  await go(`${organization}/leads/${rig.world.leads.delivered}`);
  await page.getByText('#1–#4 delivered').first().waitFor();
  const waiting = lead.deliveries.find(
    ({ waiting_for }: { waiting_for: { reason: string } | null }) => waiting_for?.reason === 'retry',
  );
  if (waiting !== undefined) await page.getByText(waiting.waiting_for.sentence).first().waitFor();
  await close();
});

describe('the signature debugger', () => {
  const requestOf = (index: number) => {
    const request = rig.world.healthy.requests[index];
    if (request === undefined) throw new Error('nothing was received');
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-spark360-signature'];
    return {
      headers: names.map((name) => `${name}: ${request.headers[name]}`).join('\n'),
      body: request.rawBody.toString('utf8'),
    };
  };
  const check = async (console: ConsolePage, secret: string, headers: string, body: string): Promise<string[]> => {
    const { page, go } = console;
    await go(`${organization}/signature`);
    await page.getByLabel('Signing secret').fill(secret);
    await page.getByLabel('Headers').fill(headers);
    await page.getByLabel('Body').fill(body);
    await press(page, 'Check');
    const list = page.getByRole('listitem').filter({ hasText: /^(passed|failed|skipped)/ });
    await list.first().waitFor();
    return list.allTextContents();
  };

  test('says what passes, and names the usual cause of what fails, without sending anything', async () => {
    const console = await signedIn(rig.world.key);
    const sent: string[] = [];
    const { secret } = rig.world;
    const { headers, body } = requestOf(0);
    const right = await check(console, secret, headers, body);
    console.page.on('request', (request) => sent.push(request.postData() ?? ''));
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
    expect(sent.join()).not.toContain(secret);
    await console.close();
  });
});

test('a portal link opens a read-only console once: nothing that changes anything is offered', async () => {
  const operator = await signedIn(rig.world.key);
  await operator.go(`${organization}/settings`);
  await press(operator.page, 'Make a link');
  const url = (await operator.page.getByRole('region', { name: 'Portal link' }).textContent()) ?? '';
  await operator.close();

  const guest = await rig.open();
  await guest.page.goto(url);
  await guest.page.getByText('read-only session').waitFor();
  expect(guest.page.url()).not.toContain('#');
  await guest.go(`${organization}/webhooks/${rig.world.endpoints.healthy}`);
  for (const name of ['Edit', 'Pause', 'Send a test', 'More actions'])
    expect(await guest.page.getByRole('button', { name }).count()).toBe(0);
  await guest.close();

  const late = await rig.open();
  await late.page.goto(url);
  await late.page.getByText('This link was used before, or has expired.').waitFor();
  await late.close();
});

test('signing out everywhere ends the session that asked, too', async () => {
  const { page, go, close } = await signedIn(rig.world.key);
  await go(`${organization}/settings`);
  await press(page, 'Sign out everywhere …');
  await page.getByRole('alertdialog').waitFor();
  await press(page, 'Sign out everywhere');
  await page.getByLabel('Key').waitFor();
  await close();
});

test('the operator mends a dead letter and replays it', async () => {
  const lead = aLead(rig.world.organizationId);
  const event = lead.created();
  const broken = { ...event, data: { object: { ...event.data.object, addressInfo: { zip: 78701 } } } };
  const { db } = rig.api.deps;
  await db.execute(
    `insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, issues, published_at)
     values (900001, $1, $2::jsonb, 'malformed', '[{"path":"data.object.addressInfo.zip","message":"expected string"}]', now())`,
    [`lead/${rig.world.organizationId}/${lead.leadId}`, JSON.stringify(broken)],
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
