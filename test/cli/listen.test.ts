import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { buildServiceOnce } from '../support/built-service.ts';
import { aLead } from '../support/lead-events.ts';
import { eventually } from '../support/eventually.ts';
import { type TestApi, startTestApi } from '../http/api.ts';
import { aPartner, deliveriesAt, type Partner, publish, untilDeliveries } from '../http/partner.ts';
import { Person, type Running } from './spark360.ts';
import { away, startStubApi } from './stub-api.ts';

let api: TestApi;
let local: Receiver;
let partner: Partner;
let person: Person;
const running: Running[] = [];
/** Groups of processes that a shell started; each has ended where its test went well. */
const groups: number[] = [];
beforeAll(async () => {
  api = await startTestApi({ worker: true });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  local = await startReceiver();
  partner = await aPartner(api, 'http://127.0.0.1:9');
  const { body } = await api.call('POST', `${partner.path}/api-keys`, { body: {} });
  person = new Person({ SPARK360_API_URL: api.url, SPARK360_API_KEY: body.key });
});
afterEach(async () => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
  for (const group of groups.splice(0)) killGroup(group);
  await local.close();
  person.forget();
});

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Starts `listen`, and gives it with the endpoint that it is. */
async function listen(...args: string[]) {
  const listener = person.start(['listen', '--forward-to', local.url, ...args]);
  running.push(listener);
  await listener.says(/Signed with the secret/);
  const { body } = await api.call('GET', `${partner.path}/endpoints`);
  const endpoint = body.data.find(({ kind }: { kind: string }) => kind === 'listener');
  return {
    listener,
    endpoint,
    path: `${partner.path}/endpoints/${endpoint.id}`,
    of: { ...partner, endpoint: endpoint.id },
  };
}

const everyEvent = ['--events', 'lead.address_preview,lead.contact_requested'];
const aSandboxLead = () => aLead(partner.organization, { mode: 'sandbox' });

async function play(lead = aSandboxLead()) {
  await publish(api, lead.created(), lead.personal({ enriched: true }), lead.contact());
  return lead;
}
const inOrder = ['lead.address_preview', 'lead.enriched', 'lead.contact_requested'];

