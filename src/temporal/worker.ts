import { setFlagsFromString } from 'node:v8';
import {
  type ActivityInterceptorsFactory,
  NativeConnection,
  type NativeConnectionOptions,
  Worker,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { type ActivityDeps, createActivities } from '../../activities/index.ts';
import type { Config, WorkerVersion } from '../config/config.ts';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { resendTaskQueue } from '../domain/ids.ts';
import { mailTaskQueue } from '../domain/notice.ts';
import { maxConnections } from '../mail/smtp.ts';
import type { Log } from '../log.ts';
import { connectionOptions, type TemporalTarget } from './connection.ts';
import { dataConverter } from './data-converter.ts';
import { workflowBundle } from './workflow-bundle.ts';

/**
 * At every step of any workflow the SDK's core walks through all that it keeps: 0.25 ms for a thousand. So what is kept
 * is divided among parts, each with a thread and a core of its own.
 */
const cachedInOnePart = 1_250;
/**
 * A workflow task that waits for a first attempt holds its slot: enough of them for the slowest half second, and no
 * more than a busy machine works off well before the tasks time out (10 s).
 */
const maxWorkflowTasks = 200;
/** A poll takes one task: with the SDK's ten polls, a server with slow answers hands out only a few tasks a second. */
const maxWorkflowTaskPolls = 40;
/**
 * A burst is of new leads, and their tasks do not come by the polls for cached ones: half of the polls are for them.
 */
const shareOfNewLeads = 0.5;
/**
 * A workflow of a thousand lanes may take seconds for one task on a busy machine, and stopping it ends the Node process
 * ("async hook stack has become corrupted"). The SDK's default is 5 s; its types do not have this setting yet.
 */
const patience = { isolateExecutionTimeout: '30s' };
/**
 * By default V8 collects all garbage when the heap has grown by a quarter: with some thousand workflows every fifteen
 * seconds, and steps are slow for a third of a second. Workers are also started with `--no-memory-reducer`, which comes
 * too late here.
 */
const collectSeldom = ['--heap-growing-percent=150', '--no-memory-reducer'];
/**
 * Payloads are encrypted, so there is little to gain by gzip, the SDK's default. It costs both sides: the server clears
 * 640 KiB of tables for each of its answers.
 */
const uncompressed = { grpcCompression: { codec: 'none' } } satisfies NativeConnectionOptions;
/** Resumes, recoveries, reports: short ones. */
const maxControlActivities = 50;
/** Mails under way: a mail server that hangs holds these, and nothing else. */
const maxMails = maxConnections;
/** Resends under way: sockets, hardly any CPU. */
const maxResends = 500;

/**
 * How long a stopping worker waits for what it has in hand, and how long for all of its parts to end (milliseconds): a
 * partner that answers within 10 s is heard, and the process has ended before 20 s are over.
 */
const shutdownGraceMs = 11_000;
const shutdownForceMs = 13_000;

export interface RunningWorker {
  /** Takes nothing more, finishes what is in hand within 11 s, hands the rest back; 13 s at most. */
  stop(): Promise<void>;
  /** Resolves when it ended unasked: nothing is done any more by this process. */
  failure: Promise<Error>;
}

/**
 * A lead lives for weeks, too long for every release's workers to run on. So it is not pinned to the version it began
 * on, and from the first release on changes to workflows go through `patched()`.
 */
const deploymentOptions = (version: WorkerVersion): Pick<WorkerOptions, 'workerDeploymentOptions'> => ({
  workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' },
});

interface WorkerDeps {
  config: Pick<Config, 'maxCachedWorkflows' | 'temporalNamespace' | 'workerVersion' | 'workflowStacks'>;
  keyRing: KeyRing;
  temporalTarget: TemporalTarget;
  taskQueue: string;
  activityDeps: ActivityDeps;
  delivery: Pick<Delivery, 'inFlight' | 'queue' | 'heartbeat'>;
  /** Null: activities are not traced. */
  traces: { activities: ActivityInterceptorsFactory } | null;
  log: Log;
}

/** Runs workflows with their attempts, and beside them, on task queues of their own, resends and mails. */
export async function startWorker(
  deps: WorkerDeps,
  workflowBundleOption?: WorkflowBundleOption,
): Promise<RunningWorker> {
  const { config, log } = deps;
  for (const flag of collectSeldom) setFlagsFromString(flag);
  const parts = Math.ceil(config.maxCachedWorkflows / cachedInOnePart);
  const target = { ...(await connectionOptions(deps.temporalTarget)), ...uncompressed };
  // A connection takes one worker of a task queue, and no second one.
  const connections = await Promise.all(Array.from({ length: parts }, () => NativeConnection.connect(target)));
  const shared = sharedOptions(deps, connections[0] as NativeConnection);
  const bundle = workflowBundleOption ?? (await workflowBundle({ stacks: config.workflowStacks }));
  const leads = { ...shared, ...leadOptions(deps, bundle, parts) };
  const workers = await Promise.all([
    ...connections.map((connection) => Worker.create({ ...leads, connection })),
    Worker.create({
      ...shared,
      taskQueue: resendTaskQueue(deps.taskQueue),
      maxConcurrentActivityTaskExecutions: maxResends,
    }),
    Worker.create({
      ...shared,
      taskQueue: mailTaskQueue(deps.taskQueue),
      maxConcurrentActivityTaskExecutions: maxMails,
    }),
  ]);
  const { inFlight, queue, heartbeat } = deps.delivery;
  await heartbeat.start();
  const running = Promise.all(workers.map((worker) => worker.run()));
  void queue.dispatchAll();
  const failure = running.then(
    () => new Promise<never>(() => {}), // stopped
    (error: Error) => {
      log.error({ err: error }, 'worker failed');
      return error;
    },
  );
  return {
    failure,
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      // Attempts that were handed over belong to no task: without this their answers would be lost. The tasks that end
      // now may hand over some more.
      const giveUpAt = performance.now() + shutdownGraceMs;
      await Promise.all([running.catch(() => {}), inFlight.stop(shutdownGraceMs)]);
      await inFlight.stop(giveUpAt - performance.now());
      await heartbeat.stop();
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

const sharedOptions = ({ config, keyRing, activityDeps, traces }: WorkerDeps, connection: NativeConnection) =>
  ({
    connection,
    namespace: config.temporalNamespace,
    dataConverter: dataConverter(keyRing),
    activities: createActivities(activityDeps),
    ...(traces !== null && { interceptors: { activity: [traces.activities] } }),
    ...(config.workerVersion !== undefined && deploymentOptions(config.workerVersion)),
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownForceMs,
  }) satisfies Partial<WorkerOptions>;

/**
 * Of one of `parts` workers that run the workflows: each has its share of what they keep and of the tasks they take.
 */
function leadOptions({ config, taskQueue }: WorkerDeps, bundle: WorkflowBundleOption, parts: number) {
  const share = (whole: number): number => Math.ceil(whole / parts);
  return {
    taskQueue,
    workflowBundle: bundle,
    maxCachedWorkflows: share(config.maxCachedWorkflows),
    maxConcurrentWorkflowTaskExecutions: share(maxWorkflowTasks),
    maxConcurrentWorkflowTaskPolls: share(maxWorkflowTaskPolls),
    nonStickyToStickyPollRatio: shareOfNewLeads,
    ...patience,
    maxConcurrentLocalActivityExecutions: maxWorkflowTasks,
    maxConcurrentActivityTaskExecutions: maxControlActivities,
  } satisfies WorkerOptions;
}
