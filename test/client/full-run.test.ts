import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from '../../src/client.ts';
import { aLead } from '../support/lead-events.ts';
import { startTemporalWith } from '../support/temporal-server.ts';

const mostSignals = 20;
const retryForMs = 2_000;

let temporal: Awaited<ReturnType<typeof startTemporalWith>>;

beforeAll(async () => {
  temporal = await startTemporalWith({ 'history.maximumSignalsPerExecution': mostSignals });
});
afterAll(() => temporal?.stop());

test('a run that takes no more signals is waited for: it is about to continue as new', async () => {
  const client = await connect({
    address: temporal.address,
    namespace: 'default',
    encryptionKeys: `test:${randomBytes(32).toString('base64')}`,
    taskQueue: 'nobody',
    retryForMs,
  });
  try {
    const event = aLead('6b0f7f0c-9d57-4b43-8a1e-0f6f7f3c2a11').created() as Parameters<typeof client.publish>[0];
    for (let sent = 0; sent < mostSignals; sent += 1) await client.publish(event);
    const startedAt = performance.now();
    await expect(client.publish(event)).rejects.toMatchObject({
      name: 'NotPublishedError',
      cause: { cause: { details: expect.stringContaining('limit for signal events') } },
    });
    expect(performance.now() - startedAt).toBeGreaterThan(retryForMs / 4);
  } finally {
    await client.close();
  }
});
