import { setFlagsFromString } from 'node:v8';
import {
  NativeConnection,
  type NativeConnectionOptions,
  Worker,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import type { WorkerVersion } from '../config.ts';
import type { Deps } from '../deps.ts';
import { resendTaskQueue } from '../domain/ids.ts';
import { mailTaskQueue } from '../domain/notice.ts';
import { maxConnections } from '../mail/smtp.ts';
import { connectionOptions } from './connection.ts';
import { dataConverter } from './data-converter.ts';
import { workflowBundle } from './workflow-bundle.ts';

/**
 * At every step of any workflow the SDK's core walks through all it keeps, a quarter of a millisecond for a thousand, and takes no other
 * step until then. So what is kept is divided, each part with a thread and a core of its own.
 */
const cachedInOnePart = 1_250;
/**
 * A workflow task that waits for a first attempt holds its slot: enough of them for the slowest half second, and no more than
 * a busy machine works off well before the tasks time out (10 s).
 */
const maxWorkflowTasks = 200;
/** Each poll takes a task at a time: with the ten that are usual, a server whose answers are slow hands out a few tasks a second. */
const maxWorkflowTaskPolls = 40;
/** A burst is of new leads, and their tasks do not come by the polls for cached ones: half of the polls are for them. */
const shareOfNewLeads = 0.5;
/**
 * A workflow of a thousand lanes may take seconds for one task on a busy machine. Stopped in the middle, Node ends the whole
 * process ("async hook stack has become corrupted"), so that is for a workflow that never ends its task. The SDK takes this
 * setting (its default is 5 s), but has it in no type yet.
 */
const patience = { isolateExecutionTimeout: '30s' };
/**
 * Of its own accord V8 collects all garbage when the heap has grown by a quarter, and when a thread has little to do: with some thousand workflows
 * every fifteen seconds, and for a third of a second each step of every lead takes several times as long. So the heap may grow to
 * two and a half times what is in use, and memory pays for it. The main thread's reducer is there before this is set, so that a worker is also
 * started with `--no-memory-reducer`.
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
 * A lead lives for weeks: were it pinned to the version it began on, every release's workers would have to run as long. So
 * it goes on with whatever version is current, and changes to workflows go through `patched()` from the first release on, versioned or not.
 */
const deploymentOptions = (version: WorkerVersion): Pick<WorkerOptions, 'workerDeploymentOptions'> => ({
  workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' },
});

/** Runs workflows with their attempts, and beside them, on task queues of their own, resends and mails. */
export async function startWorker(deps: Deps, workflowBundleOption?: WorkflowBundleOption): Promise<RunningWorker> {
  const { config, keyRing, log } = deps;
  for (const flag of collectSeldom) setFlagsFromString(flag);
  const parts = Math.ceil(config.maxCachedWorkflows / cachedInOnePart);
  const partOf = (whole: number): number => Math.ceil(whole / parts);
  const target = { ...(await connectionOptions(deps.temporalTarget)), ...uncompressed };
  // A connection takes one worker of a task queue, and no second one.
  const connections = await Promise.all(Array.from({ length: parts }, () => NativeConnection.connect(target)));
  const shared = {
    connection: connections[0] as NativeConnection,
    namespace: config.temporalNamespace,
    dataConverter: dataConverter(keyRing),
    activities: createActivities(deps.activityParts),
    ...(deps.traces !== null && { interceptors: { activity: [deps.traces.activities] } }),
    ...(config.workerVersion !== undefined && deploymentOptions(config.workerVersion)),
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownForceMs,
  } satisfies Partial<WorkerOptions>;
  const leads = {
    ...shared,
    taskQueue: deps.taskQueue,
    workflowBundle: workflowBundleOption ?? (await workflowBundle({ stacks: config.workflowStacks })),
    maxCachedWorkflows: partOf(config.maxCachedWorkflows),
    maxConcurrentWorkflowTaskExecutions: partOf(maxWorkflowTasks),
    maxConcurrentWorkflowTaskPolls: partOf(maxWorkflowTaskPolls),
    nonStickyToStickyPollRatio: shareOfNewLeads,
    ...patience,
    maxConcurrentLocalActivityExecutions: maxWorkflowTasks,
    maxConcurrentActivityTaskExecutions: maxControlActivities,
  } satisfies WorkerOptions;
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
  const { inFlight, queue, presence } = deps.delivery;
  await presence.start();
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
      // Attempts that were handed over belong to no task: without this their answers would be lost.
      await Promise.all([running.catch(() => {}), inFlight.stop(shutdownGraceMs)]);
      await presence.stop();
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}
