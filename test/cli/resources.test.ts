import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { publish, untilDeliveries } from '../http/partner.ts';
import { operatorKey } from '../http/call.ts';
import { atAPartner } from './at-a-partner.ts';

const at = atAPartner();

const aJourney = async (...answers: string[]) => {
  const lead = aLead(at.partner.organization);
  await publish(at.api, lead.created(), lead.personal({ enriched: true }), lead.contact());
  return { leadId: lead.leadId, deliveries: await untilDeliveries(at.api, at.partner, answers) };
};
const delivered = ['delivered', 'delivered', 'delivered', 'delivered'];

test("an organization's key needs no --org: whoami and lists find its own", async () => {
  const { json } = await at.person.run(['whoami', '--json']);
  expect(json).toMatchObject({
    role: 'organization',
    organization_id: at.partner.organization,
    key_source: 'SPARK360_API_KEY',
  });
  const list = await at.person.run(['endpoints', 'list', '--json']);
  expect(list.json).toMatchObject({
    data: [{ id: at.partner.endpoint, url: `${at.receiver.url}/` }],
    next_cursor: null,
  });
  expect(list.code).toBe(0);
});

test('an endpoint is created, shown, changed, rotated, and tested', async () => {
  const made = await at.person.run(['endpoints', 'create', at.receiver.url, '--events', 'lead.rental_alert', '--json']);
  expect(made.json).toMatchObject({
    events: ['lead.enriched', 'lead.rental_alert'],
    secret: expect.stringMatching(/^whsec_/),
  });
  const { id, secret } = made.json;
  const changed = await at.person.run([
    'endpoints',
    'update',
    id,
    '--description',
    'CRM',
    '--rate-limit',
    '7',
    '--json',
  ]);
  expect(changed.json).toMatchObject({
    description: 'CRM',
    rate_limit: 7,
    events: ['lead.enriched', 'lead.rental_alert'],
  });
  expect((await at.person.run(['endpoints', 'update', id, '--no-rate-limit', '--json'])).json.rate_limit).toBeNull();
  const shown = await at.person.run(['endpoints', 'show', id]);
  expect(shown.stdout).toMatch(/^description +CRM$/m);
  expect(shown.stdout).not.toContain('secret');
  const rotated = await at.person.run(['endpoints', 'rotate', id, '--overlap', '1h', '--json']);
  expect(rotated.json.secret).toMatch(/^whsec_/);
  expect(rotated.json.secret).not.toBe(secret);
  const tested = await at.person.run(['endpoints', 'test', id, '--json']);
  expect(tested).toMatchObject({ code: 0, json: { status_code: 200, error: null } });
});

test('what cannot be undone takes --dry-run: a rotation without an overlap, an enrichment that is completed', async () => {
  const secretsOf = () => at.api.deps.db.query('select secret from endpoints where id = $1', [at.partner.endpoint]);
  const before = await secretsOf();
  const rotation = ['endpoints', 'rotate', at.partner.endpoint, '--overlap', '0s'];
  expect(await at.person.run([...rotation, '--dry-run', '--json'])).toMatchObject({
    code: 0,
    json: { dry_run: true, count: 1 },
    stderr: expect.stringContaining('the present one stops at once'),
  });
  expect(await secretsOf()).toEqual(before);
  expect((await at.person.run([...rotation, '--yes', '--json'])).json.secret).toMatch(/^whsec_/);
  const lead = aLead(at.partner.organization);
  await publish(at.api, lead.created(), lead.personal({ enriched: false }));
  await untilDeliveries(at.api, at.partner, ['delivered']);
  const environment = { SPARK360_API_KEY: operatorKey, SPARK360_ORGANIZATION: at.partner.organization };
  const complete = (option: string) =>
    at.person.run(['leads', 'complete-enrichment', lead.leadId, option, '--json'], { environment });
  expect(await complete('--dry-run')).toMatchObject({ json: { dry_run: true, stage: 'waiting_for_enrichment' } });
  await untilDeliveries(at.api, at.partner, ['delivered']);
  expect((await complete('--yes')).json).toMatchObject({ lead_id: lead.leadId });
});

test('a test that is not answered with 2xx is exit code 1, and its answer is shown', async () => {
  at.receiver.answer({ status: 500, body: 'no CRM today' });
  const { code, stdout } = await at.person.run(['endpoints', 'test', at.partner.endpoint]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/status_code +500/);
  expect(stdout).toContain('no CRM today');
});

