import type { FastifyBaseLogger } from 'fastify';
import type { ExpositionParts } from '../telemetry/exposition.ts';
import { createApp } from './app.ts';
import { type Checks, healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';

export interface AdminParts extends ExpositionParts {
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
 * `/healthz`, `/readyz` and `/metrics` of a role that serves no API, on METRICS_PORT and without a key: for the probes and the
 * Prometheus of the network the process is in. It holds counts and states, and changes nothing. Absent METRICS_PORT: nothing.
 */
export async function startAdmin({ config, checks, metrics, sdkMetricsAddress, log }: AdminParts): Promise<Admin> {
  if (config.metricsPort === undefined) return { url: null, close: async () => undefined };
  const app = createApp(log, true);
  await app.register(healthRoutes({ checks, log }));
  await app.register(metricsRoutes({ metrics, config: { sdkMetricsAddress }, log }));
  const url = await app.listen({ host: config.host, port: config.metricsPort });
  return { url, close: async () => void (await app.close()) };
}
