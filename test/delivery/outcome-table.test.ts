import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { aLead } from '../support/lead-events.ts';
import { anEndpoint, anOrganization } from '../support/partners.ts';
import { type Answer, eventually, type Receiver, startReceiver } from '../support/receiver.ts';
import { startService, type TestService } from '../support/service.ts';
import { type LocalServer, startHttp, startTcp } from '../webhooks/support/servers.ts';
import { type AttemptAt, attemptsAt, endpointRow, statusesAt } from './rows.ts';

// The first table of spec section 5, from the signal to the partner and back into the log: one row for each
// consequence. All codes are in test/domain/delivery-policy.test.ts, all that a server can do in test/webhooks.
let service: TestService;
let organization: string;
beforeAll(async () => {
  service = await startService({ retryScheduleMs: [100, 100, 100, 100], attemptTimeoutMs: 2_500 });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  organization = await anOrganization(service.deps);
});

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of opened.splice(0).reverse()) await server.close();
});
const open = async <Server extends { close(): Promise<void> }>(starting: Promise<Server>): Promise<Server> => {
  const server = await starting;
  opened.push(server);
  return server;
};
const receiver = (answer: Answer = {}): Promise<Receiver> => open(startReceiver(answer));

/** Publishes one event to an endpoint at `url`, and waits until its delivery stands as `status`. */
async function deliver(url: string, status: string): Promise<{ endpoint: string; attempts: AttemptAt[] }> {
  const { id: endpoint } = await anEndpoint(service.deps, organization, url);
  await service.deps.client.publish(aLead(organization).created());
  await eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual([status]));
  return { endpoint, attempts: await attemptsAt(service.deps, endpoint) };
}

describe('2xx: delivered once its headers are there', () => {
  test('an endless body: 4 KB are kept, and the connection is closed', async () => {
    let isClosed = false;
    const server = await open(
      startHttp((_request, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'.repeat(1_000)), 5);
        response.once('close', () => {
          clearInterval(timer);
          isClosed = true;
        });
      }),
    );
    const { attempts } = await deliver(`http://127.0.0.1:${server.port}/`, 'delivered');
    expect(attempts).toMatchObject([{ number: 1, status_code: 200, response_body: 'x'.repeat(4_096) }]);
    await eventually(() => expect(isClosed).toBe(true));
  });
});

describe('an answer is its status line, whatever a server or a proxy puts around it: sent once, by one attempt', () => {
  const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  test('a 100 that nobody asked for, then more headers than anybody reads', async () => {
    const bytes = `HTTP/1.1 100 Continue\r\n\r\n${ok.replace('\r\n', `\r\n${'x-a: b\r\n'.repeat(40_000)}`)}`;
    const server = await open(startTcp((socket) => socket.once('data', () => socket.end(bytes))));
    const { attempts } = await deliver(`http://127.0.0.1:${server.port}/`, 'delivered');
    expect(attempts).toMatchObject([{ number: 1, status_code: 200, error_class: null }]);
    expect(server.connections).toBe(1);
  });

  test('a kept connection that the partner closes as the next request goes out: still the first attempt', async () => {
    const server = await open(
      startTcp((socket) => {
        socket.once('data', () => {
          socket.write(ok);
          socket.once('data', () => socket.destroy());
        });
      }),
    );
    const url = `http://127.0.0.1:${server.port}/`;
    const { endpoint } = await deliver(url, 'delivered');
    await service.deps.client.publish(aLead(organization).created());
    await eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(['delivered', 'delivered']));
    expect((await attemptsAt(service.deps, endpoint)).map(({ number, status_code }) => [number, status_code])).toEqual([
      [1, 200],
      [1, 200],
    ]);
    expect(server.connections).toBe(2);
  });
});

test('a redirect: retried, and not followed', async () => {
  const elsewhere = await receiver();
  const { url } = await receiver({ status: 302, headers: { location: elsewhere.url } });
  const { attempts } = await deliver(url, 'abandoned: exhausted');
  expect(attempts.map(({ status_code }) => status_code)).toEqual(Array(5).fill(302));
  expect(elsewhere.requests).toHaveLength(0);
});

describe('no answer: retried, with a class that says what was wrong', () => {
  const closedPort = async (): Promise<LocalServer> => {
    const server = await startTcp(() => {});
    await server.close();
    return { ...server, close: () => Promise.resolve() };
  };
  test.each<[string, string, () => Promise<string>]>([
    ['refused', 'connect', async () => `http://127.0.0.1:${(await closedPort()).port}/`],
    ['no TLS', 'tls', async () => (await receiver()).url.replace('http:', 'https:')],
    ['DNS: a name that does not exist', 'dns', async () => 'https://hooks.partner.invalid/'],
  ])('%s', async (_what, errorClass, start) => {
    const { attempts, endpoint } = await deliver(await start(), 'abandoned: exhausted');
    expect(attempts).toEqual(
      [1, 2, 3, 4, 5].map((number) =>
        expect.objectContaining({ number, status_code: null, error_class: errorClass, response_body: null }),
      ),
    );
    await eventually(async () =>
      expect(await endpointRow(service.deps, endpoint)).toMatchObject({ status: 'paused', paused_reason: 'failing' }),
    );
  });

  test('once the receiver is there, the next attempt is delivered', async () => {
    const { port } = await closedPort();
    const { id: endpoint } = await anEndpoint(service.deps, organization, `http://127.0.0.1:${port}/`);
    await service.deps.client.publish(aLead(organization).created());
    await eventually(async () => expect(await attemptsAt(service.deps, endpoint)).not.toHaveLength(0));
    await open(startReceiver({}, port));
    await eventually(async () => expect(await statusesAt(service.deps, endpoint)).toEqual(['delivered']));
  });
});

test('Retry-After: honoured up to 24 hours', async () => {
  const { url } = await receiver({ status: 503, headers: { 'retry-after': '9999999' } });
  const { endpoint } = await deliver(url, 'retrying');
  const [row] = await service.deps.db.query<{ next_attempt_at: Date }>(
    'select next_attempt_at from deliveries where endpoint_id = $1',
    [endpoint],
  );
  const hours = ((row?.next_attempt_at.getTime() ?? 0) - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(23.9);
  expect(hours).toBeLessThanOrEqual(24.01);
});

describe('an address refused by the guard: abandoned at once as blocked_address', () => {
  test('a private one, by its number', async () => {
    const { attempts } = await deliver('https://10.1.2.3/', 'abandoned: blocked_address');
    expect(attempts).toMatchObject([
      { number: 1, status_code: null, error_class: 'blocked_address', response_body: null },
    ]);
  });

  test('a name that resolves to this machine, where loopback is not allowed: nobody connects', async () => {
    const strict = await startService({ allowInsecureEndpoints: null, retryScheduleMs: [100] });
    try {
      const server = await open(startTcp(() => {}));
      const id = await anOrganization(strict.deps);
      const { id: endpoint } = await anEndpoint(strict.deps, id, `https://localhost:${server.port}/`);
      await strict.deps.client.publish(aLead(id).created());
      await eventually(async () =>
        expect(await statusesAt(strict.deps, endpoint)).toEqual(['abandoned: blocked_address']),
      );
      await sleep(300);
      expect(server.connections).toBe(0);
      expect(await attemptsAt(strict.deps, endpoint)).toHaveLength(1);
    } finally {
      await strict.stop();
    }
  });
});
