import type { Connection } from '@temporalio/client';
import { defaultTaskQueue, eventsClient } from './client.ts';
import type { Config } from './config.ts';
import { parseKeyRing } from './crypto/key-ring.ts';
import { attempts } from './db/attempts.ts';
import { backlog } from './db/backlog.ts';
import { erasure } from './db/erasure.ts';
import { endpointQueue } from './db/endpoint-queue.ts';
import { endpointStatus } from './db/endpoint-status.ts';
import { listeners } from './db/listeners.ts';
import { manualDelivery } from './db/manual-delivery.ts';
import { outbox } from './db/outbox.ts';
import { openDatabase } from './db/pool.ts';
import { overdue } from './db/overdue.ts';
import { notices } from './db/notices.ts';
import { openNotifications } from './db/notifications.ts';
import { publishing } from './db/publishing.ts';
import { recovery } from './db/recovery.ts';
import { resumes } from './db/resume.ts';
import { retention } from './db/retention.ts';
import { workers } from './db/workers.ts';
import type { AttemptResult } from './domain/outcome.ts';
import { Answers } from './listeners/answers.ts';
import { createListenerSender, noListener } from './listeners/send.ts';
import { isListenerUrl } from './listeners/url.ts';
import { createMailer } from './mail/mailer.ts';
import { composeDelivery } from './delivery/compose.ts';
import { createLog } from './telemetry/log.ts';
import { observeAttempt, observeResend } from './telemetry/attempts.ts';
import { observeBacklog } from './telemetry/backlog.ts';
import { observeConnections } from './telemetry/connections.ts';
import { observeMails } from './telemetry/mails.ts';
import { countRemoved, createMetrics } from './telemetry/metrics.ts';
import { encryptionCodec } from './temporal/codec.ts';
import { type TemporalTarget, temporalClient } from './temporal/connection.ts';
import { histories } from './temporal/histories.ts';
import { operations } from './temporal/operations.ts';
import { laneSignals } from './temporal/lane-signals.ts';
import { createSender, type Sender } from './webhooks/send.ts';

/** Connections to Postgres, in each process: an activity holds one for a statement, never while a partner thinks. */
const poolSize = 16;
/** Beside those, of the API, for lists: none of them can take a connection from intake, and Postgres ends one that the API gave up on. */
const reads = { poolSize: 16, statementTimeoutMs: 5_000 };

export interface DepsOptions {
  /** The process's name in its log lines: api, worker, relay, all. */
  role: string;
  taskQueue?: string;
}

