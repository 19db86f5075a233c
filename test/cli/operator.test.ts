import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startRelay } from '../../src/outbox/relay.ts';
import { startTestApi, type TestApi } from '../http/api.ts';
import { operatorKey } from '../http/call.ts';
import { aPartner, type Partner } from '../http/partner.ts';
import { eventually } from '../support/eventually.ts';
import { aLead } from '../support/lead-events.ts';
import { Person } from './spark360.ts';

let api: TestApi;
let relay: Awaited<ReturnType<typeof startRelay>>;
let partner: Partner;
let person: Person;
beforeAll(async () => {
  api = await startTestApi({ worker: true });
  relay = await startRelay(api.deps);
});
afterAll(async () => {
  await relay?.stop();
  await api?.stop();
});
beforeEach(async () => {
  partner = await aPartner(api, 'http://127.0.0.1:9');
  person = new Person({ SPARK360_API_URL: api.url, SPARK360_API_KEY: operatorKey });
});
afterEach(() => person.forget());

test('dead letters are listed with what is wrong, shown, and replayed; one that is not mended is exit code 1', async () => {
  const step = aLead(partner.organization).created();
  const { event: _, ...broken } = step;
  await api.deps.db.execute('insert into spark360.outbox (event) values ($1)', [JSON.stringify(broken)]);
  const listed = () => person.run(['dead-letters', 'list', '--json']);
  const letter = await eventually(async () => {
    const [first] = (await listed()).json.data;
    if (first === undefined) throw new Error('there is no dead letter yet');
    return first;
  });
  expect(letter).toMatchObject({ reason: 'malformed', replay_outcome: null });
  const text = await person.run(['dead-letters', 'list']);
  expect(text.stdout).toMatch(/malformed .*event: /);
  expect((await person.run(['dead-letters', 'show', letter.id, '--json'])).json.event).toEqual(broken);
  const mended = await person.run(['dead-letters', 'replay', letter.id, '--mended', '--json'], {
    input: JSON.stringify(step),
  });
  expect(mended).toMatchObject({ code: 0, json: { id: letter.id, replay_outcome: 'signalled' } });
  expect((await listed()).json.data).toEqual([]);
  await api.deps.db.execute('insert into spark360.outbox (event) values ($1)', [JSON.stringify({ ...broken, id: 1 })]);
  const again = await eventually(async () => (await listed()).json.data[0].id as string);
  expect(await person.run(['dead-letters', 'replay', again, '--json'])).toMatchObject({
    code: 1,
    json: { replay_outcome: 'dead_letter' },
  });
});

test.each([
  ['no JSON on stdin', ['dead-letters', 'replay', '1', '--mended'], 2],
  ['a dead letter that is not there', ['dead-letters', 'show', '999999'], 4],
])('%s', async (_, args, code) => {
  expect((await person.run(args, { input: '{' })).code).toBe(code);
});

test('a portal link signs in once, to look only where it says so', async () => {
  const { stdout, stderr } = await person.run([
    'portal',
    'link',
    partner.organization,
    '--read-only',
    '--expires-in',
    '10m',
  ]);
  expect(stderr).toContain('It works once');
  const [, code] = /^http.*\/console\/portal#(\S+)\n$/.exec(stdout) ?? [];
  const signIn = () => api.call('POST', '/v1/session/portal', { key: null, body: { code } });
  expect(await signIn()).toMatchObject({
    status: 201,
    body: { organization_id: partner.organization, session: { read_only: true } },
  });
  expect((await signIn()).status).toBe(401);
});

test.each([
  ['deliveries/an-id', 'organizations/ORG/deliveries/an-id'],
  ['endpoints/an-id', 'organizations/ORG/webhooks/an-id'],
  ['dead-letters', 'dead-letters'],
])('open %s', async (page, expected) => {
  const { stdout } = await person.run(['open', page, '--print', '--org', partner.organization]);
  expect(stdout).toBe(`${api.url}/console/${expected.replace('ORG', partner.organization)}\n`);
});

test("temporal views prints links that make views in Temporal's UI", async () => {
  const args = ['temporal', 'views', '--ui-url', 'http://localhost:8233', '--namespace', 'leads'];
  const { stdout } = await person.run([...args, '--org', partner.organization]);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    expect(line).toMatch(/^\S.* http:\/\/localhost:8233\/namespaces\/leads\/workflows\?query=\S+&savedQuery=\S+$/);
  }
  expect(stdout).toContain(encodeURIComponent(`OrganizationId="${partner.organization}"`));
  expect((await person.run(args)).stdout).not.toContain('One%20organization');
  const unknown = await person.run(['temporal', 'views']);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('--ui-url') });
});
