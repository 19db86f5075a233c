import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { startTemporal } from '../../../dev/embedded/temporal.ts';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'spark360-temporal-'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const start = () => startTemporal({ dataDir, retentionDays: 90, report: () => undefined });
const withClient = async <Result>(address: string, work: (client: Client) => Promise<Result>): Promise<Result> => {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
};

test('a killed server starts again on the same address with its workflows, as often as it is killed', async () => {
  let server = await start();
  const { address } = server;
  await withClient(address, (client) => client.workflow.start('any', { workflowId: 'kept', taskQueue: 'nobody' }));
  for (let kill = 0; kill < 3; kill++) {
    const { pid } = JSON.parse(readFileSync(join(dataDir, 'temporal', 'process.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    server = await start();
    expect(server.address).toBe(address);
    const description = await withClient(address, (client) => client.workflow.getHandle('kept').describe());
    expect(description.status.name).toBe('RUNNING');
  }
  await server.stop();
});

test('the namespace keeps closed workflows as long as asked, the search attributes are registered, the UI answers', async () => {
  const server = await start();
  await withClient(server.address, async ({ connection }) => {
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(90 * 86_400);
    const { customAttributes } = await (connection as Connection).operatorService.listSearchAttributes({
      namespace: 'default',
    });
    expect(Object.keys(customAttributes ?? {})).toEqual(
      expect.arrayContaining(['OrganizationId', 'LeadStatus', 'LeadStage', 'HasAbandonedDeliveries']),
    );
  });
  expect((await fetch(server.uiUrl)).status).toBe(200);
  await server.stop();
});
