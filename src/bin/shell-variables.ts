import type { Config } from '../config/config.ts';

type Variables = Record<string, string | undefined>;

const loopback = ['127.0.0.1', 'localhost', '::1'];

/**
 * What runs on loopback is reached directly, whatever proxy the shell names: gRPC and, with NODE_USE_ENV_PROXY, Node's
 * own HTTP client would otherwise go through it. Both read these when they connect.
 */
export function reachLoopbackDirectly(variables: Variables): void {
  const kept = variables.no_proxy ?? variables.NO_PROXY;
  variables.no_proxy = [kept, ...loopback].filter(Boolean).join(',');
  // Where it is set, gRPC reads it instead of no_proxy.
  if (variables.no_grpc_proxy) variables.no_grpc_proxy = [variables.no_grpc_proxy, ...loopback].join(',');
}

/**
 * Forgets the variables of a shell by which Postgres, its client library and Temporal's command line tool are set
 * (`PGSSLMODE`, `PGOPTIONS`, …): the embedded servers have their settings from us. Call it after reading the
 * configuration.
 */
export function forgetServerVariables(
  variables: Variables,
  config: Pick<Config, 'databaseUrl' | 'temporalAddress'>,
): void {
  const patterns = [
    ...(config.databaseUrl !== undefined ? [] : [/^PG/]),
    ...(config.temporalAddress !== undefined ? [] : [/^TEMPORAL_/]),
  ];
  for (const name of Object.keys(variables)) if (patterns.some((pattern) => pattern.test(name))) delete variables[name];
}
