import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { aLead } from '../support/lead-events.ts';
import { rowsWithoutWorkflows } from '../support/unsettled-rows.ts';
import { type ConsoleRig, stillness } from './console-rig.ts';

/** What a page looks like once something was pressed, or while something is amiss. */
export interface ConsoleState {
  name: string;
  path: string;
  /** Brings the page, which is there already, into the state. */
  open(page: Page): Promise<unknown>;
  /** Resolves when it is there: it stays so when the view changes. */
  isShown?(page: Page): Promise<unknown>;
  /** What of the page is new, as a selector; else all of it. */
  inside?: string;
  /** It is there on a narrow screen alone. */
  isNarrow?: boolean;
  /** A menu or a list lies in a layer above the page, outside of its landmarks. */
  isLayer?: boolean;
}

const loading = (page: Page) => page.getByRole('status', { name: 'Loading' }).first().waitFor();
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();
const inMenu = async (page: Page, entry: string) => {
  await press(page, 'More actions');
  await page.getByRole('menuitem', { name: entry }).click();
};
const dialogs = '[role=dialog], [role=alertdialog]';
const dialog = (page: Page) => page.getByRole('dialog').or(page.getByRole('alertdialog')).first().waitFor();
const opened = (name: string, path: string, button: string | RegExp): ConsoleState => ({
  name: `dialog-${name}`,
  path,
  open: async (page) => {
    await press(page, button);
    await dialog(page);
    await settled(page);
  },
  isShown: dialog,
  inside: dialogs,
});
const openedByMenu = (name: string, path: string, entry: string): ConsoleState => ({
  name: `dialog-${name}`,
  path,
  open: async (page) => {
    await inMenu(page, entry);
    await dialog(page);
    await settled(page);
  },
  isShown: dialog,
  inside: dialogs,
});
/** What a dialog counts is there, and it has come into view. */
const settled = async (page: Page) => {
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
  await stillness(page);
};

export function consoleStates({ world }: ConsoleRig): ConsoleState[] {
  const organization = `/organizations/${world.organizationId}`;
  const endpoint = `${organization}/webhooks/${world.endpoints.healthy}`;
  const paused = `${organization}/webhooks/${world.endpoints.paused}`;
  const deliveries = `${organization}/deliveries`;
  const waiting = `${organization}/leads/${world.leads.waiting}`;
  return [
    opened('create-endpoint', `${organization}/webhooks`, 'Add endpoint'),
    opened('test', endpoint, 'Send a test'),
    opened('edit', endpoint, 'Edit'),
    opened('pause', endpoint, 'Pause'),
    opened('resume', paused, 'Resume'),
    openedByMenu('recover-endpoint', endpoint, 'Recover abandoned deliveries …'),
    openedByMenu('rotate', endpoint, 'Rotate the secret …'),
    openedByMenu('delete', paused, 'Delete the endpoint …'),
    opened('recover', `${deliveries}?status=abandoned`, 'Recover abandoned …'),
    opened('recover-nothing', `${deliveries}?endpoint_id=${world.endpoints.healthy}`, 'Recover abandoned …'),
    openedByMenu('erase', waiting, "Erase the lead's personal data …"),
    opened('complete', waiting, 'Complete the enrichment …'),
    opened('sample', `${organization}/events`, /^Send (?:me )?a sample/),
    opened('sign-out', '/system', 'Sign out everywhere …'),
    opened('dead-letter', '/dead-letters', 'Mend …'),
    opened('delete-key', '/keys', /^Delete key/),
    {
      name: 'dialog-secret',
      path: endpoint,
      open: async (page) => {
        await inMenu(page, 'Rotate the secret …');
        await press(page, 'Make a new secret');
        await page.getByRole('tab', { name: 'Python' }).waitFor();
        await settled(page);
      },
      isShown: (page) => page.getByRole('region', { name: 'Signing secret' }).waitFor(),
      inside: dialogs,
    },
    {
      name: 'navigation',
      path: deliveries,
      open: (page) => press(page, 'Navigation'),
      isShown: dialog,
      inside: dialogs,
      isNarrow: true,
    },
    {
      name: 'chart-table',
      path: organization,
      open: (page) => press(page, 'Show table'),
      isShown: (page) => page.getByRole('region', { name: 'Deliveries over time, as a table' }).waitFor(),
    },
    {
      name: 'chart-latency',
      path: organization,
      open: (page) => page.getByRole('tab', { name: 'Latency' }).click(),
      isShown: (page) => page.getByRole('img', { name: /^Time to delivery/ }).waitFor(),
    },
    {
      name: 'menu',
      path: endpoint,
      open: (page) => press(page, 'More actions'),
      isShown: (page) => page.getByRole('menu').waitFor(),
      isLayer: true,
    },
    {
      name: 'filter',
      path: deliveries,
      open: (page) => page.getByLabel('Filter by status').click(),
      isShown: (page) => page.getByRole('listbox').waitFor(),
      isLayer: true,
    },
    {
      name: 'filter-time',
      path: deliveries,
      open: (page) => page.getByLabel('Filter by time').click(),
      isShown: dialog,
      inside: dialogs,
    },
    { name: 'new-key', path: '/keys', open: (page) => press(page, 'New key') },
    { name: 'portal-link', path: `${organization}/settings`, open: (page) => press(page, 'Make a link') },
    { name: 'signature-failed', path: `${organization}/signature`, open: checkSomething },
    {
      name: 'error',
      path: `${organization}/webhooks`,
      open: async (page) => {
        await page.route('**/endpoints?**', (route) => route.fulfill({ status: 400, json: problem }));
        await page.reload();
        await page.getByRole('alert').waitFor();
      },
      isShown: (page) => page.getByRole('alert').waitFor(),
    },
    {
      name: 'loading',
      path: deliveries,
      open: async (page) => {
        await page.route('**/deliveries?**', () => undefined);
        await page.reload();
        await loading(page);
      },
      isShown: loading,
    },
  ];
}

