import { z } from 'zod';
import { flag, integer, keyRing, name, url, withoutLastSlash } from './values.ts';
import { duration, durations } from './duration.ts';

/**
 * A variable of the environment. Validation, types, the masked log at start and docs/configuration.md derive from it.
 */
export interface Variable<Value = unknown, Fallback extends string | null = string | null> {
  name: string;
  schema: z.ZodType<Value>;
  /** As a person writes it; null when absent means something, which the description says. */
  fallback: Fallback;
  description: string;
  isSecret: boolean;
}

const variable = <Value, Fallback extends string | null>(
  name: string,
  schema: z.ZodType<Value>,
  fallback: Fallback,
  description: string,
  { isSecret = false }: { isSecret?: boolean } = {},
): Variable<Value, Fallback> => ({ name, schema, fallback, description, isSecret });

/** Every variable the service reads (spec section 8), by its field of `Config`, in the order of the documentation. */
export const variables = {
  nodeEnv: variable(
    'NODE_ENV',
    z.enum(['development', 'production', 'test'], 'expected development, production or test'),
    'development',
    'With `production`, nothing is made up: `ENCRYPTION_KEYS` and `ADMIN_API_KEY` are required where a role needs them.',
  ),
  port: variable('PORT', integer(0, 65_535), '8080', 'Port of the HTTP API; 0 takes any free one.'),
  host: variable('HOST', z.string(), '127.0.0.1', 'Address the HTTP API listens on.'),
  dataDir: variable(
    'DATA_DIR',
    z.string(),
    '.data',
    'All that the embedded parts keep: Postgres, Temporal, made keys. Delete it and everything is new; keep it and everything survives a kill -9.',
  ),
  databaseUrl: variable(
    'DATABASE_URL',
    url('postgres', 'postgresql'),
    null,
    'Postgres 15 or newer. Absent: an embedded one, under `DATA_DIR`.',
    { isSecret: true },
  ),
  temporalAddress: variable(
    'TEMPORAL_ADDRESS',
    z.string().regex(/^[^\s/:]+:\d{1,5}$|^\[[\da-fA-F:]+\]:\d{1,5}$/, 'expected host:port'),
    null,
    'host:port of Temporal. Absent: a local development server, under `DATA_DIR`.',
  ),
  temporalNamespace: variable('TEMPORAL_NAMESPACE', z.string(), 'default', 'Namespace in Temporal.'),
  temporalApiKey: variable('TEMPORAL_API_KEY', z.string(), null, 'Key for Temporal Cloud; switches TLS on.', {
    isSecret: true,
  }),
  tls: variable(
    'TEMPORAL_TLS',
    flag(),
    null,
    '`true`: TLS towards Temporal. Absent: when there is an API key or one of the files below.',
  ),
  tlsServerCaCertPath: variable(
    'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    z.string(),
    null,
    "File of the certificate authority that signed the server's certificate.",
  ),
  tlsClientCertPath: variable(
    'TEMPORAL_TLS_CLIENT_CERT_PATH',
    z.string(),
    null,
    'File of the client certificate (mTLS).',
  ),
  tlsClientKeyPath: variable(
    'TEMPORAL_TLS_CLIENT_KEY_PATH',
    z.string(),
    null,
    "File of the client certificate's key (mTLS).",
  ),
  tlsServerName: variable('TEMPORAL_TLS_SERVER_NAME', z.string(), null, "Name to expect in the server's certificate."),
  workerDeploymentName: variable(
    'WORKER_DEPLOYMENT_NAME',
    name(/^(?!__)[^\s.:]{1,200}$/, 'spaces, dots and colons'),
    null,
    'Name of the deployment in Temporal whose versions the workers are: with `WORKER_BUILD_ID`, a worker takes nothing until its version was made current. Absent: it takes work at once.',
  ),
  workerBuildId: variable(
    'WORKER_BUILD_ID',
    name(/^(?!__)\S{1,200}$/, 'spaces'),
    null,
    'Name of the version, another one for each release; both or neither.',
  ),
  maxCachedWorkflows: variable(
    'MAX_CACHED_WORKFLOWS',
    integer(100, 20_000),
    '5000',
    "Leads whose workflows a worker keeps in memory, at a quarter of a MiB each. Of any other lead, the next step reads its run's whole history.",
  ),
  workflowStacks: variable(
    'WORKFLOW_STACKS',
    flag(),
    'false',
    "`true`: errors of workflows, and the engine's stack trace query, say where in the code. For debugging: the worker needs several times the CPU.",
  ),
  adminApiKey: variable(
    'ADMIN_API_KEY',
    z.string().regex(/^[\x21-\x7e]+$/, 'expected printable ASCII without spaces'),
    null,
    "The operator's key: may do everything; for the API only. At least 24 characters with `NODE_ENV=production`. Absent in development: made once, kept in `DATA_DIR`, printed.",
    { isSecret: true },
  ),
  encryptionKeys: variable(
    'ENCRYPTION_KEYS',
    keyRing(),
    null,
    '`id:base64,…`: keys of 32 bytes, the first encrypts new data, all decrypt; for every role but migrate, the same for all. Absent in development: `npm start` makes them once and keeps them in `DATA_DIR`; a role of its own with `DATABASE_URL` and `TEMPORAL_ADDRESS` needs them.',
    { isSecret: true },
  ),
  retryScheduleMs: variable(
    'RETRY_SCHEDULE',
    durations({ most: '30d', count: 100 }).transform((list): readonly number[] => Object.freeze(list)),
    '1m,10m,1h,4h',
    'Waits after the failed attempts 1, 2, …; after the attempt behind the last wait a delivery is abandoned.',
  ),
  attemptTimeoutMs: variable(
    'ATTEMPT_TIMEOUT',
    duration({ least: '10ms', most: '10m' }),
    '15s',
    'How long one attempt may take.',
  ),
  addressGraceMs: variable(
    'ADDRESS_GRACE',
    duration({ most: '1d' }),
    '5s',
    'How long `lead.enriched` waits for an address step that did not come.',
  ),
  enrichmentDeadlineMs: variable(
    'ENRICHMENT_DEADLINE',
    duration({ least: '1ms', most: '365d' }),
    '24h',
    'After this long without the enrichment write-back the organization is told by mail.',
  ),
  idleAfterMs: variable(
    'IDLE_AFTER',
    duration({ least: '1ms', most: '365d' }),
    '7d',
    'A lead with nothing left to do is put away after this long without a step.',
  ),
  smtpUrl: variable(
    'SMTP_URL',
    z
      .literal('none', { error: 'expected a URL that begins with smtp:// or smtps://, or none' })
      .or(url('smtp', 'smtps')),
    null,
    'Mail server. Absent in development: mails are not sent but kept, under `DATA_DIR/mails`; with `NODE_ENV=production`: they stay due until it is set. `none`: no mail is ever sent.',
    { isSecret: true },
  ),
  mailFrom: variable(
    'MAIL_FROM',
    z.string(),
    'Spark360 Events <events@spark360.example>',
    'Sender of the mails to organizations: a name and an address of your own domain.',
  ),
  maxDailyMails: variable(
    'MAX_DAILY_MAILS',
    integer(1, 100_000),
    '500',
    'Mails that one organization gets on a day (UTC), over all its addresses; further ones are dropped, and logged.',
  ),
  publicUrl: variable(
    'PUBLIC_URL',
    url('https', 'http').transform(withoutLastSlash),
    null,
    'Where people reach this service, for the links in mails.',
  ),
  maxEndpoints: variable(
    'MAX_ENDPOINTS',
    integer(1, 10_000),
    '100',
    'Endpoints that one organization may have: each lead makes a delivery for each of them and event.',
  ),
  temporalUiUrl: variable(
    'TEMPORAL_UI_URL',
    url('https', 'http').transform(withoutLastSlash),
    null,
    "Where people reach Temporal's UI, for links. Its page is the only one of another origin that may call the codec with the cookie of a session.",
  ),
  allowInsecureEndpoints: variable(
    'ALLOW_INSECURE_ENDPOINTS',
    z.enum(['loopback'], 'expected loopback, or nothing'),
    null,
    '`loopback` allows endpoints on loopback, and http to loopback only: for development and tests. The demo sets it for itself.',
  ),
  retentionDays: variable(
    'RETENTION_DAYS',
    integer(1, 36_500),
    '90',
    'Days after which settled deliveries are removed, with their payloads and attempts, and dead letters of the outbox. Ids stay for ever.',
  ),
  outboxDatabaseUrl: variable(
    'OUTBOX_DATABASE_URL',
    url('postgres', 'postgresql'),
    null,
    "The backend's database with the outbox table: for the relay, and for API and workers, which erase leads there. Absent: the outbox is in `DATABASE_URL`.",
    { isSecret: true },
  ),
  logLevel: variable(
    'LOG_LEVEL',
    z.enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'expected trace, debug, info, warn, error, fatal or silent',
    ),
    'info',
    'The least severe log lines to write. `npm start` in development writes from `warn` on unless this is set.',
  ),
  metricsPort: variable(
    'METRICS_PORT',
    integer(0, 65_535),
    null,
    'Port on `HOST` where a worker or relay serves `/healthz`, `/readyz` and `/metrics`, without a key; 0 takes any free one. Absent: it serves none. The API has them on `PORT`.',
  ),
  otlpEndpoint: variable(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    url('https', 'http'),
    null,
    'Where traces go: `/v1/traces` below this, OTLP over HTTP in JSON. Absent: there are none.',
  ),
};
