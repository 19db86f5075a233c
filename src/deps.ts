import { defaultTaskQueue, eventsClient } from './client.ts';
import type { Config } from './config/config.ts';
import { parseKeyRing } from './crypto/key-ring.ts';
import { attempts } from './db/attempts.ts';
import { backlog } from './db/backlog.ts';
import { erasure } from './db/erasure.ts';
import { endpointDeletion } from './db/endpoint-deletion.ts';
import { endpointQueue } from './db/endpoint-queue.ts';
import { endpointStatus } from './db/endpoint-status.ts';
import { listeners } from './db/listeners.ts';
import { manualDelivery } from './db/manual-delivery.ts';
import { outbox } from './db/outbox.ts';
import { openDeliveries } from './db/open-deliveries.ts';
import { type Database, openDatabase } from './db/pool.ts';
import { overdue } from './db/overdue.ts';
import { notices } from './db/notices.ts';
import { openNotifications } from './db/notifications.ts';
import { publishing } from './db/publishing.ts';
import { recovery } from './db/recovery.ts';
import { resumes } from './db/resume.ts';
import { retention } from './db/retention.ts';
import { workers } from './db/workers.ts';
import { Answers } from './listeners/answers.ts';
import { sendersByKind } from './listeners/senders.ts';
import { createMailer } from './mail/mailer.ts';
import { composeDelivery } from './delivery/delivery.ts';
import { createLog, type Log } from './log.ts';
import { observeAttempt, observeResend } from './telemetry/attempts.ts';
import { observeBacklog } from './telemetry/backlog.ts';
import { observeConnections } from './telemetry/connections.ts';
import { observeMails } from './telemetry/mails.ts';
import { countRemoved, createMetrics, type Metrics } from './telemetry/metrics.ts';
import { encryptionCodec } from './temporal/codec.ts';
import { pingTemporal, temporalClient, temporalTarget } from './temporal/connection.ts';
import { histories } from './temporal/histories.ts';
import { operations } from './operations/operations.ts';
import { laneSignals } from './temporal/lane-signals.ts';
import { createSender } from './webhooks/send.ts';

/** Connections to Postgres, in each process: an activity holds one for a statement, never while a partner thinks. */
const poolSize = 16;
/**
 * Beside those, of the API, for lists: none of them takes a connection from intake, and Postgres ends one that is slow.
 */
const reads = { poolSize: 16, statementTimeoutMs: 5_000 };

interface DepsOptions {
  /** The process's name in its log lines: api, worker, relay, all. */
  role: string;
  taskQueue?: string;
}

/**
 * Builds everything from the configuration: the one place that knows how the parts fit. Nothing is connected yet.
 * @throws when `databaseUrl` or `temporalAddress` is absent
 */
export async function buildDeps(config: Config, { role, taskQueue = defaultTaskQueue }: DepsOptions) {
  const log = createLog(config, role);
  const metrics = createMetrics({ process: true });
  const keyRing = parseKeyRing(config.encryptionKeys);
  const { pools, close: closePools } = openPools(config, log);
  const { db, outboxDb } = pools;
  // In this order: a scrape counts the connections before it takes one itself.
  observeConnections(metrics.registry, { main: db, ...(outboxDb !== db && { outbox: outboxDb }) });
  observeBacklog(metrics.registry, () => backlog(db), log);
  const target = temporalTarget(config);
  const traces = await startTraces(config, role, log);
  const temporal = await temporalClient(target, keyRing, traces === null ? [] : [traces.client]);
  const mailer = observeMails(openMailer(config, log), metrics.mails);
  const observed = observers({ log, metrics }, traces);
  const sending = openSenders(config, pools, log);
  const repositories = repositoriesOf(pools);
  const signals = laneSignals({ temporal, taskQueue, takeovers: metrics.takeovers, log });
  const shared = { ...repositories, ...signals, keyRing, log, ...scheduleOf(config) };
  const delivery = composeDelivery({ ...shared, send: sending.sendAttempt, observe: observed.attempt });
  const activityDeps = {
    ...shared,
    db,
    delivery,
    temporal,
    taskQueue,
    histories: histories(temporal),
    mailer,
    ...settingsOf(config),
    ...countersOf(metrics),
    observeResend: observed.resend,
  };
  return {
    config,
    log,
    metrics,
    ...pools,
    keyRing,
    codec: encryptionCodec(keyRing),
    temporal,
    temporalTarget: target,
    taskQueue,
    client: eventsClient(temporal, taskQueue),
    operations: operations(activityDeps),
    send: sending.sendTest,
    notifications: sending.notifications,
    delivery,
    activityDeps,
    traces,
    requestTraces: traces?.requests,
    temporalReady: () => pingTemporal(temporal, config.temporalNamespace),
    async close() {
      const sendingTraces = traces?.close();
      await sending.close();
      mailer.close();
      await temporal.connection.close();
      await closePools();
      await sendingTraces;
    },
  };
}

