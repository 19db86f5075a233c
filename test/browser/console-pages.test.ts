import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ConsolePage, type ConsoleRig, startConsole } from './console-rig.ts';

let rig: ConsoleRig;
let pages: Record<string, string>;
beforeAll(async () => {
  rig = await startConsole();
  pages = await allPages();
}, 180_000);
afterAll(() => rig?.stop());

async function allPages(): Promise<Record<string, string>> {
  const { organizationId, endpoints, leads } = rig.world;
  const organization = `/organizations/${organizationId}`;
  const deliveryAt = async (endpointId: string, status: string): Promise<string> => {
    const { body } = await rig.api.call(
      'GET',
      `/v1${organization}/deliveries?endpoint_id=${endpointId}&status=${status}`,
    );
    return `${organization}/deliveries/${body.data[0].id}`;
  };
  return {
    home: '/',
    organizations: '/organizations',
    'dead-letters': '/dead-letters',
    jobs: '/jobs',
    keys: '/keys',
    system: '/system',
    audit: '/audit',
    overview: organization,
    webhooks: `${organization}/webhooks`,
    endpoint: `${organization}/webhooks/${endpoints.healthy}`,
    'endpoint-paused': `${organization}/webhooks/${endpoints.paused}`,
    deliveries: `${organization}/deliveries`,
    'deliveries-none': `${organization}/deliveries?event=widget.status_changed`,
    'delivery-retrying': await deliveryAt(endpoints.retrying, 'retrying'),
    'delivery-abandoned': await deliveryAt(endpoints.refusing, 'abandoned'),
    'delivery-delivered': await deliveryAt(endpoints.healthy, 'delivered'),
    leads: `${organization}/leads`,
    lead: `${organization}/leads/${leads.retrying}`,
    'lead-waiting': `${organization}/leads/${leads.waiting}`,
    events: `${organization}/events`,
    signature: `${organization}/signature`,
    settings: `${organization}/settings`,
    'not-found': `${organization}/webhooks/00000000-0000-4000-8000-00000000dead`,
  };
}

/** What an engine for accessibility finds, in short. It looks at the whole page, and takes its time: a narrow one has nothing of its own. */
async function violations({ page }: ConsolePage): Promise<string[]> {
  if ((page.viewportSize()?.width ?? 0) < 800) return [];
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).slice(0, 3)}`);
}

const isTooWide = ({ page }: ConsolePage): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth');

test.each([
  { theme: 'light', width: 1_280 },
  { theme: 'dark', width: 1_280 },
  { theme: 'light', width: 390 },
] as const)(
  'every page is accessible, fits, breaks no rule of its policy and asks nothing of another origin: %o',
  async (view) => {
    const console = await rig.open(view);
    const found: Record<string, unknown> = {};
    await console.page.goto(`${rig.api.url}/console/sign-in`);
    await console.page.getByLabel('Key').waitFor();
    found['sign-in'] = { violations: await violations(console), isTooWide: await isTooWide(console) };
    await console.screenshot(`sign-in-${view.theme}-${view.width}`);
    await console.signIn();
    for (const [name, path] of Object.entries(pages)) {
      await console.go(path);
      found[name] = { violations: await violations(console), isTooWide: await isTooWide(console) };
      await console.screenshot(`${name}-${view.theme}-${view.width}`);
    }
    const fine = Object.fromEntries(Object.keys(found).map((name) => [name, { violations: [], isTooWide: false }]));
    expect(found).toEqual(fine);
    expect(console.complaints).toEqual([]);
    expect([...console.origins]).toEqual([rig.api.url]);
    await console.close();
  },
  300_000,
);

test('what a partner answered and what a lead is named is text, never markup', async () => {
  const console = await rig.open();
  await console.signIn();
  await console.go(pages['delivery-abandoned'] ?? '');
  await console.page.getByText('<script>window.hacked=1</script>').waitFor();
  await console.page.getByRole('button', { name: 'Show the headers as sent' }).click();
  await console.page.getByText('webhook-signature:').waitFor();
  await console.go(pages.overview ?? '');
  await console.page.getByRole('heading', { name: '<b onclick' }).waitFor();
  expect(await console.page.evaluate<boolean>(`'hacked' in window`)).toBe(false);
  expect(console.complaints).toEqual([]);
  await console.close();
});

test('the first load is at most 180 KB of Brotli, and everything together 300', async () => {
  const { page, close } = await rig.open();
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const sizes: number[] = [];
  session.on('Network.loadingFinished', ({ encodedDataLength }) => sizes.push(encodedDataLength));
  await page.goto(`${rig.api.url}/console`);
  await page.getByLabel('Key').waitFor();
  await page.waitForLoadState('networkidle');
  await close();
  const all = filesIn(rig.consoleDir).filter((path) => path.endsWith('.br'));
  const sizeOfAll = all.reduce((sum, path) => sum + statSync(path).size, 0);
  expect(sizes.length).toBeGreaterThan(3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(180 * 1_024);
  expect(sizeOfAll).toBeLessThanOrEqual(300 * 1_024);
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
  );
