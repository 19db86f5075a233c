import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { consoleOfFile } from './console-of-file.ts';

/** `npm run nightly` has 101,000, more than are shown. */
const rows = Number(process.env.LIST_ROWS ?? 5_000);
const mostShown = 100_000;
const shown = Math.min(rows, mostShown);
const few = Math.min(2_000, shown / 2);

const { rig } = consoleOfFile();

test('up to 100,000 deliveries can be scrolled to: few rows are drawn, and none keeps its payload', async () => {
  const organization = await anOrganization(rig().api.deps);
  const { id: endpoint } = await anEndpoint(rig().api.deps, organization, 'http://127.0.0.1:9/hook');
  // A statement may take 20 seconds at the most.
  for (let from = 0; from < rows; from += 10_000)
    await addDeliveries({ organization, endpoint, from, count: Math.min(10_000, rows - from) });
  const { page, go, signIn, close, complaints } = await rig().open();
  await signIn();
  await go(`/organizations/${organization}/deliveries`);
  const heapAfter = heapReader(page, await page.context().newCDPSession(page));
  const small = await heapAfter(few);
  const large = await heapAfter(shown);
  // A row with its payload and its attempts takes some kilobytes.
  expect((large.bytes - small.bytes) / (shown - few)).toBeLessThan(1_200);
  expect(large.nodes).toBeLessThan(small.nodes * 1.5);
  const end = rows > mostShown ? '. Narrow the filter to see older ones.' : '; that is all.';
  await page.getByText(`${shown.toLocaleString('en-US')} shown${end}`).waitFor();
  expect(await page.getByRole('row').count()).toBeLessThan(80);

  const rowAt = (index: number) => page.locator(`[role=row][aria-rowindex="${index}"]`);
  await page.keyboard.press('Home');
  await rowAt(2).waitFor();
  await page.keyboard.press('End');
  await rowAt(shown + 1).waitFor();
  await rowAt(shown + 1)
    .getByRole('link')
    .first()
    .click();
  await page.getByRole('heading', { level: 1, name: /#\d$/ }).waitFor();
  await page.goBack();
  await rowAt(shown + 1).waitFor();
  expect(complaints).toEqual([]);
  await close();
}, 600_000);

/** Abandoned deliveries, a second apart, each with a payload of a kilobyte, written as rows. */
async function addDeliveries(made: { organization: string; endpoint: string; from: number; count: number }) {
  await rig().api.deps.db.execute(
    `with made as (
       select gen_random_uuid() as event_id, gen_random_uuid() as lead_id, now() - n * interval '1 second' as at
         from generate_series($3::int, $4::int) n
     ), bodies as (
       insert into event_bodies (event_id, body) select event_id, '{"data":"' || repeat('x', 1000) || '"}' from made
     )
     insert into deliveries (event_id, endpoint_id, organization_id, subject, lead_id, event, sequence, status, reason,
                             created_at, settled_at)
     select event_id, $2, $1, 'lead/' || $1::uuid || '/' || lead_id, lead_id, 'lead.enriched', 1, 'abandoned', 'exhausted', at, at
       from made`,
    [made.organization, made.endpoint, made.from, made.from + made.count - 1],
  );
}

/** Scrolls until as many rows are loaded, and gives what the page holds then. */
const heapReader =
  (page: Page, session: Awaited<ReturnType<ReturnType<Page['context']>['newCDPSession']>>) =>
  async (rows: number): Promise<{ bytes: number; nodes: number }> => {
    await page.evaluate(`new Promise((resolve) => {
      const timer = setInterval(() => {
        scrollTo(0, document.documentElement.scrollHeight);
        const shown = Number((document.querySelector('[role=table]')?.getAttribute('aria-rowcount') ?? '1')) - 1;
        if (shown >= ${rows}) resolve(clearInterval(timer));
      }, 10);
    })`);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const nodes = await page.evaluate<number>(`document.querySelectorAll('*').length`);
    return { bytes: usedSize, nodes };
  };