/** Builds everything from the configuration: the one place that knows how the parts fit. `databaseUrl` and `temporalAddress` must be known by now. */
export async function buildDeps(config: Config, { role, taskQueue = defaultTaskQueue }: DepsOptions) {
  const { databaseUrl, temporalAddress } = config;
  if (databaseUrl === undefined) throw new Error('DATABASE_URL: required');
  if (temporalAddress === undefined) throw new Error('TEMPORAL_ADDRESS: required');
  const log = createLog(config, role);
  const metrics = createMetrics({ process: true });
  const keyRing = parseKeyRing(config.encryptionKeys);
  const db = openDatabase(databaseUrl, poolSize, (error) => log.warn({ err: error }, 'database connection lost'));
  const readsDb = openDatabase(
    databaseUrl,
    reads.poolSize,
    (error) => log.warn({ err: error }, 'database connection lost'),
    reads,
  );
  const outboxDb =
    config.outboxDatabaseUrl === undefined
      ? db
      : openDatabase(config.outboxDatabaseUrl, 1, (error) => log.warn({ err: error }, 'outbox connection lost'));
  // In this order: a scrape counts the connections before it takes one itself.
  observeConnections(metrics.registry, { main: db, ...(outboxDb !== db && { outbox: outboxDb }) });
  observeBacklog(metrics.registry, () => backlog(db), log);
  const temporalTarget: TemporalTarget = {
    address: temporalAddress,
    namespace: config.temporalNamespace,
    ...(config.temporalApiKey !== undefined && { apiKey: config.temporalApiKey }),
    ...(config.temporalTls !== undefined && { tls: config.temporalTls }),
  };
  // OpenTelemetry is loaded only where traces are configured.
  const traces =
    config.otlpEndpoint === undefined
      ? null
      : (await import('./telemetry/traces/start.ts')).startTraces(config.otlpEndpoint, role, log);
  const temporal = await temporalClient(temporalTarget, keyRing, traces === null ? [] : [traces.client]);
  const sender = createSender({
    allowLoopback: config.allowInsecureEndpoints === 'loopback',
    timeoutMs: config.attemptTimeoutMs,
  });
  const mailer = observeMails(
    createMailer({
      smtpUrl: config.smtpUrl,
      from: config.mailFrom,
      dataDir: config.dataDir,
      isProduction: config.nodeEnv === 'production',
      log,
    }),
    metrics.mails,
  );
  const notifications = openNotifications(databaseUrl, (error) => log.warn({ err: error }, 'notifications lost'));
  const answers = new Answers(notifications);
  const listenerSender = (whenLost: (endpointId: string) => Promise<AttemptResult>) =>
    createListenerSender({ listeners: listeners(db), answers, timeoutMs: config.attemptTimeoutMs, whenLost });
  // No attempt is used up: it begins again, and finds the endpoint paused.
  const toListener = listenerSender(async (endpointId) => {
    await endpointStatus(db).pause(endpointId, 'listener_lost');
    throw new Error(`the listener of endpoint ${endpointId} is gone`);
  });
  const observe = observeAttempt({ log, metrics });
  const observeByHand = observeResend({ log, metrics });
  const signals = laneSignals({ temporal, taskQueue, takeovers: metrics.takeovers, log });
  const delivery = composeDelivery({
    attempts: attempts(db),
    endpointQueue: endpointQueue(db),
    endpointStatus: endpointStatus(db),
    manualDelivery: manualDelivery(db),
    workers: workers(db),
    keyRing,
    send: byKind(sender.send, toListener),
    wake: signals.wake,
    tellOutcomes: signals.tellOutcomes,
    reportProbe: signals.reportProbe,
    retryScheduleMs: config.retryScheduleMs,
    attemptTimeoutMs: config.attemptTimeoutMs,
    observe: traces === null ? observe : both(observe, traces.attempt),
    log,
  });
  const activityParts = {
    db,
    publishing: publishing(db),
    delivery,
    endpointStatus: endpointStatus(db),
    resumes: resumes(db),
    overdue: overdue(db),
    recovery: recovery(db),
    erasure: erasure(db),
    histories: histories(temporal),
    outbox: outbox(outboxDb),
    manualDelivery: manualDelivery(db),
    retention: retention(db),
    retentionDays: config.retentionDays,
    countRemoved: countRemoved(metrics),
    retentionLastRun: metrics.retentionLastRun,
    keyRing,
    wake: signals.wake,
    wakeIfRunning: signals.wakeIfRunning,
    requestSkip: signals.requestSkip,
    temporal,
    taskQueue,
    mailer,
    notices: notices(db),
    maxDailyMails: config.maxDailyMails,
    publicUrl: config.publicUrl,
    enrichmentOverdue: metrics.enrichmentOverdue,
    log,
    retryScheduleMs: config.retryScheduleMs,
    attemptTimeoutMs: config.attemptTimeoutMs,
    settings: {
      addressGraceMs: config.addressGraceMs,
      enrichmentDeadlineMs: config.enrichmentDeadlineMs,
      idleAfterMs: config.idleAfterMs,
      attemptTimeoutMs: config.attemptTimeoutMs,
      attempts: config.retryScheduleMs.length + 1,
    },
    observeResend: traces === null ? observeByHand : both(observeByHand, traces.attempt),
  };
  return {
    config,
    log,
    metrics,
    db,
    outboxDb,
    reads: readsDb,
    keyRing,
    codec: encryptionCodec(keyRing),
    temporal,
    temporalTarget,
    taskQueue,
    client: eventsClient(temporal, taskQueue),
    operations: operations(activityParts),
    // A test, unlike an attempt, has a result also where no listener is connected.
    send: byKind(
      sender.send,
      listenerSender(async () => noListener),
    ),
    notifications,
    delivery,
    activityParts,
    traces,
    requestTraces: traces?.requests,
    /** Rejects when Temporal cannot be reached within two seconds. */
    temporalReady: async () => {
      const connection = temporal.connection as Connection;
      await connection.withDeadline(Date.now() + 2_000, () =>
        connection.workflowService.describeNamespace({ namespace: config.temporalNamespace }),
      );
    },
    async close() {
      const sendingTraces = traces?.close();
      await sender.close();
      await notifications.close();
      mailer.close();
      await temporal.connection.close();
      await Promise.all([db.close(), readsDb.close()]);
      if (outboxDb !== db) await outboxDb.close();
      await sendingTraces;
    },
  };
}

/** A listener's URL names no host: it never gets to the sender that opens connections, nor any other URL to listeners. */
const byKind =
  (toWebhook: Sender['send'], toListener: Sender['send']): Sender['send'] =>
  (request) =>
    isListenerUrl(request.url) ? toListener(request) : toWebhook(request);

const both =
  <Given>(one: (given: Given) => void, other: (given: Given) => void) =>
  (given: Given): void => {
    one(given);
    other(given);
  };

export type Deps = Awaited<ReturnType<typeof buildDeps>>;
