import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { parseKeyRing } from './crypto/key-ring.ts';
import { duration, durations } from './duration.ts';

const url = (...schemes: string[]) =>
  z.string().refine((text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text), {
    message: `expected a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });

const keyRing = () =>
  z.string().superRefine((text, context) => {
    try {
      parseKeyRing(text);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: `expected id:base64,… with keys of 32 bytes: ${(error as Error).message}`,
      });
    }
  });

const integer = (least: number, most: number) => {
  const message = `expected a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
};

const name = (pattern: RegExp, without: string) =>
  z.string().regex(pattern, `expected at most 200 characters, without ${without}, not beginning with __`);

const secret = { secret: true };

/** Every variable the service reads (spec section 8), in the order of the documentation, which is made from this. */
export const variables = {
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'expected development, production or test')
    .prefault('development')
    .describe(
      'With `production`, nothing is made up: `ENCRYPTION_KEYS` and `ADMIN_API_KEY` are required where a role needs them.',
    ),
  PORT: integer(0, 65_535).prefault('8080').describe('Port of the HTTP API; 0 takes any free one.'),
  HOST: z.string().prefault('127.0.0.1').describe('Address the HTTP API listens on.'),
  DATA_DIR: z
    .string()
    .prefault('.data')
    .describe(
      'All that the embedded parts keep: Postgres, Temporal, made keys. Delete it and everything is new; keep it and everything survives a kill -9.',
    ),
  DATABASE_URL: url('postgres', 'postgresql')
    .optional()
    .meta(secret)
    .describe('Postgres 15 or newer. Absent: an embedded one, under `DATA_DIR`.'),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/:]+:\d{1,5}$|^\[[\da-fA-F:]+\]:\d{1,5}$/, 'expected host:port')
    .optional()
    .describe('host:port of Temporal. Absent: a local development server, under `DATA_DIR`.'),
  TEMPORAL_NAMESPACE: z.string().prefault('default').describe('Namespace in Temporal.'),
  TEMPORAL_API_KEY: z.string().optional().meta(secret).describe('Key for Temporal Cloud; switches TLS on.'),
  TEMPORAL_TLS: z
    .enum(['true', 'false'], 'expected true or false')
    .optional()
    .describe('`true`: TLS towards Temporal. Absent: when there is an API key or one of the files below.'),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z
    .string()
    .optional()
    .describe("File of the certificate authority that signed the server's certificate."),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional().describe('File of the client certificate (mTLS).'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional().describe("File of the client certificate's key (mTLS)."),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional().describe("Name to expect in the server's certificate."),
  WORKER_DEPLOYMENT_NAME: name(/^(?!__)[^\s.:]{1,200}$/, 'spaces, dots and colons')
    .optional()
    .describe(
      'Name of the deployment in Temporal whose versions the workers are: with `WORKER_BUILD_ID`, a worker takes nothing until its version was made current. Absent: it takes work at once.',
    ),
  WORKER_BUILD_ID: name(/^(?!__)\S{1,200}$/, 'spaces')
    .optional()
    .describe('Name of the version, another one for each release; both or neither.'),
  MAX_CACHED_WORKFLOWS: integer(100, 20_000)
    .prefault('5000')
    .describe(
      "Leads whose workflows a worker keeps in memory, at a quarter of a MiB each. Of any other lead, the next step reads its run's whole history.",
    ),
  WORKFLOW_STACKS: z
    .enum(['true', 'false'], 'expected true or false')
    .prefault('false')
    .describe(
      "`true`: errors of workflows, and the engine's stack trace query, say where in the code; for who looks for a mistake: the worker needs several times the CPU.",
    ),
  ADMIN_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'expected printable ASCII without spaces')
    .optional()
    .meta(secret)
    .describe(
      "The operator's key: may do everything; for the API only. At least 24 characters with `NODE_ENV=production`. Absent in development: made once, kept in `DATA_DIR`, printed.",
    ),
  ENCRYPTION_KEYS: keyRing()
    .optional()
    .meta(secret)
    .describe(
      '`id:base64,…`: keys of 32 bytes, the first encrypts new data, all decrypt; for every role but migrate, the same for all. Absent in development: `npm start` makes them once and keeps them in `DATA_DIR`; a role of its own with `DATABASE_URL` and `TEMPORAL_ADDRESS` needs them.',
    ),
  RETRY_SCHEDULE: durations({ most: '30d', count: 100 })
    .prefault('1m,10m,1h,4h')
    .describe(
      'Waits after the failed attempts 1, 2, …; after the attempt behind the last wait a delivery is abandoned.',
    ),
  ATTEMPT_TIMEOUT: duration({ least: '10ms', most: '10m' }).prefault('15s').describe('How long one attempt may take.'),
  ADDRESS_GRACE: duration({ most: '1d' })
    .prefault('5s')
    .describe('How long `lead.enriched` waits for an address step that did not come.'),
  ENRICHMENT_DEADLINE: duration({ least: '1ms', most: '365d' })
    .prefault('24h')
    .describe('After this long without the enrichment write-back the organization is told by mail.'),
  IDLE_AFTER: duration({ least: '1ms', most: '365d' })
    .prefault('7d')
    .describe('A lead with nothing left to do is put away after this long without a step.'),
  SMTP_URL: z
    .literal('none', { error: 'expected a URL that begins with smtp:// or smtps://, or none' })
    .or(url('smtp', 'smtps'))
    .optional()
    .meta(secret)
    .describe(
      'Mail server. Absent in development: mails are not sent but kept, under `DATA_DIR/mails`; with `NODE_ENV=production`: they stay due until it is set. `none`: no mail is ever sent.',
    ),
  MAIL_FROM: z
    .string()
    .prefault('Spark360 Events <events@spark360.example>')
    .describe('Sender of the mails to organizations: a name and an address of your own domain.'),
  MAX_DAILY_MAILS: integer(1, 100_000)
    .prefault('500')
    .describe(
      'Mails that one organization gets on a day (UTC), over all its addresses; further ones are dropped, and logged.',
    ),
  PUBLIC_URL: url('https', 'http').optional().describe('Where people reach this service, for the links in mails.'),
  MAX_ENDPOINTS: integer(1, 10_000)
    .prefault('100')
    .describe('Endpoints that one organization may have: each lead makes a delivery for each of them and event.'),
  TEMPORAL_UI_URL: url('https', 'http')
    .optional()
    .describe(
      "Where people reach Temporal's UI, for links. Its page is the only one of another origin that may call the codec with the cookie of a session.",
    ),
  ALLOW_INSECURE_ENDPOINTS: z
    .enum(['loopback'], 'expected loopback, or nothing')
    .optional()
    .describe(
      '`loopback` allows endpoints on loopback, and http to loopback only: for development and tests. The demo sets it for itself.',
    ),
  RETENTION_DAYS: integer(1, 36_500)
    .prefault('90')
    .describe(
      'Days after which settled deliveries are removed, with their payloads and attempts, and dead letters of the outbox. Ids stay for ever.',
    ),
  OUTBOX_DATABASE_URL: url('postgres', 'postgresql')
    .optional()
    .meta(secret)
    .describe(
      "The backend's database with the outbox table: for the relay, and for API and workers, which erase leads there. Absent: the outbox is in `DATABASE_URL`.",
    ),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'expected trace, debug, info, warn, error, fatal or silent',
    )
    .prefault('info')
    .describe(
      'The least severe log lines to write. `npm start` in development writes from `warn` on unless this is set.',
    ),
  METRICS_PORT: integer(0, 65_535)
    .optional()
    .describe(
      'Port on `HOST` where a worker or relay serves `/healthz`, `/readyz` and `/metrics`, without a key; 0 takes any free one. Absent: it serves none. The API has them on `PORT`.',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('https', 'http')
    .optional()
    .describe('Where traces go: `/v1/traces` below this, OTLP over HTTP in JSON. Absent: there are none.'),
};

