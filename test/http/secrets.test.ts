import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { parseKeyRing } from '../../src/crypto/key-ring.ts';
import { secretContext } from '../../src/webhooks/signing-secrets.ts';
import { aLead } from '../support/lead-events.ts';
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { documentedSignature, verifySignatures } from '../support/signatures.ts';
import { startTestApi, type TestApi } from './api.ts';
import { aPartner, deliveriesAt, type Partner, publish, untilDeliveries } from './partner.ts';

let api: TestApi;
let receiver: Receiver;
let partner: Partner;
beforeAll(async () => {
  api = await startTestApi({ worker: true, config: { retryScheduleMs: [100, 100, 100, 100] } });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  partner = await aPartner(api, receiver.url);
});
afterEach(() => receiver?.close());

async function rotate(body?: object): Promise<string> {
  const answer = await api.call('POST', `${partner.endpointPath}/rotate-secret`, body === undefined ? {} : { body });
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.body)).toEqual(['secret']);
  expect(answer.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  return answer.body.secret;
}

const endOverlap = () =>
  api.deps.db.execute('update endpoints set overlap_ends_at = now() where id = $1', [partner.endpoint]);

/** Sends a lead's first event and gives its request. */
async function nextRequest(): Promise<ReceivedRequest> {
  const before = receiver.requests.length;
  await publish(api, aLead(partner.organization).created());
  await untilDelivered(before + 1);
  return receiver.requests[before] as ReceivedRequest;
}
const untilDelivered = (count: number) => untilDeliveries(api, partner, Array(count).fill('delivered'));

