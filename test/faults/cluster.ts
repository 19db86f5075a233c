import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../src/db/migrate.ts';
import { openDatabase, type Database } from '../../src/db/pool.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { buildService, type BuiltService } from '../support/built-service.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { type Role, startRole } from '../support/role.ts';
import { type Server, startPostgresServer, startTemporalServer } from './servers.ts';

/** The service as it is deployed: every role and every server a process of its own, with a network between them. */
export interface Cluster {
  postgres: Server;
  temporal: Server;
  /** Between the roles and the servers. The test itself goes past them. */
  toPostgres: TcpProxy;
  toTemporal: TcpProxy;
  apis: Role[];
  workers: Role[];
  relays: Role[];
  /** Processes that play all roles. */
  alls: Role[];
  roles(): Role[];
  /** Of each API process. */
  apiUrls: string[];
  adminKey: string;
  encryptionKeys: string;
  /** The test's own connection, past the network. */
  db: Database;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  apis?: number;
  workers?: number;
  relays?: number;
  alls?: number;
  environment?: Record<string, string>;
  /** Another build than the one of the sources as they are now; it is not removed afterwards. */
  service?: Pick<BuiltService, 'role'>;
  /** Makes the schema; by default the sources' own. */
  migrate?: (databaseUrl: string) => Promise<unknown>;
  /** By default the development server. */
  startTemporal?: (home: string) => Promise<Server>;
  /** Where the data goes; by default a new folder, which is removed afterwards. */
  home?: string;
}

const retrySchedule = '300ms,500ms,1s,1s,2s,2s,3s,3s,4s,4s,5s,5s,5s,5s,5s';

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { apis = 1, workers = 2, relays = 1, alls = 0 } = options;
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'spark360-faults-'));
  const isOurs = options.home === undefined;
  const stops: (() => unknown)[] = [() => isOurs && rmSync(home, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const built = options.service === undefined ? buildService() : null;
    stops.push(() => built?.remove());
    const service = options.service ?? (built as BuiltService);
    const toBeStopped = async (starting: Promise<Server>): Promise<Server> => {
      const server = await starting;
      stops.push(server.stop);
      return server;
    };
    const startingPostgres = toBeStopped(startPostgresServer(home));
    const [postgres, temporal] = await Promise.all([
      startingPostgres,
      toBeStopped((options.startTemporal ?? startTemporalServer)(home)),
      startingPostgres.then(({ address }) => (options.migrate ?? migrate)(address)),
    ]);
    const db = openDatabase(postgres.address, 4, () => undefined);
    stops.push(db.close);
    const toPostgres = await startTcpProxy(new URL(postgres.address).host);
    stops.push(toPostgres.close);
    const toTemporal = await startTcpProxy(temporal.address);
    stops.push(toTemporal.close);

    const databaseUrl = new URL(postgres.address);
    databaseUrl.host = toPostgres.address;
    const adminKey = randomUUID();
    const encryptionKeys = `faults:${randomBytes(32).toString('base64')}`;
    const environment = {
      NODE_ENV: 'production',
      NODE_OPTIONS: '--v8-pool-size=1', // as the image has it
      DATABASE_URL: databaseUrl.href,
      TEMPORAL_ADDRESS: toTemporal.address,
      ADMIN_API_KEY: adminKey,
      ENCRYPTION_KEYS: encryptionKeys,
      ALLOW_INSECURE_ENDPOINTS: 'loopback',
      RETRY_SCHEDULE: retrySchedule,
      ATTEMPT_TIMEOUT: '5s',
      ADDRESS_GRACE: '500ms',
      MAX_ENDPOINTS: '1000',
      LOG_LEVEL: 'info',
      ...options.environment,
    };
    mkdirSync(join(home, 'logs'));
    const start = async (kind: string, number: number, extra: Record<string, string> = {}): Promise<Role> => {
      const name = `${kind}-${number}`;
      const logFile = join(home, 'logs', `${name}.log`);
      const role = await startRole({
        name,
        args: [service.role(kind)],
        logFile,
        environment: { ...environment, ...extra, DATA_DIR: join(home, name) },
      });
      stops.push(role.end);
      return role;
    };
    const several = (kind: string, count: number): Promise<Role[]> =>
      Promise.all(Array.from({ length: count }, (_, index) => start(kind, index + 1)));
    const withPort = (kind: string, ports: number[]): Promise<Role[]> =>
      Promise.all(ports.map((port, index) => start(kind, index + 1, { PORT: `${port}` })));
    const ports = await Promise.all(Array.from({ length: apis + alls }, freePort));
    const [startedApis, startedAlls, startedWorkers, startedRelays] = await Promise.all([
      withPort('api', ports.slice(0, apis)),
      withPort('all', ports.slice(apis)),
      several('worker', workers),
      several('relay', relays),
    ]);
    const started = { apis: startedApis, alls: startedAlls, workers: startedWorkers, relays: startedRelays };
    return {
      ...started,
      ...{ postgres, temporal, toPostgres, toTemporal, adminKey, encryptionKeys, db, stop },
      roles: () => [...started.apis, ...started.workers, ...started.relays, ...started.alls],
      apiUrls: ports.map((port) => `http://127.0.0.1:${port}`),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
