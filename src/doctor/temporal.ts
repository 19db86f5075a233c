import { type Connection, ScheduleNotFoundError } from '@temporalio/client';
import { retentionScheduleId } from '../temporal/schedules.ts';
import { ensureSearchAttributes, missingSearchAttributes } from '../temporal/search-attributes.ts';
import { type Check, type DoctorDeps, failed, ok, warning } from './check.ts';

const dayMs = 86_400_000;
const deadlineMs = 5_000;

const ask = <Answer>({ temporal }: DoctorDeps, work: (connection: Connection) => Promise<Answer>): Promise<Answer> => {
  const connection = temporal.connection as Connection;
  return connection.withDeadline(Date.now() + deadlineMs, () => work(connection));
};

export const temporalCheck: Check = {
  name: 'temporal',
  needs: [],
  remedy: 'Check TEMPORAL_ADDRESS, the TLS files or TEMPORAL_API_KEY, and that the frontend runs.',
  async run(deps) {
    const { serverVersion } = await ask(deps, ({ workflowService }) => workflowService.getSystemInfo({}));
    return ok(`Temporal ${serverVersion} at ${deps.config.temporalAddress}.`);
  },
};

const describeNamespace = (deps: DoctorDeps) =>
  ask(deps, ({ workflowService }) => workflowService.describeNamespace({ namespace: deps.config.temporalNamespace }));

export const namespaceCheck: Check = {
  name: 'namespace',
  needs: ['temporal'],
  remedy: 'Make it: temporal operator namespace create --retention 90d -n <TEMPORAL_NAMESPACE>, or correct the name.',
  async run(deps) {
    const { temporalNamespace: namespace, retentionDays } = deps.config;
    const { config } = await describeNamespace(deps);
    const days = (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000) / dayMs;
    const seen = `${namespace} keeps closed workflows for ${days} days`;
    if (days >= retentionDays) return ok(`${seen}.`);
    return warning(
      `${seen}, deliveries are kept for ${retentionDays}: of older leads the UI shows no history.`,
      `temporal operator namespace update -n ${namespace} --retention ${retentionDays}d`,
    );
  },
};

export const searchAttributesCheck: Check = {
  name: 'search-attributes',
  needs: ['namespace'],
  remedy: 'Ask who runs Temporal for the right to list search attributes, or for the attributes (docs/operations.md).',
  async run(deps, fix) {
    const connection = deps.temporal.connection as Connection;
    const { temporalNamespace: namespace } = deps.config;
    const missing = await ask(deps, () => missingSearchAttributes(connection, namespace));
    if (missing.length === 0) return ok('All search attributes are registered.');
    const names = missing.map(({ name, type }) => `--name ${name} --type ${type === 'BOOL' ? 'Bool' : 'Keyword'}`);
    const remedy = `temporal operator search-attribute create -n ${namespace} ${names.join(' ')}`;
    const found = failed(`Missing: ${missing.map(({ name }) => name).join(', ')}. Workers do not start.`, remedy);
    if (!fix) return found;
    await ensureSearchAttributes(connection, namespace);
    return { ...ok('All search attributes are registered.'), fixed: 'Registered what was missing.' };
  },
};

/** Dynamic configuration itself cannot be read through the frontend; what it leads to can, in part. */
export const settingsCheck: Check = {
  name: 'temporal-settings',
  needs: ['namespace'],
  remedy: 'The frontend does not tell its settings: look at its dynamic configuration (docs/operations.md).',
  async run(deps) {
    const { namespaceInfo } = await describeNamespace(deps);
    const { historyShardCount, persistenceStore } = await ask(deps, ({ workflowService }) =>
      workflowService.getClusterInfo({}),
    );
    const seen = `${historyShardCount} history shards on ${persistenceStore || 'an unknown store'}`;
    if (namespaceInfo?.capabilities?.syncUpdate === false) {
      return failed(
        `${seen}; updates are off.`,
        'Set frontend.enableUpdateWorkflowExecution: completing an enrichment needs it.',
      );
    }
    if (historyShardCount === 1 && deps.config.nodeEnv === 'production') {
      return warning(
        `${seen}: all leads share one queue, read 20 times a second by default.`,
        'Shards are chosen once, for an empty database: 512. Until then set history.transferProcessorMaxPollRPS and history.timerProcessorMaxPollRPS to 2000.',
      );
    }
    return ok(`${seen}; the rest of its dynamic configuration cannot be seen from here.`);
  },
};

export const workersCheck: Check = {
  name: 'workers',
  needs: ['namespace'],
  remedy: 'Ask who runs Temporal for the right to describe task queues.',
  async run(deps) {
    const { temporalNamespace: namespace } = deps.config;
    const pollers = async (name: string, taskQueueType: number): Promise<number> => {
      const answer = await ask(deps, ({ workflowService }) =>
        workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType }),
      );
      return new Set(answer.pollers?.map(({ identity }) => identity)).size;
    };
    const workflows = await pollers(deps.taskQueue, 1);
    const seen = `${workflows} worker identities polled ${deps.taskQueue} in the last minutes`;
    return workflows > 0
      ? ok(`${seen}.`)
      : failed(`${seen}: nothing is decided or sent.`, 'Start a worker: spark360 worker.');
  },
};

export const scheduleCheck: Check = {
  name: 'retention',
  needs: ['namespace'],
  remedy: 'Ask who runs Temporal for the right to describe schedules.',
  async run({ temporal }) {
    const handle = temporal.schedule.getHandle(retentionScheduleId);
    try {
      const { state, info } = await handle.describe();
      const last = info.recentActions.at(-1)?.takenAt.toISOString() ?? 'never';
      if (!state.paused) return ok(`The daily retention is scheduled; it last began: ${last}.`);
      return warning(
        `The daily retention is paused; it last began: ${last}.`,
        'temporal schedule toggle --unpause -s retention --reason resumed',
      );
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      return failed(
        'There is no schedule of the daily retention: nothing is ever removed.',
        'Start a worker: it makes the schedule.',
      );
    }
  },
};
