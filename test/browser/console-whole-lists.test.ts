import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { anOrganization } from '../support/partners.ts';
import { eventually } from '../support/eventually.ts';
import { consoleOfFile } from './console-of-file.ts';

// Lists that go on behind their first page.

const { rig, organization, signedIn, get } = consoleOfFile();

test('an organization older than the newest hundred is found by name, and shown as the current one', async () => {
  const { db } = rig().api.deps;
  const old = randomUUID();
  await db.execute(
    `insert into organizations (id, name, created_at) values ($1, 'Very Old Roofs', now() - interval '1 year')`,
    [old],
  );
  await db.execute(
    `insert into organizations (id, name) select gen_random_uuid(), 'Newer ' || n from generate_series(1, 101) n`,
  );
  const { page, go, close, complaints } = await signedIn();
  await go(`${organization()}/webhooks`);
  const switcher = page.getByRole('combobox', { name: 'Organization' });
  await switcher.fill('old roofs');
  await page.getByRole('option', { name: 'Very Old Roofs' }).click();
  await page.waitForURL(`**/organizations/${old}`);
  await page.reload();
  await eventually(async () => expect(await switcher.inputValue()).toBe('Very Old Roofs'));
  // What is written there is no search: others are still offered.
  await switcher.click();
  await page.getByRole('option', { name: 'Newer 101', exact: true }).waitFor();
  await switcher.fill('no such name');
  await page.getByText('No such organization.').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('dead letters and recoveries go on behind the first page, and an endpoint has its own', async () => {
  const { db } = rig().api.deps;
  const { organizationId, endpoints } = rig().world;
  await db.execute(
    `insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, issues, published_at)
     select 800000 + n, 'lead/' || gen_random_uuid() || '/' || gen_random_uuid(), '{}', 'malformed', '[]', now()
       from generate_series(1, 101) n`,
  );
  await db.execute(
    `insert into recovery_jobs (id, organization_id, endpoint_id, until, count, created_at, finished_at)
     select gen_random_uuid(), $1, case n when 1 then $2 else $3 end::uuid, now(), n, now() + n * interval '1 second', now()
       from generate_series(1, 51) n`,
    [organizationId, endpoints.healthy, endpoints.paused],
  );
  const other = await anOrganization(rig().api.deps);
  await db.execute(
    `insert into endpoints (organization_id, url, events, status, paused_reason, secret)
     select $1, 'https://crm.example/' || n, '{lead.enriched}', 'paused', 'manual', '' from generate_series(1, 101) n`,
    [other],
  );
  const { page, go, close } = await signedIn();
  await go('/');
  await page.getByText('More than 100 dead letters').waitFor();
  await page.getByText('Only 100 lines are shown').waitFor();
  for (const [path, rows] of [
    ['/dead-letters', 101],
    ['/jobs', 51],
  ] as const) {
    await go(path);
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByRole('row').nth(rows).waitFor();
    await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });
  }
  await go(`${organization()}/webhooks/${endpoints.healthy}`);
  await page.getByRole('heading', { name: 'Recoveries' }).waitFor();
  await close();
});

test('the attempts after the next one are told in UTC, as the sentence before them', async () => {
  const { data } = await get(`/deliveries?status=retrying&limit=1`);
  const { page, go, close } = await signedIn();
  await go(`${organization()}/deliveries/${data[0].id}`);
  await page
    .getByText(
      /If it fails: again at about (?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(?:, [\d: -]+)* UTC; then it is abandoned/,
    )
    .waitFor();
  await close();
});

test('a recovery without a filter says whose it is, and that nothing new begins where one runs', async () => {
  const { organizationId, endpoints } = rig().world;
  await rig().api.deps.db.execute(
    'insert into recovery_jobs (id, organization_id, endpoint_id, until) values (gen_random_uuid(), $1, $2, now())',
    [organizationId, endpoints.refusing],
  );
  const { page, go, close } = await signedIn();
  await go(`${organization()}/deliveries?status=abandoned`);
  await page.getByRole('button', { name: 'Recover abandoned …' }).click();
  await page.getByText('of this organization will be sent again').waitFor();
  await page.getByRole('button', { name: /^Recover \d+ deliver/ }).click();
  await page.getByText('No new recovery: one is running already').waitFor();
  await page.getByText('one runs there already').waitFor();
  await close();
});
