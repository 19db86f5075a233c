import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError, type Environment, readConfig, type Role } from '../../src/config/config.ts';
import { maskedSettings } from '../../src/config/document.ts';
import { developmentKeys } from '../../src/config/development-keys.ts';

const ringOf = (byte: number): string => `k1:${Buffer.alloc(32, byte).toString('base64')}`;
const made = { adminApiKey: () => 'made-key', encryptionKeys: () => ringOf(1) };
const read = (environment: Environment = {}) => readConfig(environment, made);
const problemOf = (environment: Environment): string => {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
};

test('without any variable every default of the specification holds', () => {
  expect(read()).toEqual({
    nodeEnv: 'development',
    port: 8080,
    host: '127.0.0.1',
    dataDir: '.data',
    temporalNamespace: 'default',
    maxCachedWorkflows: 5_000,
    workflowStacks: false,
    adminApiKey: 'made-key',
    encryptionKeys: ringOf(1),
    retryScheduleMs: [60_000, 600_000, 3_600_000, 14_400_000],
    attemptTimeoutMs: 15_000,
    addressGraceMs: 5_000,
    enrichmentDeadlineMs: 86_400_000,
    idleAfterMs: 604_800_000,
    mailFrom: 'Spark360 Events <events@spark360.example>',
    maxDailyMails: 500,
    maxEndpoints: 100,
    allowInsecureEndpoints: null,
    retentionDays: 90,
    logLevel: 'info',
  });
});

test.each([
  ['500ms', 500],
  ['5s', 5_000],
  ['10m', 600_000],
  ['4h', 14_400_000],
  ['30d', 2_592_000_000],
])('the duration %s is %d ms', (text, ms) => {
  expect(read({ IDLE_AFTER: text }).idleAfterMs).toBe(ms);
  expect(read({ RETRY_SCHEDULE: `1s, ${text}` }).retryScheduleMs).toEqual([1_000, ms]);
});

test.each([
  ['ATTEMPT_TIMEOUT', '15'],
  ['ATTEMPT_TIMEOUT', '-5s'],
  ['ATTEMPT_TIMEOUT', '0s'],
  ['ATTEMPT_TIMEOUT', '1.5s'],
  ['ADDRESS_GRACE', '5 seconds'],
  ['ENRICHMENT_DEADLINE', '1w'],
  ['IDLE_AFTER', 'never'],
  ['RETRY_SCHEDULE', '1m,,4h'],
  ['RETRY_SCHEDULE', '1m;10m'],
  ['RETRY_SCHEDULE', '999999999d'],
  ['RETRY_SCHEDULE', '31d'],
  ['RETRY_SCHEDULE', Array(101).fill('1s').join()],
  ['ADDRESS_GRACE', '2d'],
  ['ENRICHMENT_DEADLINE', '366d'],
  ['IDLE_AFTER', '999999999d'],
  ['PORT', '65536'],
  ['PORT', '80a'],
  ['RETENTION_DAYS', '0'],
  ['DATABASE_URL', 'mysql://localhost/x'],
  ['TEMPORAL_ADDRESS', 'http://localhost:7233'],
  ['SMTP_URL', 'localhost:25'],
  ['PUBLIC_URL', 'events.example'],
  ['ALLOW_INSECURE_ENDPOINTS', 'true'],
  ['LOG_LEVEL', 'loud'],
  ['NODE_ENV', 'prod'],
  ['ENCRYPTION_KEYS', 'k1'],
  ['ENCRYPTION_KEYS', `k1:${Buffer.alloc(16).toString('base64')}`],
  ['ENCRYPTION_KEYS', `${ringOf(1)},${ringOf(2)}`],
  ['OUTBOX_DATABASE_URL', 'redis://x'],
  ['WORKER_DEPLOYMENT_NAME', 'spark:360'],
  ['WORKER_BUILD_ID', 'v1 0'],
])('%s=%s is refused, naming the variable', (name, value) => {
  expect(problemOf({ [name]: value })).toMatch(new RegExp(`^${name}: expected`));
});

test('all wrong values are named at once, without their values', () => {
  const problem = problemOf({
    PORT: 'eighty',
    ATTEMPT_TIMEOUT: 'soon',
    DATABASE_URL: 'hidden-password',
    NODE_ENV: 'production',
  });
  const names = problem.split('\n').map((line) => line.split(':')[0]);
  expect(names).toEqual(['PORT', 'DATABASE_URL', 'ATTEMPT_TIMEOUT', 'ADMIN_API_KEY', 'ENCRYPTION_KEYS']);
  expect(problem).not.toMatch(/eighty|soon|hidden-password/);
});

test('with NODE_ENV=production both keys are required, and nothing is made up', () => {
  expect(problemOf({ NODE_ENV: 'production' })).toBe(
    'ADMIN_API_KEY: required with NODE_ENV=production\nENCRYPTION_KEYS: required with NODE_ENV=production',
  );
  const key = 'k'.repeat(24);
  const config = read({ NODE_ENV: 'production', ADMIN_API_KEY: key, ENCRYPTION_KEYS: ringOf(7) });
  expect(config).toMatchObject({ adminApiKey: key, encryptionKeys: ringOf(7) });
});

test("an operator's key that can be guessed is refused in production", () => {
  const given = { NODE_ENV: 'production', ENCRYPTION_KEYS: ringOf(7) };
  const problem = 'ADMIN_API_KEY: expected at least 24 characters with NODE_ENV=production';
  for (const key of ['a', 'k'.repeat(23)]) expect(problemOf({ ...given, ADMIN_API_KEY: key })).toBe(problem);
  expect(problemOf({ ADMIN_API_KEY: 'a' })).toBe('');
});