const schema = z.object(variables);
export type Environment = Readonly<Record<string, string | undefined>>;
type Settings = z.output<typeof schema>;

/** Files for TLS towards Temporal; an empty object is TLS with the system's authorities. */
export interface TemporalTls {
  serverCaCertPath?: string;
  clientCertPath?: string;
  clientKeyPath?: string;
  serverName?: string;
}

/** A version of the workers, as Temporal's worker versioning knows it. */
export interface WorkerVersion {
  deploymentName: string;
  buildId: string;
}

/** What everything but `src/bin` sees of the environment. Frozen; `…Ms` are milliseconds. */
export interface Config {
  readonly nodeEnv: Settings['NODE_ENV'];
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly databaseUrl?: string;
  readonly temporalAddress?: string;
  readonly temporalNamespace: string;
  readonly temporalApiKey?: string;
  readonly temporalTls?: TemporalTls;
  /** Absent: workers are not versioned. */
  readonly workerVersion?: WorkerVersion;
  readonly maxCachedWorkflows: number;
  readonly workflowStacks: boolean;
  readonly adminApiKey: string;
  readonly encryptionKeys: string;
  readonly retryScheduleMs: readonly number[];
  readonly attemptTimeoutMs: number;
  readonly addressGraceMs: number;
  readonly enrichmentDeadlineMs: number;
  readonly idleAfterMs: number;
  readonly smtpUrl?: string;
  readonly mailFrom: string;
  readonly maxDailyMails: number;
  readonly publicUrl?: string;
  readonly temporalUiUrl?: string;
  readonly maxEndpoints: number;
  readonly allowInsecureEndpoints: 'loopback' | null;
  readonly retentionDays: number;
  readonly outboxDatabaseUrl?: string;
  readonly logLevel: Settings['LOG_LEVEL'];
  readonly metricsPort?: number;
  readonly otlpEndpoint?: string;
}