test('what is sent arrives at the local program, in order, byte for byte, verified by its secret', async () => {
  const { listener, of } = await listen(...everyEvent);
  await play();
  await untilDeliveries(api, of, ['delivered', 'delivered', 'delivered']);
  expect(local.eventNames()).toEqual(inOrder);
  const secret = (await person.run(['listen', '--print-secret', '--json'])).json.secret;
  for (const { rawBody, headers } of local.requests) {
    new Webhook(secret).verify(rawBody, headers as Record<string, string>);
  }
  expect(local.requests.map(({ headers }) => headers['x-spark360-sequence'])).toEqual(['1', '2', '3']);
  await listener.says(/lead\.contact_requested +#3 +attempt 1 +200/);
});

test('an answer of 500 is retried, and what is behind it waits', async () => {
  local.answer((_, index) => (index === 0 ? { status: 500, body: 'a bug' } : {}));
  const { listener, of } = await listen(...everyEvent);
  await play();
  await untilDeliveries(api, of, ['delivered', 'delivered', 'delivered']);
  expect(local.eventNames()).toEqual(['lead.address_preview', ...inOrder]);
  const [first] = await deliveriesAt(api, of);
  expect(first?.attempts).toMatchObject([
    { number: 1, status_code: 500, response_body: 'a bug' },
    { number: 2, status_code: 200 },
  ]);
  await listener.says(/lead\.address_preview +#1 +attempt 1 +500/);
});

test('a local program that does not run is an attempt that failed, in words', async () => {
  const { of } = await listen();
  await local.close();
  await play();
  await eventually(async () =>
    expect((await deliveriesAt(api, of))[0]?.attempts[0]).toMatchObject({
      status_code: null,
      error: expect.stringContaining('the connection was refused'),
    }),
  );
});

test('a resend and a test event reach the listener too', async () => {
  const { of, path } = await listen();
  await play();
  const [delivery] = await untilDeliveries(api, of, ['delivered']);
  const resent = await person.run(['deliveries', 'resend', delivery?.id ?? '', '--json']);
  expect(resent.json).toMatchObject({ number: 2, status_code: 200 });
  expect(local.requests.at(-1)?.headers['x-spark360-resend']).toBe('true');
  local.answer({ status: 418, body: 'teapot' });
  expect((await api.call('POST', `${path}/test`)).body).toMatchObject({
    status_code: 418,
    body: 'teapot',
    error: null,
  });
});

test.each(['SIGINT', 'SIGHUP'] as const)('%s deletes the endpoint', async (signal) => {
  const { listener, path } = await listen();
  listener.child.kill(signal);
  // A shell whose terminal was closed sends it once more.
  if (signal === 'SIGHUP') listener.child.kill(signal);
  expect(await listener.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('Deleted') });
  expect((await api.call('GET', path)).status).toBe(404);
});

test('Ctrl-C before the subscription was answered leaves no endpoint behind', async () => {
  const listener = { current: null as Running | null };
  const proxy = await startStubApi(async (call) => {
    if (!call.endsWith('/endpoints/listen')) return null;
    listener.current?.child.kill('SIGINT');
    return null;
  }, api.url);
  listener.current = person.start(['listen'], { environment: { SPARK360_API_URL: proxy.url } });
  running.push(listener.current);
  expect(await listener.current.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('Deleted') });
  expect(proxy.calls.filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
  const { body } = await api.call('GET', `${partner.path}/endpoints`);
  expect(body.data.map(({ kind }: { kind: string }) => kind)).toEqual(['webhook']);
  await proxy.close();
});

test('an endpoint that cannot be deleted at the end is told, with what to do', async () => {
  const proxy = await startStubApi((call) => (call.startsWith('DELETE') ? away : null), api.url);
  const listener = person.start(['listen'], { environment: { SPARK360_API_URL: proxy.url } });
  running.push(listener);
  await listener.says(/Signed with the secret/);
  listener.child.kill('SIGINT');
  expect(await listener.ended).toMatchObject({
    code: 130,
    stderr: expect.stringMatching(/The endpoint is still there: Postgres is away\.[\s\S]*spark360 endpoints delete /),
  });
  await proxy.close();
});

test('a reader that has read enough ends the listener, and its endpoint', async () => {
  const command = `"${process.execPath}" "${buildServiceOnce().role('spark360')}" listen --jsonl`;
  const shell = spawn('sh', ['-c', `${command} | head -n 1`], {
    env: person.environment as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  groups.push(shell.pid ?? 0);
  const firstLine = once(shell.stdout.setEncoding('utf8'), 'data');
  const ended = once(shell, 'close');
  const listeners = async () =>
    (await api.call('GET', `${partner.path}/endpoints`)).body.data.filter(
      ({ kind }: { kind: string }) => kind === 'listener',
    );
  await eventually(async () => expect(await listeners()).toHaveLength(1));
  await play();
  expect(JSON.parse((await firstLine)[0])).toMatchObject({ event: 'lead.enriched' });
  await play();
  await ended;
  expect(await listeners()).toEqual([]);
});

test('a listener that was killed and is started again at once is the same endpoint', async () => {
  const { listener, endpoint } = await listen();
  listener.child.kill('SIGKILL');
  await listener.ended;
  const hasEnded = "stream_id = '00000000-0000-0000-0000-000000000000'";
  await eventually(async () =>
    expect(
      await api.deps.db.query(`select from listeners where endpoint_id = $1 and ${hasEnded}`, [endpoint.id]),
    ).toHaveLength(1),
  );
  const again = await listen();
  expect(again.endpoint.id).toBe(endpoint.id);
  await play();
  await untilDeliveries(api, again.of, ['delivered']);
});

test('a listener that is gone is held, not lost: started again it is the same endpoint, and gets all in order', async () => {
  const { listener, endpoint, path, of } = await listen(...everyEvent);
  listener.child.kill('SIGKILL');
  await listener.ended;
  await api.deps.db.execute('update listeners set lease_expires_at = now() where endpoint_id = $1', [endpoint.id]);
  await play();
  await untilDeliveries(api, of, ['held', 'held', 'held']);
  expect((await api.call('GET', path)).body).toMatchObject({ status: 'paused', paused_reason: 'listener_lost' });
  expect((await deliveriesAt(api, of)).flatMap(({ attempts }) => attempts)).toEqual([]);
  const again = await listen(...everyEvent);
  expect(again.endpoint.id).toBe(endpoint.id);
  await untilDeliveries(api, of, ['delivered', 'delivered', 'delivered']);
  expect(local.eventNames()).toEqual(inOrder);
});

test('real leads only come with --prod; one endpoint is no other', async () => {
  const { of } = await listen();
  await play(aLead(partner.organization));
  const mark = await play();
  await untilDeliveries(api, of, ['delivered']);
  expect(local.requests.map(({ json }) => (json as { data: { lead_id: string } }).data.lead_id)).toEqual([mark.leadId]);
});

test('--exit-on-fail ends with exit code 1 at the first failure, and deletes the endpoint', async () => {
  local.answer({ status: 400 });
  const { listener, path } = await listen('--exit-on-fail');
  await play();
  expect((await listener.ended).code).toBe(1);
  expect((await api.call('GET', path)).status).toBe(404);
});

test('an endpoint that was deleted elsewhere ends its listener with exit code 4', async () => {
  const { listener, path } = await listen('--json');
  await api.call('DELETE', path);
  expect((await listener.ended).code).toBe(4);
});

test('--jsonl tells each forwarded request as a document', async () => {
  const { listener } = await listen('--jsonl');
  await play();
  await eventually(() => expect(listener.stdout()).toContain('\n'));
  expect(JSON.parse(listener.stdout())).toMatchObject({
    event: 'lead.enriched',
    sequence: 1,
    attempt: 1,
    status_code: 200,
  });
});

test.each([
  ['is right', {}],
  [
    'is two minutes ahead',
    { NODE_OPTIONS: '--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()+120000' },
  ],
])('--tap on a machine whose clock %s copies what another endpoint is sent, signed anew', async (_, environment) => {
  const receiver = await startReceiver();
  await api.call('PATCH', partner.endpointPath, { body: { url: receiver.url } });
  const listener = person.start(['listen', '--tap', partner.endpoint, '--forward-to', local.url], { environment });
  running.push(listener);
  await listener.says('Copying');
  const lead = aLead(partner.organization);
  await publish(api, lead.created(), lead.personal({ enriched: true }), lead.contact());
  await eventually(() => expect(local.requests).toHaveLength(4));
  expect(local.eventNames()).toEqual(receiver.eventNames());
  expect(local.requests.map(({ rawBody }) => rawBody.toString())).toEqual(
    receiver.requests.map(({ rawBody }) => rawBody.toString()),
  );
  const { secret } = (await person.run(['listen', '--print-secret', '--json'])).json;
  for (const { rawBody, headers } of local.requests) {
    new Webhook(secret).verify(rawBody, headers as Record<string, string>);
  }
  await receiver.close();
});
