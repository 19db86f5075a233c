import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type TestApi, startTestApi } from '../http/api.ts';
import { aPartner, type Partner, publish, untilDeliveries } from '../http/partner.ts';
import { operatorKey } from '../http/call.ts';
import { Person } from './spark360.ts';

let api: TestApi;
let receiver: Receiver;
let partner: Partner;
let person: Person;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver?.close();
  await api?.stop();
});
beforeEach(async () => {
  receiver.answer({});
  partner = await aPartner(api, receiver.url);
  const { body } = await api.call('POST', `${partner.path}/api-keys`, { body: {} });
  person = new Person({ SPARK360_API_URL: api.url, SPARK360_API_KEY: body.key });
});
afterEach(() => person.forget());

const aJourney = async (...answers: string[]) => {
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }), lead.contact());
  return { leadId: lead.leadId, deliveries: await untilDeliveries(api, partner, answers) };
};
const delivered = ['delivered', 'delivered', 'delivered', 'delivered'];

test("an organization's key needs no --org: whoami and lists find its own", async () => {
  const { json } = await person.run(['whoami', '--json']);
  expect(json).toMatchObject({
    role: 'organization',
    organization_id: partner.organization,
    key_source: 'SPARK360_API_KEY',
  });
  const list = await person.run(['endpoints', 'list', '--json']);
  expect(list.json).toMatchObject({ data: [{ id: partner.endpoint, url: `${receiver.url}/` }], next_cursor: null });
  expect(list.code).toBe(0);
});

test('an endpoint is created, shown, changed, rotated, and tested', async () => {
  const made = await person.run(['endpoints', 'create', receiver.url, '--events', 'lead.rental_alert', '--json']);
  expect(made.json).toMatchObject({
    events: ['lead.enriched', 'lead.rental_alert'],
    secret: expect.stringMatching(/^whsec_/),
  });
  const { id, secret } = made.json;
  const changed = await person.run(['endpoints', 'update', id, '--description', 'CRM', '--rate-limit', '7', '--json']);
  expect(changed.json).toMatchObject({
    description: 'CRM',
    rate_limit: 7,
    events: ['lead.enriched', 'lead.rental_alert'],
  });
  expect((await person.run(['endpoints', 'update', id, '--no-rate-limit', '--json'])).json.rate_limit).toBeNull();
  const shown = await person.run(['endpoints', 'show', id]);
  expect(shown.stdout).toMatch(/^description +CRM$/m);
  expect(shown.stdout).not.toContain('secret');
  const rotated = await person.run(['endpoints', 'rotate', id, '--overlap', '1h', '--json']);
  expect(rotated.json.secret).toMatch(/^whsec_/);
  expect(rotated.json.secret).not.toBe(secret);
  const tested = await person.run(['endpoints', 'test', id, '--json']);
  expect(tested).toMatchObject({ code: 0, json: { status_code: 200, error: null } });
});

test('a test that is not answered with 2xx is exit code 1, and its answer is shown', async () => {
  receiver.answer({ status: 500, body: 'no CRM today' });
  const { code, stdout } = await person.run(['endpoints', 'test', partner.endpoint]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/status_code +500/);
  expect(stdout).toContain('no CRM today');
});

test('deliveries are listed as a table, as a document, and an item a line, over several pages', async () => {
  const { deliveries } = await aJourney(...delivered);
  const text = await person.run(['deliveries', 'list']);
  const [head, ...rows] = text.stdout.trimEnd().split('\n');
  expect(head).toMatch(/^ID +STATUS +EVENT +SEQ +ATTEMPTS +LEAD +CREATED$/);
  expect(rows).toHaveLength(4);
  expect(rows.at(-1)).toMatch(/delivered +lead\.address_preview +1 +1 /);
  const json = await person.run(['deliveries', 'list', '--event', 'lead.enriched', '--since', '1h', '--json']);
  expect(json.json.data.map(({ id }: { id: string }) => id)).toEqual([deliveries[1]?.id]);
  const lines = await person.run(['deliveries', 'list', '--limit', '3', '--jsonl']);
  expect(
    lines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).sequence),
  ).toHaveLength(3);
});