/** Variables with wrong values: all of them, one a line, each naming itself and what it expected, never the value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Keys that development may go without; `make` is asked for the ones absent there. */
export interface MadeKeys {
  adminApiKey: (dataDir: string) => string;
  encryptionKeys: (dataDir: string) => string;
}

const pairs = [
  ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'],
  ['WORKER_DEPLOYMENT_NAME', 'WORKER_BUILD_ID'],
] as const;

type KeyName = 'ADMIN_API_KEY' | 'ENCRYPTION_KEYS';
/** The keys that each role uses: it is asked for no other, so that no process needs to hold a secret in vain. */
const keysOf = {
  all: ['ADMIN_API_KEY', 'ENCRYPTION_KEYS'],
  api: ['ADMIN_API_KEY', 'ENCRYPTION_KEYS'],
  worker: ['ENCRYPTION_KEYS'],
  relay: ['ENCRYPTION_KEYS'],
  reencrypt: ['ENCRYPTION_KEYS'],
  doctor: ['ENCRYPTION_KEYS'],
  migrate: [],
} as const satisfies Record<string, readonly KeyName[]>;
export type Role = keyof typeof keysOf;

/** With fewer characters the operator's key can be guessed. */
const leastKeyLength = 24;

/**
 * Reads and checks the environment of a process of `role`. An empty variable is an absent one. A key that the role does not
 * use is a random one. Throws `ConfigError`.
 */
export function readConfig(environment: Environment, make: MadeKeys, role: Role = 'all'): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  const issues = (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  issues.push(...keyIssues(given, role));
  for (const [one, other] of pairs) {
    if (Boolean(given[one]) !== Boolean(given[other])) issues.push(`${one}, ${other}: expected both or neither`);
  }
  if (!result.success || issues.length > 0) throw new ConfigError(issues.join('\n'));
  const uses = (name: KeyName): boolean => (keysOf[role] as readonly KeyName[]).includes(name);
  return toConfig(result.data, {
    adminApiKey: uses('ADMIN_API_KEY') ? make.adminApiKey : unknownKey,
    encryptionKeys: uses('ENCRYPTION_KEYS') ? make.encryptionKeys : () => `unknown:${unknownKey()}`,
  });
}

const unknownKey = (): string => randomBytes(32).toString('base64');

