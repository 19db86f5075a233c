import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { call } from '../http/call.ts';
import { aLead, person } from '../support/lead-events.ts';
import { eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startedService, type StartedService } from './started-service.ts';

// What an operator sees who opens the address that `npm start` prints. Looked for are words on the page, as a person
// reads them.

const screenshots = join(process.cwd(), 'test-output', 'screenshots');
const operatorKey = 'operator-key-of-the-browser-tests';
const unreadable = /could not connect|binary\/encrypted/;

let service: StartedService;
let browser: Browser;
/** Of an operator who looks around: what the UI loads is loaded once. */
let context: BrowserContext;
let receiver: Receiver;
/** A lead whose first delivery fails and waits for its retry. */
let waitingUrl: string;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  context = await newContext();
  receiver = await startReceiver({ status: 503 });
  service = await startedService(operatorKey);
  waitingUrl = await aWaitingLead();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await receiver?.close();
});

async function aWaitingLead(): Promise<string> {
  const lead = aLead(randomUUID());
  const organization = `${service.url}/v1/organizations/${lead.organizationId}`;
  const send = (method: string, url: string, body: unknown) => call(url, method, { key: operatorKey, body });
  await send('PUT', organization, { name: 'Waiting Roofing', tier: 'premium' });
  await send('POST', `${organization}/endpoints`, { url: receiver.url, events: ['lead.address_preview'] });
  await send('POST', `${service.url}/v1/events`, [lead.created(), lead.personal({ enriched: true })]);
  await eventually(async () => {
    const { body } = await call(`${organization}/deliveries`, 'GET', { key: operatorKey });
    expect(body.data.map((delivery: { status: string }) => delivery.status).sort()).toEqual(['pending', 'retrying']);
  });
  return `${service.temporalUrl}/namespaces/default/workflows/${encodeURIComponent(`lead/${lead.organizationId}/${lead.leadId}`)}`;
}

const newContext = (): Promise<BrowserContext> =>
  browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 960 } });

/**
 * As a person sees it: without what is hidden, and with what the UI shows in frames of their own, which its Markdown
 * is.
 */
async function textOf(page: Page): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: rendered text is what is asked for
  const texts = page.frames().map((frame) => frame.locator('body').innerText());
  return (await Promise.all(texts)).join('\n');
}
const reads = (page: Page, ...words: string[]): Promise<void> =>
  eventually(async () => {
    const text = await textOf(page);
    for (const word of words) expect(text).toContain(word);
  });

/** Opens a tab of a lead that is on the page already: details are asked for once, when the tab is opened. */
async function openTab(page: Page, name: string): Promise<void> {
  await reads(page, '"leadId"', 'attempt 2 of 5');
  await page.getByText(name, { exact: true }).click();
}

