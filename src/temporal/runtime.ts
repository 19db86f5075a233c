import { DefaultLogger, type LogLevel, Runtime } from '@temporalio/worker';
import type { Log } from '../log.ts';

const levels: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** Workers of attempts and of mails have no workflows, on purpose. */
const expected = 'No workflows registered';

/**
 * Sends the SDK's own lines to our log, from warnings on, and serves its metrics at `metricsAddress` (host:port). Once
 * a process, before anything else of the SDK is used.
 */
export function installRuntime(log: Log, metricsAddress?: string): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (message.startsWith(expected)) return;
    // Of the SDK's own fields only these: others may carry what a workflow or activity was called with.
    const { sdkComponent, taskQueue, workflowId, workflowType, activityType, error } = meta ?? {};
    log[levels[level]]({ sdkComponent, taskQueue, workflowId, workflowType, activityType, err: error }, message);
  });
  Runtime.install({
    logger,
    // Shutdown is ours to order (src/bin): the SDK must not take signals for itself.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} },
      ...(metricsAddress !== undefined && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}
