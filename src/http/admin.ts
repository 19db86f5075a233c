import type { FastifyBaseLogger } from 'fastify';
import type { ExpositionDeps } from '../telemetry/exposition.ts';
import { createApp } from './app.ts';
import { type Checks, healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';

interface AdminDeps extends ExpositionDeps {
  config: { host: string; metricsPort?: number };
  checks: Checks;
  log: FastifyBaseLogger;
}

export interface Admin {
  /** Null: METRICS_PORT is absent. */
  url: string | null;
  close(): Promise<void>;
}

/**
 * `/healthz`, `/readyz` and `/metrics` of a role that serves no API, on METRICS_PORT and without a key: they hold
 * counts and states only. Without METRICS_PORT nothing is served.
 */
export async function startAdmin({ config, checks, metrics, sdkMetricsAddress, log }: AdminDeps): Promise<Admin> {
  if (config.metricsPort === undefined) return { url: null, close: async () => undefined };
  const app = createApp(log, true);
  await app.register(healthRoutes({ checks, log }));
  await app.register(metricsRoutes({ metrics, config: { sdkMetricsAddress }, log }));
  const url = await app.listen({ host: config.host, port: config.metricsPort });
  return { url, close: async () => void (await app.close()) };
}