/** For people to look at, where SCREENSHOTS is set. */
async function keep(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

test("right after the start a lead's input, history and timeline read in words, without a banner", async () => {
  const page = await context.newPage();
  await page.goto(service.workflowUrl);
  await reads(page, '"organizationId": "de300000-0000-4000-8000-000000000001"', '"leadId"');
  await reads(page, 'applies address; emits lead.address_preview', 'wakes the lead when a wait ends');
  await keep(page, 'demo-lead');

  await page.goto(waitingUrl);
  await reads(page, `attempt 2 of 5 of lead.address_preview at ${new URL(receiver.url).host}`);
  expect(await textOf(page)).not.toMatch(unreadable);
  await keep(page, 'waiting-lead-history');
  await page.close();
});

test('the query state runs in the browser, and gives the whole state', async () => {
  const page = await context.newPage();
  await page.goto(waitingUrl);
  await openTab(page, 'Queries');
  await page.getByRole('button', { name: 'Run Query' }).click();
  await reads(page, '"stage": "enriched"', '"waitsFor": {', '"reason": "retry"', 'Attempt 2 of 5 goes out at');
  expect(await textOf(page)).not.toMatch(unreadable);
  await keep(page, 'waiting-lead-state');
  await page.close();
});

test('current details say what came, what was emitted, and what each endpoint waits for', async () => {
  const page = await context.newPage();
  await page.goto(waitingUrl);
  await openTab(page, 'User Metadata');
  await reads(
    page,
    'prod lead ',
    'Deliveries not settled:',
    'Attempt 2 of 5 goes out at',
    '1 more follows it in order',
  );
  await reads(
    page,
    'Steps that came: address, person, enrichment write-back',
    'Events emitted: lead.address_preview, ',
  );
  await keep(page, 'waiting-lead-details');
  await page.close();
});

test('the links of the start make views that find what they name', async () => {
  const page = await context.newPage();
  const links = [...service.output().matchAll(/^ {2}(\S.*?) +(http\S+savedQuery=\S+)$/gm)];
  expect(links.length).toBeGreaterThanOrEqual(6);
  for (const [, name = '', url = ''] of links) {
    await page.goto(url);
    await reads(page, name, 'Custom Views');
    await page.waitForLoadState('networkidle');
    expect(await textOf(page)).not.toMatch(/error with filtering/i);
  }
  await reads(page, `Custom Views ${links.length}`.replace(/\s/, ' '), 'lead/de300000-0000-4000-8000-000000000001/');
  await keep(page, 'saved-views');
  await page.close();
});

interface Codec {
  endpoint: string;
  body: string;
}

/** What the UI asks the codec with, as a page that spies on it would know it. */
async function overheard(): Promise<Codec> {
  const context = await newContext();
  const page = await context.newPage();
  const asked = page.waitForRequest((request) => request.method() === 'POST' && request.url().includes('/codec/'));
  await page.goto(service.workflowUrl);
  const request = await asked;
  await context.close();
  return { endpoint: request.url(), body: request.postData() ?? '' };
}

/** A page of another origin. */
async function elsewhere(context: BrowserContext): Promise<{ page: Page; close(): Promise<void> }> {
  const server = await startReceiver({ headers: { 'content-type': 'text/html' }, body: '<title>elsewhere</title>' });
  const page = await context.newPage();
  await page.goto(server.url);
  return { page, close: () => server.close() };
}

const decodeFrom = (page: Page, { endpoint, body }: Codec): Promise<string> =>
  page.evaluate(
    (given) =>
      fetch(given.endpoint, {
        method: 'POST',
        credentials: 'include',
        headers: { 'content-type': 'application/json', 'x-namespace': 'default' },
        body: given.body,
      }).then(
        async (response) => `${response.status} ${await response.text()}`,
        (error: Error) => error.name,
      ),
    { endpoint, body },
  );

const signIn = (context: BrowserContext) =>
  context.request.post(`${service.url}/v1/session`, { data: { key: operatorKey } });

test('a page of another origin reads nothing, not even with the address of the UI and the cookie of an operator', async () => {
  const { endpoint, body } = await overheard();
  const context = await newContext();
  const { page, close } = await elsewhere(context);
  const withKey = `${service.url}/codec/decode`;
  expect(await decodeFrom(page, { endpoint, body })).toBe('TypeError');
  expect(await decodeFrom(page, { endpoint: withKey, body })).toBe('TypeError');
  expect((await signIn(context)).status()).toBe(201);
  expect(await decodeFrom(page, { endpoint: withKey, body })).toBe('TypeError');

  // What any program on the machine gets without the origin that a browser gives to the UI alone.
  for (const url of [endpoint, withKey.replace('decode', 'x/decode')])
    expect((await call(url, 'POST', { key: null, body })).status).toBe(404);
  expect((await call(withKey, 'POST', { key: null, body })).status).toBe(401);
  await close();
  await context.close();
});

test('elsewhere, with TEMPORAL_UI_URL: nothing reads before signing in, everything after', async () => {
  const context = await newContext();
  // What the UI's server says with TEMPORAL_CODEC_ENDPOINT and TEMPORAL_CODEC_INCLUDE_CREDENTIALS, as in
  // docker-compose.yml.
  await context.route('**/api/v1/settings*', async (route) => {
    const response = await route.fetch();
    const settings = (await response.json()) as { Codec: object };
    const codec = { Endpoint: `${service.url}/codec`, PassAccessToken: false, IncludeCredentials: true };
    await route.fulfill({ response, json: { ...settings, Codec: { ...settings.Codec, ...codec } } });
  });
  const page = await context.newPage();
  await page.goto(waitingUrl);
  await reads(page, 'Codec Server could not connect');
  expect(await textOf(page)).not.toContain('"leadId"');
  await keep(page, 'signed-out');

  expect((await signIn(context)).status()).toBe(201);
  await page.reload();
  await reads(page, '"leadId"', 'attempt 2 of 5 of lead.address_preview');
  expect(await textOf(page)).not.toMatch(unreadable);
  await keep(page, 'signed-in');
  await context.close();
});

test('what the service logs holds neither the address of the codec nor a person', async () => {
  const { endpoint } = await overheard();
  const token = endpoint.match(/codec\/([\w-]{43})\//)?.[1] ?? 'no token';
  for (const word of [token, ...Object.values(person)]) expect(service.output()).not.toContain(word);
});
