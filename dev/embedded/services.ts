import { resolve } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { keepRunning } from './keep-running.ts';
import { startPostgres } from './postgres.ts';
import { startTemporal } from './temporal.ts';

interface EmbeddedServices {
  /** The configuration with the addresses of what was started. */
  config: Config;
  /** Null when Temporal was not started here. */
  temporalUiUrl: string | null;
}

interface EmbeddedOptions {
  report: (line: string) => void;
  /** Is given what ends each server, as soon as it runs. */
  onStop: (step: () => Promise<void>) => void;
  /** Hears that a server ended and cannot be started again. */
  onFailure: (error: Error) => void;
  cacheDir?: string | undefined;
  uiCodecEndpoint: string;
}

/** Whether something has to be started that keeps its files under `DATA_DIR`. */
export const needsEmbedded = ({ databaseUrl, temporalAddress }: Config): boolean =>
  databaseUrl === undefined || temporalAddress === undefined;

/** Starts what the configuration has no address for: Postgres, Temporal, both or neither. */
export async function startEmbedded(config: Config, options: EmbeddedOptions): Promise<EmbeddedServices> {
  const databaseUrl = config.databaseUrl ?? (await embeddedPostgres(config, options));
  if (config.temporalAddress !== undefined)
    return { config: Object.freeze({ ...config, databaseUrl }), temporalUiUrl: null };
  const { address: temporalAddress, uiUrl: temporalUiUrl } = await embeddedTemporal(config, options);
  return { config: Object.freeze({ ...config, databaseUrl, temporalAddress }), temporalUiUrl };
}

async function embeddedPostgres(config: Config, { report, onStop, onFailure }: EmbeddedOptions): Promise<string> {
  const start = () => startPostgres({ dataDir: resolve(config.dataDir), fsync: true });
  const postgres = await keepRunning({ name: 'Postgres', start, addressOf: ({ url }) => url, report, onFailure });
  onStop(postgres.stop);
  return postgres.url;
}

async function embeddedTemporal(
  config: Config,
  { report, onStop, onFailure, cacheDir, uiCodecEndpoint }: EmbeddedOptions,
) {
  const { temporalNamespace: namespace, retentionDays } = config;
  const settings = { dataDir: resolve(config.dataDir), namespace, retentionDays, report, cacheDir, uiCodecEndpoint };
  const start = () => startTemporal({ ...settings, preferredPort: 7233, preferredUiPort: 8233 });
  const temporal = await keepRunning({
    name: 'Temporal',
    start,
    addressOf: ({ address }) => address,
    report,
    onFailure,
  });
  onStop(temporal.stop);
  return temporal;
}
