import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Connection } from '@temporalio/client';
import type { Config, Environment } from '../config/config.ts';
import { migrate } from '../db/migrate.ts';
import { demoOrganization } from '../../dev/demo/journey.ts';
import { playDemo } from '../../dev/demo/play.ts';
import { buildDeps, type Deps } from '../deps.ts';
import { lockDataDir } from '../../dev/embedded/data-dir.ts';
import { freePort, isFree } from '../../dev/embedded/ports.ts';
import { needsEmbedded, startEmbedded } from '../../dev/embedded/services.ts';
import { startApi } from '../http/server.ts';
import { installRuntime } from '../temporal/runtime.ts';
import { startRelay } from '../outbox/relay.ts';
import { savedViews } from '../temporal/saved-views.ts';
import { ensureSchedules } from '../temporal/schedules.ts';
import { ensureSearchAttributes, reportsProblems } from '../temporal/search-attributes.ts';
import { startWorker } from '../temporal/worker.ts';
import { checkDatabases } from './check-databases.ts';
import { consoleDir } from './console-dir.ts';
import { type RunContext, run } from './run.ts';
import { forgetServerVariables } from './shell-variables.ts';

/** What a worker takes to stop, and a little more (milliseconds). */
const rolesStopMs = 13_500;

const report = (line: string): void => void process.stdout.write(`${line}\n`);
const isProduction = process.env.NODE_ENV === 'production';
const withDemo = !isProduction && !process.argv.includes('--no-demo');

/** In development the demo's partner is on loopback, and the demo's lines are not lost among log lines. */
const environment: Environment = {
  ...process.env,
  ALLOW_INSECURE_ENDPOINTS: process.env.ALLOW_INSECURE_ENDPOINTS || (withDemo ? 'loopback' : undefined),
  LOG_LEVEL: process.env.LOG_LEVEL || (isProduction ? undefined : 'warn'),
};

/** Everything in one process, with whatever servers it needs and was given no address for. */
async function start(context: RunContext): Promise<void> {
  const { onStop, onFailure } = context;
  forgetServerVariables(process.env, context.config);
  if (needsEmbedded(context.config)) onStop(await lockDataDir(resolve(context.config.dataDir), report));
  const ported = await withPort(context.config);
  const cacheDir = process.env.XDG_CACHE_HOME && join(process.env.XDG_CACHE_HOME, 'spark360-events');
  const token = randomBytes(32).toString('base64url');
  const uiCodecEndpoint = `http://${urlHost(ported.host)}:${ported.port}/codec/${token}`;
  const { config, temporalUiUrl } = await startEmbedded(ported, {
    report,
    onStop,
    onFailure,
    cacheDir: cacheDir || undefined,
    uiCodecEndpoint,
  });

  const sdkMetricsAddress = `127.0.0.1:${await freePort()}`;
  installRuntime(context.log, sdkMetricsAddress);
  await checkDatabases(config);
  await migrate(config.databaseUrl as string);
  const deps = await buildDeps(config, { role: 'all' });
  onStop(deps.close, 1_000);
  await ensureSearchAttributes(deps.temporal.connection as Connection, config.temporalNamespace);
  await ensureSchedules(deps.temporal, deps.taskQueue);
  const worker = await startWorker(deps);
  const roles: (() => Promise<void>)[] = [worker.stop];
  // Together: each has as long as it needs, and the process ends within 20 s.
  onStop(async () => void (await Promise.all(roles.map((stop) => stop()))), rolesStopMs);
  void worker.failure.then(onFailure);
  const relay = await startRelay(deps);
  roles.push(relay.stop);
  const codecCapability = temporalUiUrl === null ? undefined : { token, origins: originsOf(temporalUiUrl) };
  const api = await startApi({
    ...deps,
    codecCapability,
    consoleDir,
    config: { ...config, sdkMetricsAddress, temporalUiUrl: config.temporalUiUrl ?? temporalUiUrl ?? undefined },
  });
  roles.push(api.close);

  report(
    `API ${api.url} · console ${api.url}/console · reference ${api.url}/docs${temporalUiUrl ? ` · Temporal ${temporalUiUrl}` : ''}`,
  );
  if (!process.env.ADMIN_API_KEY) report(`Operator's key, made for development: ${config.adminApiKey}`);
  if (temporalUiUrl !== null) await reportViews(temporalUiUrl, deps);
  if (withDemo)
    await playDemo({
      apiUrl: api.url,
      adminApiKey: config.adminApiKey,
      temporalUiUrl,
      namespace: config.temporalNamespace,
      report,
      onStop,
    });
}

async function reportViews(uiUrl: string, { config, temporal }: Deps): Promise<void> {
  const { temporalNamespace: namespace } = config;
  const views = savedViews({
    uiUrl,
    namespace,
    organizationId: demoOrganization.id,
    now: Date.now(),
    reportsProblems: await reportsProblems(temporal.connection as Connection, namespace),
  });
  report("Views for Temporal's UI, each kept there when it is opened:");
  for (const { name, url } of views) report(`  ${name.padEnd(26)} ${url}`);
}

async function withPort(config: Config): Promise<Config> {
  if (config.port === 0) return Object.freeze({ ...config, port: await freePort() });
  if (await isFree(config.port, config.host)) return config;
  throw new Error(
    `Port ${config.port} of ${config.host} is in use or not ours to use. End what listens there, or set PORT to another one.`,
  );
}

/** A person may write either name of loopback. */
const originsOf = (url: string): string[] => [url, url.replace('127.0.0.1', 'localhost')];

/** A URL cannot name "all addresses": what listens there is reached on loopback. */
const urlHost = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;

await run('all', start, environment);
