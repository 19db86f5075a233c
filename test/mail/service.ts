import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { DigestTimes } from '../../activities/notify.ts';
import { readConfig } from '../../src/config/config.ts';
import { buildDeps, type Deps } from '../../src/deps.ts';
import type { Notice } from '../../src/domain/notice.ts';
import { installRuntime } from '../../src/temporal/runtime.ts';
import { type RunningWorker, startWorker } from '../../src/temporal/worker.ts';
import { createTestDatabase, temporalAddress, testBundlePath, uniqueTaskQueue } from '../support/services.ts';
import { keptLog } from './log-lines.ts';

/** The log of everything in this process, the SDK's own lines included, kept to be searched. */
export const processLog = keptLog();
installRuntime(processLog.log);

/** The real worker with its own database and task queues, towards one mail server. */
export interface MailService {
  deps: Deps;
  temporal: Client;
  taskQueue: string;
  /** Once more after `stopWorker`: the process starts again. */
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMailService(
  smtpUrl: string,
  { digestTimes, bundle }: { digestTimes?: DigestTimes; bundle?: WorkflowBundleOption } = {},
): Promise<MailService> {
  const database = await createTestDatabase();
  const config = readConfig(
    {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporalAddress(),
      DATA_DIR: join(tmpdir(), `spark360-${randomUUID()}`),
      ADMIN_API_KEY: 'operator',
      ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
      SMTP_URL: smtpUrl,
      PUBLIC_URL: 'https://events.spark360.example',
      LOG_LEVEL: 'silent',
    },
    { adminApiKey: () => '', encryptionKeys: () => '' },
  );
  const deps = await buildDeps(config, { role: 'test', taskQueue: uniqueTaskQueue('mail') });
  const activityDeps = { ...deps.activityDeps, log: processLog.log, ...(digestTimes && { digestTimes }) };
  let worker: RunningWorker | null = null;
  const service: MailService = {
    deps,
    temporal: deps.temporal,
    taskQueue: deps.taskQueue,
    async startWorker() {
      worker = await startWorker({ ...deps, activityDeps }, bundle ?? { codePath: testBundlePath() });
    },
    async stopWorker() {
      await worker?.stop();
      worker = null;
    },
    async stop() {
      await service.stopWorker();
      await deps.close();
      await database.drop();
    },
  };
  await service.startWorker();
  return service;
}

/** What a notice is about: an organization, its endpoint, and a failed attempt there. */
export async function aFailure(
  { deps: { db } }: MailService,
  {
    notify = ['owner@org.example'],
    body = 'out of order',
    url = 'https://partner.example/hook',
  }: { notify?: string[]; body?: string; url?: string } = {},
): Promise<Notice> {
  const notice: Notice = {
    kind: 'warning',
    organizationId: randomUUID(),
    endpointId: randomUUID(),
    episode: 1,
    deliveryId: randomUUID(),
    attempt: 4,
  };
  const { organizationId, endpointId, deliveryId, attempt } = notice;
  await db.execute('insert into organizations (id, notify) values ($1, $2)', [organizationId, notify]);
  await db.execute(
    `insert into endpoints (id, organization_id, url, events, secret) values ($1, $2, $3, '{lead.enriched}', '\\x00')`,
    [endpointId, organizationId, url],
  );
  await db.execute(
    `insert into deliveries (id, event_id, endpoint_id, organization_id, subject, event, sequence, status, attempt)
     values ($1, gen_random_uuid(), $2, $3, 'lead/x', 'lead.enriched', 1, 'retrying', $4)`,
    [deliveryId, endpointId, organizationId, attempt],
  );
  await db.execute(
    `insert into attempts (id, delivery_id, number, started_at, duration_ms, status_code, response_body)
     values (gen_random_uuid(), $1, $2, now(), 12, 500, $3)`,
    [deliveryId, attempt, body],
  );
  return notice;
}

/** Everything Temporal keeps of a workflow. */
export async function keptHistory({ temporal }: MailService, workflowId: string): Promise<string> {
  const { history } = await temporal.workflowService.getWorkflowExecutionHistory({
    namespace: temporal.options.namespace,
    execution: { workflowId },
  });
  return legible(history);
}

/** What Temporal gave, with its payloads in base64 and, behind, as the bytes they are. */
export function legible(value: unknown): string {
  const json = JSON.stringify(value);
  const bytes = [...json.matchAll(/"([A-Za-z0-9+/]{8,}={0,2})"/g)].map(([, base64 = '']) =>
    Buffer.from(base64, 'base64').toString('latin1'),
  );
  return [json, ...bytes].join('\n');
}