test('deliveries are listed as a table, as a document, and an item a line, over several pages', async () => {
  const { deliveries } = await aJourney(...delivered);
  const text = await at.person.run(['deliveries', 'list']);
  const [head, ...rows] = text.stdout.trimEnd().split('\n');
  expect(head).toMatch(/^ID +STATUS +EVENT +SEQ +ATTEMPTS +LEAD +CREATED$/);
  expect(rows).toHaveLength(4);
  expect(rows.at(-1)).toMatch(/delivered +lead\.address_preview +1 +1 /);
  const json = await at.person.run(['deliveries', 'list', '--event', 'lead.enriched', '--since', '1h', '--json']);
  expect(json.json.data.map(({ id }: { id: string }) => id)).toEqual([deliveries[1]?.id]);
  const lines = await at.person.run(['deliveries', 'list', '--limit', '3', '--jsonl']);
  expect(
    lines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).sequence),
  ).toHaveLength(3);
});

test('a lead is shown with its timeline, and erased after a count', async () => {
  const { leadId } = await aJourney(...delivered);
  const shown = await at.person.run(['leads', 'show', leadId]);
  expect(shown.stdout).toMatch(/^stage +contact_requested$/m);
  expect(shown.stdout).toContain('lead.enriched: attempt 1 answered 200');
  const counted = await at.person.run(['leads', 'erase', leadId, '--dry-run', '--json']);
  expect(counted.json).toEqual({ deliveries: 4, unsettled: 0, dry_run: true });
  const asked = await at.person.run(['leads', 'erase', leadId]);
  expect(asked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Say --yes') });
  expect((await at.person.run(['leads', 'erase', leadId, '--yes'])).code).toBe(0);
  expect((await at.person.run(['leads', 'show', leadId, '--json'])).json.stage).toBe('erased');
});

test('a paused endpoint holds; deleting it says what it would abandon; resumed, it waits until none is held', async () => {
  expect((await at.person.run(['endpoints', 'pause', at.partner.endpoint])).stdout).toMatch(/status +paused/);
  await aJourney('held', 'held', 'held', 'held');
  const dry = await at.person.run(['endpoints', 'delete', at.partner.endpoint, '--dry-run', '--json']);
  expect(dry).toMatchObject({ json: { unsettled: 4, dry_run: true }, stderr: expect.stringContaining(': 4.') });
  const resumed = await at.person.run(['endpoints', 'resume', at.partner.endpoint, '--json']);
  expect(resumed).toMatchObject({ code: 0, json: { status: 'active' }, stderr: expect.stringContaining('4 held') });
  await untilDeliveries(at.api, at.partner, delivered);
  expect((await at.person.run(['endpoints', 'delete', at.partner.endpoint, '-y', '--json'])).json.deleted).toBe(
    at.partner.endpoint,
  );
  expect((await at.person.run(['endpoints', 'show', at.partner.endpoint])).code).toBe(4);
});

test('a resend shows its answer; one that fails is exit code 1; one of what is not settled is 5', async () => {
  const { deliveries } = await aJourney(...delivered);
  const id = deliveries[0]?.id ?? '';
  const resent = await at.person.run(['deliveries', 'resend', id, '--json']);
  expect(resent).toMatchObject({ code: 0, json: { number: 2, status_code: 200 } });
  at.receiver.answer({ status: 503 });
  expect((await at.person.run(['deliveries', 'resend', id])).code).toBe(1);
  const shown = await at.person.run(['deliveries', 'show', id]);
  expect(shown.stdout).toMatch(/^ +3 .* 503$/m);
  expect(shown.stdout).toContain('"event": "lead.address_preview"');
  await at.person.run(['endpoints', 'pause', at.partner.endpoint]);
  const lead = aLead(at.partner.organization);
  await publish(at.api, lead.created());
  await untilDeliveries(at.api, at.partner, ['held', 'delivered', 'delivered', 'delivered', 'delivered']);
  const { json } = await at.person.run(['deliveries', 'list', '--status', 'held', '--json']);
  expect(await at.person.run(['deliveries', 'resend', json.data[0].id, '--json'])).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('"type":"urn:spark360:error:delivery_not_settled"'),
  });
  expect((await at.person.run(['deliveries', 'skip', json.data[0].id, '--yes'])).stdout).toMatch(/abandoned: skipped/);
});

