import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { beforeAll, expect, test } from '@jest/globals';
import { consoleOfFile } from './console-of-file.ts';
import type { ConsolePage } from './console-rig.ts';
import { consoleStates, type ConsoleState, fillOperatorPages } from './console-states.ts';

const { rig } = consoleOfFile();
let pages: Record<string, string>;
beforeAll(async () => {
  await fillOperatorPages(rig());
  pages = await allPages();
}, 180_000);

async function allPages(): Promise<Record<string, string>> {
  const { organizationId, endpoints, leads } = rig().world;
  const organization = `/organizations/${organizationId}`;
  const deliveryAt = async (endpointId: string, status: string): Promise<string> => {
    const { body } = await rig().api.call(
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

/**
 * Each page is loaded once and seen in all of them. Themes differ in colours alone, so that every rule needs to be asked
 * once for each width.
 */
const views = [
  { theme: 'light', width: 1_280, rules: 'all' },
  { theme: 'dark', width: 1_280, rules: 'colours' },
  { theme: 'dark', width: 390, rules: 'all' },
  { theme: 'light', width: 390, rules: 'colours' },
] as const;

/** Loaded by every page, where the builder would send its megabyte twice for each look. */
const enginePath = createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright')).resolve(
  'axe-core/axe.min.js',
);
const engineIsThere = 'undefined';

async function openWithEngine(): Promise<ConsolePage> {
  const console = await rig().open();
  await console.page.addInitScript({ path: enginePath });
  return console;
}

interface Look {
  rules: 'all' | 'colours';
  isLayer?: boolean | undefined;
  /** Of what alone; else of the whole page. */
  inside?: string | undefined;
}

/** What an engine for accessibility finds, in short; there are no frames, for which it would open a page more. */
async function violations({ page }: ConsolePage, { rules, isLayer = false, inside }: Look): Promise<string[]> {
  const engine = new AxeBuilder({ page, axeSource: engineIsThere })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] });
  if (rules === 'colours') engine.withRules('color-contrast');
  else if (isLayer) engine.disableRules('region');
  if (inside !== undefined) engine.include(inside);
  const { violations: found } = await engine.analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).slice(0, 3)}`);
}

const isTooWide = ({ page }: ConsolePage): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth');

const viewsOf = (shown?: ConsoleState) => views.filter(({ width }) => width < 800 || shown?.isNarrow !== true);

/** What is amiss with what the page shows, in every view, in words. */
async function faultsOf(console: ConsolePage, name: string, shown?: ConsoleState): Promise<string[]> {
  const faults: string[] = [];
  for (const { theme, width, rules } of viewsOf(shown)) {
    const view = `${name}-${theme}-${width}`;
    await console.show({ theme, width });
    await shown?.isShown?.(console.page);
    if (await isTooWide(console)) faults.push(`${view} is too wide`);
    // What lies behind a dialog was seen before: once is enough for how both go together.
    const inside = theme === 'light' && width > 800 ? undefined : shown?.inside;
    const found = await violations(console, { rules, isLayer: shown?.isLayer, inside });
    faults.push(...found.map((violation) => `${view}: ${violation}`));
    await console.screenshot(view, { fullPage: shown === undefined });
  }
  return faults;
}

test('every page is accessible, fits, breaks no rule of its policy and asks nothing of another origin, in both themes and widths', async () => {
  const console = await openWithEngine();
  await console.page.goto(`${rig().api.url}/console/sign-in`);
  await console.page.getByLabel('Key', { exact: true }).waitFor();
  const faults = await faultsOf(console, 'sign-in');
  await console.signIn();
  for (const [name, path] of Object.entries(pages)) {
    await console.go(path);
    faults.push(...(await faultsOf(console, name)));
  }
  expect(faults).toEqual([]);
  expect(console.complaints).toEqual([]);
  expect([...console.origins]).toEqual([rig().api.url]);
  await console.close();
}, 600_000);

test('so is every dialog, menu and form, and a page that waits or that failed', async () => {
  const console = await openWithEngine();
  await console.signIn();
  const faults: string[] = [];
  for (const state of consoleStates(rig())) {
    await console.show(viewsOf(state)[0] ?? {});
    await console.go(state.path);
    await state.open(console.page);
    faults.push(...(await faultsOf(console, state.name, state)));
    await console.page.unrouteAll({ behavior: 'ignoreErrors' });
  }
  expect(faults).toEqual([]);
  expect(console.complaints).toEqual([]);
  expect([...console.origins]).toEqual([rig().api.url]);
  await console.close();
}, 600_000);

test('what a partner answered and what a lead is named is text, never markup', async () => {
  const console = await rig().open();
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
  const { page, close } = await rig().open();
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const sizes: number[] = [];
  session.on('Network.loadingFinished', ({ encodedDataLength }) => sizes.push(encodedDataLength));
  await page.goto(`${rig().api.url}/console`);
  await page.getByLabel('Key', { exact: true }).waitFor();
  await page.waitForLoadState('networkidle');
  await close();
  const all = filesIn(rig().consoleDir).filter((path) => path.endsWith('.br'));
  const sizeOfAll = all.reduce((sum, path) => sum + statSync(path).size, 0);
  expect(sizes.length).toBeGreaterThan(3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(180 * 1_024);
  expect(sizeOfAll).toBeLessThanOrEqual(300 * 1_024);
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
  );