function keyIssues(given: Environment, role: Role): string[] {
  const isProduction = given.NODE_ENV === 'production';
  const needed = isProduction ? keysOf[role] : [];
  const issues = needed.filter((name) => !given[name]).map((name) => `${name}: required with NODE_ENV=production`);
  const isOneOfSeveral = role !== 'all' && Boolean(given.DATABASE_URL) && Boolean(given.TEMPORAL_ADDRESS);
  // Each of them would make up keys of its own, and none could read what another wrote.
  if (!isProduction && isOneOfSeveral && keysOf[role].length > 0 && !given.ENCRYPTION_KEYS) {
    issues.push('ENCRYPTION_KEYS: required with DATABASE_URL and TEMPORAL_ADDRESS, the same for every process');
  }
  const key = given.ADMIN_API_KEY;
  if (needed.some((name) => name === 'ADMIN_API_KEY') && key && key.length < leastKeyLength) {
    issues.push(`ADMIN_API_KEY: expected at least ${leastKeyLength} characters with NODE_ENV=production`);
  }
  return issues;
}

function toConfig(settings: Settings, make: MadeKeys): Config {
  return Object.freeze({
    nodeEnv: settings.NODE_ENV,
    port: settings.PORT,
    host: settings.HOST,
    dataDir: settings.DATA_DIR,
    ...present({ databaseUrl: settings.DATABASE_URL, temporalAddress: settings.TEMPORAL_ADDRESS }),
    temporalNamespace: settings.TEMPORAL_NAMESPACE,
    ...present({ temporalApiKey: settings.TEMPORAL_API_KEY, temporalTls: temporalTls(settings) }),
    ...present({ workerVersion: workerVersion(settings) }),
    maxCachedWorkflows: settings.MAX_CACHED_WORKFLOWS,
    workflowStacks: settings.WORKFLOW_STACKS === 'true',
    adminApiKey: settings.ADMIN_API_KEY ?? make.adminApiKey(settings.DATA_DIR),
    encryptionKeys: settings.ENCRYPTION_KEYS ?? make.encryptionKeys(settings.DATA_DIR),
    retryScheduleMs: Object.freeze(settings.RETRY_SCHEDULE),
    attemptTimeoutMs: settings.ATTEMPT_TIMEOUT,
    addressGraceMs: settings.ADDRESS_GRACE,
    enrichmentDeadlineMs: settings.ENRICHMENT_DEADLINE,
    idleAfterMs: settings.IDLE_AFTER,
    mailFrom: settings.MAIL_FROM,
    maxDailyMails: settings.MAX_DAILY_MAILS,
    ...present({
      smtpUrl: settings.SMTP_URL,
      publicUrl: settings.PUBLIC_URL?.replace(/\/+$/, ''),
      temporalUiUrl: settings.TEMPORAL_UI_URL?.replace(/\/+$/, ''),
    }),
    maxEndpoints: settings.MAX_ENDPOINTS,
    allowInsecureEndpoints: settings.ALLOW_INSECURE_ENDPOINTS ?? null,
    retentionDays: settings.RETENTION_DAYS,
    ...present({ outboxDatabaseUrl: settings.OUTBOX_DATABASE_URL }),
    logLevel: settings.LOG_LEVEL,
    ...present({ metricsPort: settings.METRICS_PORT, otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT }),
  });
}

function temporalTls(settings: Settings): TemporalTls | undefined {
  const tls = present({
    serverCaCertPath: settings.TEMPORAL_TLS_SERVER_CA_CERT_PATH,
    clientCertPath: settings.TEMPORAL_TLS_CLIENT_CERT_PATH,
    clientKeyPath: settings.TEMPORAL_TLS_CLIENT_KEY_PATH,
    serverName: settings.TEMPORAL_TLS_SERVER_NAME,
  });
  const wanted = settings.TEMPORAL_API_KEY !== undefined || Object.keys(tls).length > 0;
  return (settings.TEMPORAL_TLS ?? `${wanted}`) === 'true' ? Object.freeze(tls) : undefined;
}

const workerVersion = (settings: Settings): WorkerVersion | undefined =>
  settings.WORKER_DEPLOYMENT_NAME !== undefined && settings.WORKER_BUILD_ID !== undefined
    ? Object.freeze({ deploymentName: settings.WORKER_DEPLOYMENT_NAME, buildId: settings.WORKER_BUILD_ID })
    : undefined;

type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Leaves absent fields out: with exactOptionalPropertyTypes an absent field is not one that is undefined. */
const present = <Fields extends object>(fields: Fields): Present<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
