import { type Config, ConfigError, type Environment, readConfig, type Role } from '../config/config.ts';
import { maskedSettings } from '../config/document.ts';
import { developmentKeys } from '../config/development-keys.ts';
import { createLog, type Log } from '../log.ts';
import { within } from '../within.ts';
import { reachLoopbackDirectly } from './shell-variables.ts';
import { stopSignal } from './stop-signal.ts';

const stopTimeoutMs = 18_000;

export interface RunContext {
  config: Config;
  log: Log;
  /**
   * Adds a step to what happens at the end; steps run in the reverse order,
   * each once, none waited for longer than `limitMs`.
   */
  onStop(step: () => Promise<void>, limitMs?: number): void;
  /** Ends the process with exit code 1, in order. */
  onFailure(error: Error): void;
}

/**
 * Runs one role of the service until SIGINT or SIGTERM, then ends it in order, with exit code 0, within 20 seconds. A
 * wrong configuration, a failed start or a failure later on is told in words, with exit code 1.
 */
export async function run(
  role: Role,
  start: (context: RunContext) => Promise<void>,
  environment: Environment = process.env,
): Promise<never> {
  const steps: (() => Promise<void>)[] = [];
  let code = 0;
  reachLoopbackDirectly(process.env);
  try {
    const config = readConfig(environment, developmentKeys, role);
    const log = createLog(config, role);
    log.info({ settings: maskedSettings(environment) }, 'starting');
    if (config.allowInsecureEndpoints !== null)
      log.warn('ALLOW_INSECURE_ENDPOINTS is on: endpoints on loopback are allowed, and http to them');
    await new Promise<void>((resolve, reject) => {
      const onStop: RunContext['onStop'] = (step, limitMs = stopTimeoutMs) =>
        steps.push(() => within(limitMs, step(), () => undefined));
      void stopSignal().then(resolve); // also during a start that takes long
      start({ config, log, onStop, onFailure: reject }).then(() => log.info('started'), reject);
    });
    log.info('stopping');
  } catch (error) {
    process.stderr.write(`${formatError(error)}\n`);
    code = 1;
  }
  // What is not over by then is left to the kernel, which ends our children with us.
  await within(stopTimeoutMs, endAll(steps), () => undefined);
  process.exit(code);
}

/** Does one thing: exit code 0 when it is done, 1 when it fails. */
export const runOnce = (role: Role, work: (context: RunContext) => Promise<void>): Promise<never> =>
  run(role, async (context) => {
    await work(context);
    process.exit(0);
  });

async function endAll(steps: (() => Promise<void>)[]): Promise<void> {
  for (const step of steps.splice(0).reverse()) {
    await step().catch((error: unknown) => process.stderr.write(`While stopping: ${formatError(error)}\n`));
  }
}

function formatError(error: unknown): string {
  if (error instanceof ConfigError) return `Wrong configuration:\n${error.message}`;
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}\n  because: ${formatError(error.cause)}` : error.message;
}