test('a lead is shown with its timeline, and erased after a count', async () => {
  const { leadId } = await aJourney(...delivered);
  const shown = await person.run(['leads', 'show', leadId]);
  expect(shown.stdout).toMatch(/^stage +contact_requested$/m);
  expect(shown.stdout).toContain('lead.enriched: attempt 1 answered 200');
  const counted = await person.run(['leads', 'erase', leadId, '--dry-run', '--json']);
  expect(counted.json).toEqual({ deliveries: 4, unsettled: 0, dry_run: true });
  const asked = await person.run(['leads', 'erase', leadId]);
  expect(asked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Say --yes') });
  expect((await person.run(['leads', 'erase', leadId, '--yes'])).code).toBe(0);
  expect((await person.run(['leads', 'show', leadId, '--json'])).json.stage).toBe('erased');
});

test('a paused endpoint holds; deleting it says what it would abandon; resumed, it waits until none is held', async () => {
  expect((await person.run(['endpoints', 'pause', partner.endpoint])).stdout).toMatch(/status +paused/);
  await aJourney('held', 'held', 'held', 'held');
  const dry = await person.run(['endpoints', 'delete', partner.endpoint, '--dry-run', '--json']);
  expect(dry).toMatchObject({ json: { unsettled: 4, dry_run: true }, stderr: expect.stringContaining(': 4.') });
  const resumed = await person.run(['endpoints', 'resume', partner.endpoint, '--json']);
  expect(resumed).toMatchObject({ code: 0, json: { status: 'active' }, stderr: expect.stringContaining('4 held') });
  await untilDeliveries(api, partner, delivered);
  expect((await person.run(['endpoints', 'delete', partner.endpoint, '-y', '--json'])).json.deleted).toBe(
    partner.endpoint,
  );
  expect((await person.run(['endpoints', 'show', partner.endpoint])).code).toBe(4);
});

test('a resend shows its answer; one that fails is exit code 1; one of what is not settled is 5', async () => {
  const { deliveries } = await aJourney(...delivered);
  const id = deliveries[0]?.id ?? '';
  const resent = await person.run(['deliveries', 'resend', id, '--json']);
  expect(resent).toMatchObject({ code: 0, json: { number: 2, status_code: 200 } });
  receiver.answer({ status: 503 });
  expect((await person.run(['deliveries', 'resend', id])).code).toBe(1);
  const shown = await person.run(['deliveries', 'show', id]);
  expect(shown.stdout).toMatch(/^ +3 .* 503$/m);
  expect(shown.stdout).toContain('"event": "lead.address_preview"');
  await person.run(['endpoints', 'pause', partner.endpoint]);
  const lead = aLead(partner.organization);
  await publish(api, lead.created());
  await untilDeliveries(api, partner, ['held', 'delivered', 'delivered', 'delivered', 'delivered']);
  const { json } = await person.run(['deliveries', 'list', '--status', 'held', '--json']);
  expect(await person.run(['deliveries', 'resend', json.data[0].id, '--json'])).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('"type":"urn:spark360:error:delivery_not_settled"'),
  });
  expect((await person.run(['deliveries', 'skip', json.data[0].id, '--yes'])).stdout).toMatch(/abandoned: skipped/);
});

test('a recovery counts, asks, and says with exit code 7 that some was abandoned again', async () => {
  receiver.answer({ status: 400 });
  await aJourney('abandoned: rejected', 'abandoned: rejected', 'abandoned: rejected', 'abandoned: rejected');
  const dry = await person.run(['recover', partner.endpoint, '--since', '1h', '--dry-run', '--json']);
  expect(dry).toMatchObject({ code: 0, json: { count: 4, job_id: null, dry_run: true } });
  receiver.answer((_, index) => ({ status: index % 4 === 1 ? 400 : 200 }));
  const partly = await person.run(['recover', partner.endpoint, '--since', '1h', '--yes', '--json']);
  expect(partly).toMatchObject({ code: 7, json: { count: 4, delivered: 3, abandoned: 1, status: 'done' } });
  receiver.answer({});
  const rest = await person.run(['recover', partner.endpoint, '--since', '1h', '--yes', '--no-wait', '--json']);
  expect(rest.json.count).toBe(1);
  expect(await person.run(['jobs', 'watch', rest.json.job_id, '--json'])).toMatchObject({
    code: 0,
    json: { delivered: 1, abandoned: 0 },
  });
});

test("keys are made, listed without themselves, and deleted; a backend's are the operator's", async () => {
  const made = await person.run(['keys', 'create', '--json']);
  expect(made.json.key).toMatch(/^sk_org_/);
  const listed = await person.run(['keys', 'list']);
  expect(listed.stdout).toContain(made.json.id);
  expect(listed.stdout).not.toContain(made.json.key);
  expect((await person.run(['keys', 'delete', made.json.id, '--yes'])).code).toBe(0);
  expect((await person.run(['keys', 'create', '--backend'])).code).toBe(3);
  const operator = { environment: { SPARK360_API_KEY: operatorKey } };
  expect((await person.run(['keys', 'create', '--backend', '--json'], operator)).json.key).toMatch(/^sk_ingest_/);
});

test('the events that exist are listed', async () => {
  const { stdout } = await person.run(['events', 'types']);
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
  const ended = await person.run([...args, '--json'], { environment });
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
  const problem = JSON.parse(ended.stderr);
  expect(Object.keys(problem)).toEqual(['type', 'title', 'status', 'detail', 'errors']);
  const inWords = await person.run([...args], { environment });
  expect(inWords.code).toBe(code);
  expect(inWords.stderr).toMatch(/^error: /im);
});

test('what a partner wrote cannot command the terminal', async () => {
  receiver.answer({ status: 500, body: '\u001b[2Jgone\u0007' });
  const { stdout } = await person.run(['endpoints', 'test', partner.endpoint]);
  expect(stdout).toContain('gone');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
