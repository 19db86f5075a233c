import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { isFree, keptPort } from './ports.ts';
import { type EmbeddedProcess, startProcess, stopStale } from './process.ts';
import { temporalBinary } from './temporal-binary.ts';

const startTimeoutMs = 60_000;
const dayMs = 86_400_000;

interface EmbeddedTemporal {
  /** host:port of the gRPC service. */
  address: string;
  uiUrl: string;
  /** Resolves when it has ended, asked or not, with words for why. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

interface TemporalOptions {
  dataDir: string;
  report: (line: string) => void;
  namespace?: string;
  /** How long the history of a closed workflow is kept. */
  retentionDays: number;
  /** Lets the web UI show what is encrypted to a person with access. */
  uiCodecEndpoint?: string;
  /** Taken when they are free and no earlier start kept others. */
  preferredPort?: number;
  preferredUiPort?: number;
  cacheDir?: string | undefined;
}

/**
 * Temporal's development server with its data under `dataDir/temporal`, on loopback only. What an earlier start left
 * there goes on, also after a kill -9.
 */
export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const { dataDir, report, namespace = 'default', retentionDays } = options;
  const binary = await temporalBinary({ report, cacheDir: options.cacheDir });
  const home = join(dataDir, 'temporal');
  const files = { log: join(home, 'temporal.log'), record: join(home, 'process.json') };
  await mkdir(home, { recursive: true, mode: 0o700 });
  await stopStale(files.record, 'SIGTERM', 5_000);

  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const port = await keptPort(join(home, 'port'), options.preferredPort);
    const uiPort = await keptPort(join(home, 'ui-port'), options.preferredUiPort);
    const args = serverArguments({ home, namespace, port, uiPort, uiCodecEndpoint: options.uiCodecEndpoint });
    const child = await startProcess({
      command: binary,
      args,
      logFile: files.log,
      recordFile: files.record,
      parentDeathSignal: 'KILL',
      prefix: ['env', ...memory],
    });
    const address = `127.0.0.1:${port}`;
    if (await isReady(child, address, namespace, retentionDays, deadline)) {
      return {
        address,
        uiUrl: `http://127.0.0.1:${uiPort}`,
        ended: child.ended,
        stop: () => child.stop('SIGTERM', 3_000),
      };
    }
    await child.stop('SIGTERM', 2_000);
    const log = await readFile(files.log, 'utf8');
    // A killed server's database stays locked for a moment, and a port may have been taken since we looked.
    const passes =
      /database is locked|SQLITE_BUSY|address already in use|can't (set|bind)/i.test(log) || !(await isFree(port));
    if (!passes || Date.now() > deadline)
      throw new Error(
        `Temporal did not start. The end of ${files.log}:\n${log.trim().split('\n').slice(-8).join('\n')}`,
      );
    await sleep(300);
  }
}

/**
 * Go collects its garbage whenever the heap has doubled: with some thousand workflows every three seconds, for half a
 * second on one of two cores, while every task waits. So the heap may grow elevenfold, up to a bound.
 */
const memory = ['GOGC=1000', 'GOMEMLIMIT=2GiB'];

interface ServerArguments {
  home: string;
  namespace: string;
  port: number;
  uiPort: number;
  uiCodecEndpoint: string | undefined;
}

const serverArguments = ({ home, namespace, port, uiPort, uiCodecEndpoint }: ServerArguments): string[] => [
  ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`],
  ...['--namespace', namespace, '--db-filename', join(home, 'temporal.db')],
  // The default journal costs twice the CPU; NORMAL survives a kill of the server, not a power cut.
  ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
  // The one history shard reads its queues 20 times a second by default, which rounds every task up to 50 ms.
  ...['transfer', 'timer', 'visibility'].flatMap((queue) => [
    '--dynamic-config-value',
    `history.${queue}ProcessorMaxPollRPS=2000`,
  ]),
  // Timers of a second and less are rounded up to the next second by default.
  // Shorter still, each timer is read by itself.
  ...['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="50ms"'],
  // What comes while a workflow task runs waits for its end;
  // behind a hundred such events the task is failed by force by default.
  ...['--dynamic-config-value', 'history.maximumBufferedEventsBatch=500'],
  // An erased run is removed only behind the queue's stored position,
  // which lags 30 s by default: as long its history would stay.
  ...['--dynamic-config-value', 'history.transferProcessorUpdateAckInterval="2s"'],
  // By default a development server reads its cluster and namespace again for every task, so that attributes can be
  // added while it runs.
  ...['--dynamic-config-value', 'system.forceSearchAttributesCacheRefreshOnRead=false'],
  ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ...(uiCodecEndpoint === undefined ? [] : ['--ui-codec-endpoint', uiCodecEndpoint]),
  ...['--color', 'never', '--log-level', 'warn'],
];

/** What an operator finds a lead's workflow by (spec section 6). */
const searchAttributes = {
  OrganizationId: 'Keyword',
  LeadStatus: 'Keyword',
  LeadStage: 'Keyword',
  HasAbandonedDeliveries: 'Bool',
};

/**
 * Waits until the namespace is there, and makes it keep closed workflows:
 * a development server forgets them after a day.
 */
async function isReady(
  child: EmbeddedProcess,
  address: string,
  namespace: string,
  retentionDays: number,
  deadline: number,
): Promise<boolean> {
  while (!child.hasEnded() && Date.now() < deadline) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      try {
        const workflowExecutionRetentionTtl = msToTs(retentionDays * dayMs);
        await connection.workflowService.describeNamespace({ namespace });
        await connection.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
        return true;
      } finally {
        await connection.close();
      }
    } catch {
      await sleep(100); // not up yet; if it never is, its log says why
    }
  }
  return false;
}