test('a recovery counts, asks, and says with exit code 7 that some was abandoned again', async () => {
  at.receiver.answer({ status: 400 });
  await aJourney('abandoned: rejected', 'abandoned: rejected', 'abandoned: rejected', 'abandoned: rejected');
  const dry = await at.person.run(['recover', at.partner.endpoint, '--since', '1h', '--dry-run', '--json']);
  expect(dry).toMatchObject({ code: 0, json: { count: 4, job_id: null, dry_run: true } });
  const narrowed = ['--event', 'lead.enriched', '--lead', randomUUID()];
  for (const [options, count] of [
    [narrowed.slice(0, 2), 1],
    [narrowed, 0],
  ] as const) {
    const command = ['recover', at.partner.endpoint, '--since', '1h', ...options, '--dry-run', '--json'];
    expect([options, (await at.person.run(command)).json.count]).toEqual([options, count]);
  }
  at.receiver.answer((_, index) => ({ status: index % 4 === 1 ? 400 : 200 }));
  const partly = await at.person.run(['recover', at.partner.endpoint, '--since', '1h', '--yes', '--json']);
  expect(partly).toMatchObject({ code: 7, json: { count: 4, delivered: 3, abandoned: 1, status: 'done' } });
  at.receiver.answer({});
  const rest = await at.person.run(['recover', at.partner.endpoint, '--since', '1h', '--yes', '--no-wait', '--json']);
  expect(rest.json.count).toBe(1);
  expect(await at.person.run(['jobs', 'watch', rest.json.job_id, '--json'])).toMatchObject({
    code: 0,
    json: { delivered: 1, abandoned: 0 },
  });
});

test("keys are made, listed without themselves, and deleted; a backend's are the operator's", async () => {
  const made = await at.person.run(['keys', 'create', '--json']);
  expect(made.json.key).toMatch(/^sk_org_/);
  const listed = await at.person.run(['keys', 'list']);
  expect(listed.stdout).toContain(made.json.id);
  expect(listed.stdout).not.toContain(made.json.key);
  expect((await at.person.run(['keys', 'delete', made.json.id, '--yes'])).code).toBe(0);
  expect((await at.person.run(['keys', 'create', '--backend'])).code).toBe(3);
  const operator = { environment: { SPARK360_API_KEY: operatorKey } };
  expect((await at.person.run(['keys', 'create', '--backend', '--json'], operator)).json.key).toMatch(/^sk_ingest_/);
});

test('the events that exist are listed', async () => {
  const { stdout } = await at.person.run(['events', 'types']);
  expect(stdout).toMatch(/^lead\.enriched +required +personal_info_and_estimate_provided/m);
});

test.each([
  ['no key', ['endpoints', 'list'], { SPARK360_API_KEY: '' }, 3],
  ['a wrong key', ['endpoints', 'list', '--org', randomUUID()], { SPARK360_API_KEY: 'sk_org_wrong' }, 3],
  ['an unknown id', ['endpoints', 'show', randomUUID()], {}, 4],
  ["another organization's id", ['endpoints', 'list', '--org', randomUUID()], {}, 4],
  ['a malformed flag', ['deliveries', 'list', '--since', 'yesterday'], {}, 2],
  ['a query the API refuses', ['deliveries', 'list', '--status', 'lost'], {}, 2],
  ['an unknown command', ['endpoints', 'lst'], {}, 2],
  ['a missing argument', ['endpoints', 'show'], {}, 2],
  ['a service that is away', ['endpoints', 'list'], { SPARK360_API_URL: 'http://127.0.0.1:9' }, 6],
  ['no URL', ['endpoints', 'list', '--api-url', 'ftp://x'], {}, 2],
  ['the operator without an organization', ['endpoints', 'list'], { SPARK360_API_KEY: operatorKey }, 2],
] as const)('%s: nothing on stdout, one problem on stderr, exit code', async (_, args, environment, code) => {
  const ended = await at.person.run([...args, '--json'], { environment });
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
  const problem = JSON.parse(ended.stderr);
  expect(Object.keys(problem)).toEqual(['type', 'title', 'status', 'detail', 'errors']);
  const inWords = await at.person.run([...args], { environment });
  expect(inWords.code).toBe(code);
  expect(inWords.stderr).toMatch(/^error: /im);
});

test('what a partner wrote cannot command the terminal', async () => {
  at.receiver.answer({ status: 500, body: '\u001b[2Jgone\u0007' });
  const { stdout } = await at.person.run(['endpoints', 'test', at.partner.endpoint]);
  expect(stdout).toContain('gone');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