const problem = { type: 'about:blank', title: 'Not now', status: 400, detail: 'The service cannot say.', errors: [] };

async function checkSomething(page: Page): Promise<void> {
  await page.getByLabel('Signing secret').fill(`whsec_${Buffer.alloc(32, 7).toString('base64')}`);
  await page.getByLabel('Headers').fill('webhook-id: 1\nwebhook-timestamp: 1700000000\nwebhook-signature: v1,abc=');
  await page.getByLabel('Body').fill('{}');
  await press(page, 'Check');
  await page.getByText('failed').first().waitFor();
}

/** What only the operator's pages show: dead letters, keys, recoveries, orphans, further organizations. */
export async function fillOperatorPages({ api, world }: ConsoleRig): Promise<void> {
  const { db } = api.deps;
  const organization = world.organizationId;
  const letters = ['malformed', 'unknown_organization'].map((reason, index) => ({ reason, id: 900_001 + index }));
  for (const { reason, id } of letters) {
    const lead = aLead(organization);
    await db.execute(
      `insert into spark360.outbox_dead_letters (outbox_id, subject, event, reason, issues, published_at)
       values ($1, $2, $3::jsonb, $4, '[{"path":"data.object.addressInfo.zip","message":"expected string"}]', now())`,
      [id, `lead/${organization}/${lead.leadId}`, JSON.stringify(lead.created()), reason],
    );
  }
  await api.call('POST', '/v1/api-keys', { body: { role: 'ingest' } });
  for (const name of ['Sunbelt Solar & Roofing of Greater Phoenix, Arizona', null])
    await api.call('PUT', `/v1/organizations/${randomUUID()}`, { body: { name, notify: [] } });
  await db.execute(
    `insert into recovery_jobs (id, organization_id, endpoint_id, since, until, event, count, created_at, finished_at)
     values (gen_random_uuid(), $1, $2, null, now(), 'lead.enriched', 1204, now() - interval '1 hour', now()),
            (gen_random_uuid(), $1, $3, now() - interval '1 day', now(), null, 12, now(), null)`,
    [organization, world.endpoints.healthy, world.endpoints.refusing],
  );
  await rowsWithoutWorkflows(db, { organization, endpoint: world.endpoints.paused, leads: 1 }, 'held');
  await db.execute(
    `update deliveries set created_at = now() - interval '2 minutes' where endpoint_id = $1 and status in ('held', 'pending')`,
    [world.endpoints.paused],
  );
}