const verifies = (secret: string, { rawBody, headers }: ReceivedRequest): boolean => {
  try {
    new Webhook(secret).verify(rawBody.toString('utf8'), headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
};

/** Which of the secrets signs, and in which of the headers. */
const signers = (request: ReceivedRequest, secrets: Record<string, string>) => {
  const { headers, rawBody } = request;
  const nameOf = (signature: unknown) =>
    Object.entries(secrets).find(([, secret]) => documentedSignature(secret, rawBody) === signature)?.[0];
  return {
    current: nameOf(headers['x-spark360-signature']),
    next: headers['x-spark360-signature-next'] === undefined ? null : nameOf(headers['x-spark360-signature-next']),
    standard: Object.keys(secrets).filter((name) => verifies(secrets[name] ?? '', request)),
  };
};

const stored = async () => {
  const [row] = await api.deps.db.query<{ secret: Buffer; next_secret: Buffer | null; overlap_ends_at: Date | null }>(
    'select secret, next_secret, overlap_ends_at from endpoints where id = $1',
    [partner.endpoint],
  );
  const open = (sealed: Buffer | null | undefined) =>
    sealed ? api.deps.keyRing.open(sealed, secretContext(partner.endpoint)).toString() : null;
  return { secret: open(row?.secret), next: open(row?.next_secret), endsAt: row?.overlap_ends_at ?? null };
};

test('during the overlap the old secret stays first and the new one signs too; afterwards the new one signs alone', async () => {
  const old = partner.secret;
  const fresh = await rotate({ overlap_seconds: 3_600 });
  const during = await nextRequest();
  expect(signers(during, { old, fresh })).toEqual({ current: 'old', next: 'fresh', standard: ['old', 'fresh'] });
  expect(during.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  verifySignatures(old, during);

  await endOverlap();
  const after = await nextRequest();
  expect(signers(after, { old, fresh })).toEqual({ current: 'fresh', next: null, standard: ['fresh'] });
  verifySignatures(fresh, after);

  // The row is tidied up at the next occasion: the old secret is not kept.
  expect(await stored()).toMatchObject({ secret: old, next: fresh });
  await api.call('POST', `${partner.endpointPath}/test`);
  expect(await stored()).toEqual({ secret: fresh, next: null, endsAt: null });
});

test('an overlap lasts 24 hours unless told, also when no body is sent', async () => {
  for (const body of [undefined, {}]) {
    const at = Date.now();
    await rotate(body);
    const { endsAt } = await stored();
    expect((endsAt?.getTime() ?? 0) - at).toBeGreaterThan(86_399_000);
    expect((endsAt?.getTime() ?? 0) - at).toBeLessThan(86_410_000);
  }
  await rotate({ overlap_seconds: 604_800 });
  expect(((await stored()).endsAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(604_790_000);
});

test('without an overlap the new secret signs alone at once, and the old one is gone', async () => {
  const old = partner.secret;
  const fresh = await rotate({ overlap_seconds: 0 });
  expect(await stored()).toEqual({ secret: fresh, next: null, endsAt: null });
  expect(signers(await nextRequest(), { old, fresh })).toEqual({ current: 'fresh', next: null, standard: ['fresh'] });
});

test('rotating again within an overlap replaces the secret to come; the one that signs stays', async () => {
  const first = partner.secret;
  const lost = await rotate();
  const found = await rotate({ overlap_seconds: 60 });
  expect(signers(await nextRequest(), { first, lost, found })).toEqual({
    current: 'first',
    next: 'found',
    standard: ['first', 'found'],
  });
});

test('rotating with 0 within an overlap ends it: everything before is revoked', async () => {
  const first = partner.secret;
  const second = await rotate();
  const third = await rotate({ overlap_seconds: 0 });
  expect(signers(await nextRequest(), { first, second, third })).toEqual({
    current: 'third',
    next: null,
    standard: ['third'],
  });
});

test('rotating after an overlap has ended keeps the secret that signs since', async () => {
  const first = partner.secret;
  const second = await rotate({ overlap_seconds: 3_600 });
  await endOverlap();
  const third = await rotate();
  expect(signers(await nextRequest(), { first, second, third })).toEqual({
    current: 'second',
    next: 'third',
    standard: ['second', 'third'],
  });
});

test('two rotations at the same time leave two secrets that were both shown', async () => {
  const first = partner.secret;
  const [one, other] = await Promise.all([rotate(), rotate()]);
  const { secret, next } = await stored();
  expect(secret).toBe(first);
  expect([one, other]).toContain(next);
});

describe.each([401, 403])('a partner who moves during an overlap and answers %d', (status) => {
  test('is tried again until the verifier has moved', async () => {
    const fresh = await rotate();
    // The first deployment of the new verifier is broken, the next one reads the header of the new secret.
    receiver.answer(({ headers, rawBody }, index) => ({
      status: index > 0 && headers['x-spark360-signature-next'] === documentedSignature(fresh, rawBody) ? 200 : status,
    }));
    await publish(api, aLead(partner.organization).created());
    const [delivery] = await untilDelivered(1);
    expect(delivery?.attempts.map(({ status_code }) => status_code)).toEqual([status, 200]);
  });

  test('is not tried again without an overlap', async () => {
    await rotate({ overlap_seconds: 0 });
    receiver.answer({ status });
    await publish(api, aLead(partner.organization).created());
    await untilDeliveries(api, partner, ['abandoned: rejected']);
    expect(receiver.requests).toHaveLength(1);
  });
});

test('a rotation while a delivery waits for its retry signs the next attempt: the bytes stay', async () => {
  receiver.answer({ status: 500, headers: { 'retry-after': '1' } });
  await publish(api, aLead(partner.organization).created());
  await untilDeliveries(api, partner, ['retrying']);
  const fresh = await rotate({ overlap_seconds: 0 });
  receiver.answer({});
  await untilDelivered(1);
  const [before, after] = receiver.requests;
  verifySignatures(partner.secret, before as ReceivedRequest);
  verifySignatures(fresh, after as ReceivedRequest);
  expect(after?.rawBody).toEqual(before?.rawBody);
});

test('a secret whose key is missing holds a delivery up: nothing is sent, no attempt used, nothing abandoned', async () => {
  const { db } = api.deps;
  const stranger = parseKeyRing(`away:${randomBytes(32).toString('base64')}`);
  const [{ secret } = { secret: Buffer.alloc(0) }] = await db.query<{ secret: Buffer }>(
    'select secret from endpoints where id = $1',
    [partner.endpoint],
  );
  const put = (sealed: Buffer) =>
    db.execute('update endpoints set secret = $2 where id = $1', [partner.endpoint, sealed]);
  await put(stranger.seal(Buffer.from(partner.secret), secretContext(partner.endpoint)));
  await publish(api, aLead(partner.organization).created());
  await sleep(1_000);
  const [waiting] = await deliveriesAt(api, partner);
  expect(waiting).toMatchObject({ reason: null, attempts: [] });
  expect((await api.call('POST', `${partner.endpointPath}/test`)).status).toBe(500);
  expect(receiver.requests).toHaveLength(0);
  await put(secret);
  const [delivery] = await untilDelivered(1);
  expect(delivery?.attempts).toMatchObject([{ number: 1 }]);
});
