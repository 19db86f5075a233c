import { type Config, type Environment, readConfig } from '../src/config/config.ts';

const made = () => {
  throw new Error('the benchmark gives its keys');
};

/** The service's configuration as the benchmark runs it: the defaults, and endpoints on loopback. */
export const benchConfig = (environment: Environment): Config =>
  readConfig(
    { ...environment, ALLOW_INSECURE_ENDPOINTS: 'loopback', LOG_LEVEL: 'error' },
    { adminApiKey: made, encryptionKeys: made },
  );
