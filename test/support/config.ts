import { randomBytes } from 'node:crypto';
import type { Config } from '../../src/config/config.ts';
import { temporalAddress } from './services.ts';

/** A key ring of this run's own, in the form of ENCRYPTION_KEYS. */
const testKeys = `test:${randomBytes(32).toString('base64')}`;

export const testConfig = (databaseUrl: string, overrides: Partial<Config> = {}): Config => ({
  nodeEnv: 'test',
  port: 0,
  host: '127.0.0.1',
  dataDir: '.data',
  databaseUrl,
  temporalAddress: temporalAddress(),
  temporalNamespace: 'default',
  maxCachedWorkflows: 1_000,
  workflowStacks: false,
  adminApiKey: 'operator-key-of-the-tests',
  encryptionKeys: testKeys,
  retryScheduleMs: [50, 100, 150, 200],
  attemptTimeoutMs: 5_000,
  addressGraceMs: 300,
  enrichmentDeadlineMs: 86_400_000,
  idleAfterMs: 604_800_000,
  mailFrom: 'Spark360 Events <events@spark360.example>',
  maxDailyMails: 500,
  maxEndpoints: 100,
  allowInsecureEndpoints: 'loopback',
  retentionDays: 90,
  logLevel: 'silent',
  ...overrides,
});