describe('a process of one role', () => {
  const addresses = { DATABASE_URL: 'postgres://localhost/x', TEMPORAL_ADDRESS: 'localhost:7233' };
  const never = (): never => {
    throw new Error('a key was made up');
  };
  const readAs = (role: Role, environment: Environment) =>
    readConfig(environment, { adminApiKey: never, encryptionKeys: never }, role);

  test.each(['api', 'worker', 'relay', 'reencrypt'] as const)(
    '%s with the addresses of both servers makes no keys up: another process could not read what it writes',
    (role) => {
      expect(() => readAs(role, { ...addresses, ADMIN_API_KEY: 'a' })).toThrow(
        'ENCRYPTION_KEYS: required with DATABASE_URL and TEMPORAL_ADDRESS, the same for every process',
      );
      const config = readAs(role, { ...addresses, ADMIN_API_KEY: 'a', ENCRYPTION_KEYS: ringOf(7) });
      expect(config.encryptionKeys).toBe(ringOf(7));
    },
  );

  test.each([
    ['worker', { ENCRYPTION_KEYS: ringOf(7) }],
    ['relay', { ENCRYPTION_KEYS: ringOf(7) }],
    ['migrate', {}],
  ] as const)('%s needs no key that it does not use, in production either', (role, keys) => {
    const [one, other] = [0, 1].map(() => readAs(role, { ...addresses, ...keys, NODE_ENV: 'production' }));
    expect(one?.adminApiKey).not.toBe(other?.adminApiKey);
  });
});

test('the settings in the log hold no user, password or token of a URL', () => {
  const settings = maskedSettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://tenant:hidden-1@otlp.example:4318/x?token=hidden-2',
    PUBLIC_URL: 'https://hidden-3@events.example/',
    DATABASE_URL: 'postgres://hidden-4@localhost/x',
  });
  expect(JSON.stringify(settings)).not.toContain('hidden');
  expect(settings).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://***@otlp.example:4318/x?***',
    PUBLIC_URL: 'https://***@events.example/',
    HOST: '127.0.0.1',
  });
});

test('a version of the workers has both names or neither', () => {
  const version = { WORKER_DEPLOYMENT_NAME: 'spark360', WORKER_BUILD_ID: '1.0.0' };
  expect(read(version).workerVersion).toEqual({ deploymentName: 'spark360', buildId: '1.0.0' });
  const problem = 'WORKER_DEPLOYMENT_NAME, WORKER_BUILD_ID: expected both or neither';
  expect(problemOf({ ...version, WORKER_BUILD_ID: '' })).toBe(problem);
  expect(problemOf({ ...version, WORKER_DEPLOYMENT_NAME: '' })).toBe(problem);
});

test('workflows note no stacks unless told', () => {
  expect(read().workflowStacks).toBe(false);
  expect(read({ WORKFLOW_STACKS: 'true' }).workflowStacks).toBe(true);
  expect(problemOf({ WORKFLOW_STACKS: 'yes' })).toBe('WORKFLOW_STACKS: expected true or false');
});

test('how many workflows a worker keeps', () => {
  expect(read({ MAX_CACHED_WORKFLOWS: '100' }).maxCachedWorkflows).toBe(100);
  const problem = 'MAX_CACHED_WORKFLOWS: expected a whole number from 100 to 20000';
  expect(problemOf({ MAX_CACHED_WORKFLOWS: '99' })).toBe(problem);
  expect(problemOf({ MAX_CACHED_WORKFLOWS: '20001' })).toBe(problem);
});

test('an empty variable is an absent one', () => {
  expect(read({ DATABASE_URL: '', PORT: '', ALLOW_INSECURE_ENDPOINTS: '' })).toEqual(read());
});

test('the configuration is frozen', () => {
  const config = read();
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.retryScheduleMs)).toBe(true);
});

test.each<[Environment, unknown]>([
  [{}, undefined],
  [{ TEMPORAL_API_KEY: 'key' }, {}],
  [{ TEMPORAL_TLS: 'true' }, {}],
  [{ TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' }, undefined],
  [{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'ca.pem' }, { serverCaCertPath: 'ca.pem' }],
  [
    { TEMPORAL_TLS_CLIENT_CERT_PATH: 'c.pem', TEMPORAL_TLS_CLIENT_KEY_PATH: 'k.pem' },
    { clientCertPath: 'c.pem', clientKeyPath: 'k.pem' },
  ],
])('TLS towards Temporal: %j gives %j', (environment, tls) => {
  expect(read(environment).temporalTls).toEqual(tls);
});

test('a client certificate without its key is refused', () => {
  expect(problemOf({ TEMPORAL_TLS_CLIENT_CERT_PATH: 'c.pem' })).toContain('expected both or neither');
});

describe('keys made for development', () => {
  let dataDir: string;
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'spark360-config-'));
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  test('are made once, kept in DATA_DIR and readable by their owner only', () => {
    const environment = { DATA_DIR: dataDir };
    const first = readConfig(environment, developmentKeys);
    expect(first.adminApiKey).toMatch(/^sk_admin_[\w-]{32}$/);
    expect(readConfig(environment, developmentKeys)).toEqual(first);
    const folder = join(dataDir, 'keys');
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });

  test('are not made for a configuration that is refused', () => {
    const elsewhere = join(dataDir, 'elsewhere');
    expect(() => readConfig({ DATA_DIR: elsewhere, PORT: 'x' }, developmentKeys)).toThrow(ConfigError);
    expect(readdirSync(dataDir)).not.toContain('elsewhere');
  });
});