export type Deps = Awaited<ReturnType<typeof buildDeps>>;

interface Pools {
  db: Database;
  /** The same database by connections of its own, for lists. */
  reads: Database;
  /** The backend's, when its outbox has a database of its own; `db` otherwise. */
  outboxDb: Database;
}

function openPools({ databaseUrl, outboxDatabaseUrl }: Config, log: Log) {
  if (databaseUrl === undefined) throw new Error('DATABASE_URL: required');
  const lost = (error: Error): void => log.warn({ err: error }, 'database connection lost');
  const db = openDatabase(databaseUrl, poolSize, lost);
  const readsDb = openDatabase(databaseUrl, reads.poolSize, lost, reads);
  const outboxDb =
    outboxDatabaseUrl === undefined
      ? db
      : openDatabase(outboxDatabaseUrl, 1, (error) => log.warn({ err: error }, 'outbox connection lost'));
  const pools: Pools = { db, reads: readsDb, outboxDb };
  return {
    pools,
    async close() {
      await Promise.all([db.close(), readsDb.close()]);
      if (outboxDb !== db) await outboxDb.close();
    },
  };
}

const repositoriesOf = ({ db, outboxDb }: Pools) => ({
  attempts: attempts(db),
  endpointQueue: endpointQueue(db),
  endpointStatus: endpointStatus(db),
  endpointDeletion: endpointDeletion(db),
  manualDelivery: manualDelivery(db),
  workers: workers(db),
  publishing: publishing(db),
  openDeliveries: openDeliveries(db),
  resumes: resumes(db),
  overdue: overdue(db),
  recovery: recovery(db),
  erasure: erasure(db),
  outbox: outbox(outboxDb),
  retention: retention(db),
  notices: notices(db),
});

const openMailer = (config: Config, log: Log) =>
  createMailer({
    smtpUrl: config.smtpUrl,
    from: config.mailFrom,
    dataDir: config.dataDir,
    isProduction: config.nodeEnv === 'production',
    log,
  });

const scheduleOf = ({ retryScheduleMs, attemptTimeoutMs }: Config) => ({ retryScheduleMs, attemptTimeoutMs });

/** What activities read of the configuration; `settings` are the waits that workflows hear of with each publish. */
const settingsOf = (config: Config) => ({
  retentionDays: config.retentionDays,
  maxDailyMails: config.maxDailyMails,
  publicUrl: config.publicUrl,
  settings: {
    addressGraceMs: config.addressGraceMs,
    enrichmentDeadlineMs: config.enrichmentDeadlineMs,
    idleAfterMs: config.idleAfterMs,
    attemptTimeoutMs: config.attemptTimeoutMs,
    attempts: config.retryScheduleMs.length + 1,
  },
});

const countersOf = (metrics: Metrics) => ({
  countRemoved: countRemoved(metrics),
  retentionLastRun: metrics.retentionLastRun,
  enrichmentOverdue: metrics.enrichmentOverdue,
});

/** What sends to partners' addresses, and to listeners by notifications of the database. */
function openSenders(config: Config, { db }: Pools, log: Log) {
  const sender = createSender({
    allowLoopback: config.allowInsecureEndpoints === 'loopback',
    timeoutMs: config.attemptTimeoutMs,
  });
  const notifications = openNotifications(config.databaseUrl as string, (error) =>
    log.warn({ err: error }, 'notifications lost'),
  );
  const { sendAttempt, sendTest } = sendersByKind({
    toWebhook: sender.send,
    listeners: listeners(db),
    answers: new Answers(notifications),
    timeoutMs: config.attemptTimeoutMs,
    pause: (endpointId) => endpointStatus(db).pause(endpointId, 'listener_lost'),
  });
  return {
    sendAttempt,
    sendTest,
    notifications,
    async close() {
      await sender.close();
      await notifications.close();
    },
  };
}

/** OpenTelemetry is loaded only where traces are configured. */
async function startTraces({ otlpEndpoint }: Config, role: string, log: Log) {
  if (otlpEndpoint === undefined) return null;
  const traces = await import('./telemetry/traces/start.ts');
  return traces.startTraces(otlpEndpoint, role, log);
}

type Traces = Awaited<ReturnType<typeof startTraces>>;

/** What is told of each attempt: the log, the metrics, and the traces where they are wanted. */
function observers(telemetry: { log: Log; metrics: Metrics }, traces: Traces) {
  const [attempt, resend] = [observeAttempt(telemetry), observeResend(telemetry)];
  return traces === null
    ? { attempt, resend }
    : { attempt: both(attempt, traces.attempt), resend: both(resend, traces.attempt) };
}

const both =
  <Given>(one: (given: Given) => void, other: (given: Given) => void) =>
  (given: Given): void => {
    one(given);
    other(given);
  };
