export interface TemporalConfiguration {
  /** With the password; Temporal's two databases are on this server. */
  postgresUrl: string;
  /** History shards: chosen once for a database. */
  shards: number;
  /** Of the frontend. */
  port: number;
  /** Seven more, of the other services and of all memberships. Temporal keeps a port in 15 bits. */
  otherPorts: readonly number[];
  dynamicConfigurationFile: string;
}

/** Temporal's databases, and which of its schemas each has. */
export const stores = { temporal: 'temporal', temporal_visibility: 'visibility' } as const;

/** What docs/operations.md asks of a cluster; all else is Temporal's default. */
export const dynamicConfiguration = 'history.maximumBufferedEventsBatch: [{ value: 500 }]\n';

/**
 * All four services in one process on loopback, on Postgres (JSON is YAML).
 * As config/development-postgres12.yaml of Temporal 1.29.
 */
export function temporalConfiguration(options: TemporalConfiguration): string {
  const { postgresUrl, shards, port, otherPorts, dynamicConfigurationFile } = options;
  const ports = [port, ...otherPorts];
  const service = (first: number) => ({
    rpc: { grpcPort: ports[first], membershipPort: ports[first + 1], bindOnLocalHost: true },
  });
  return JSON.stringify({
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'history',
      visibilityStore: 'visibility',
      numHistoryShards: shards,
      datastores: {
        history: store(postgresUrl, 'temporal', 40),
        visibility: store(postgresUrl, 'temporal_visibility', 10),
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: { frontend: service(0), matching: service(2), history: service(4), worker: service(6) },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: `127.0.0.1:${port}` },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfigurationFile, pollInterval: '60s' },
  });
}

function store(postgresUrl: string, databaseName: keyof typeof stores, connections: number) {
  const { host, username, password } = new URL(postgresUrl);
  return {
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: host,
      connectProtocol: 'tcp',
      user: username,
      password: decodeURIComponent(password),
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  };
}
