import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { type Variable, variables } from './variables.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

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

type Variables = typeof variables;
type Field = keyof Variables;
type ValueOf<Name extends Field> = z.output<Variables[Name]['schema']>;
type OptionalField = { [Name in Field]: Variables[Name]['fallback'] extends null ? Name : never }[Field];
type Settings = { readonly [Name in Exclude<Field, OptionalField>]: ValueOf<Name> } & {
  readonly [Name in OptionalField]?: ValueOf<Name>;
};

/** Fields that `Config` has in another form than one variable each. */
type Composed =
  | 'adminApiKey'
  | 'encryptionKeys'
  | 'allowInsecureEndpoints'
  | Extract<Field, `tls${string}`>
  | 'workerDeploymentName'
  | 'workerBuildId';

/** What everything but `src/bin` sees of the environment: the variables by field. Frozen; `…Ms` are milliseconds. */
export interface Config extends Omit<Settings, Composed> {
  readonly adminApiKey: string;
  readonly encryptionKeys: string;
  readonly allowInsecureEndpoints: 'loopback' | null;
  readonly temporalTls?: TemporalTls;
  /** Absent: workers are not versioned. */
  readonly workerVersion?: WorkerVersion;
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
 * Reads and checks the environment of a process of `role`. An empty variable is an absent one. A key that the role does
 * not use is a random one. Throws `ConfigError`.
 */
export function readConfig(environment: Environment, make: MadeKeys, role: Role = 'all'): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const { settings, issues } = parse(given);
  issues.push(...keyIssues(given, role));
  for (const [one, other] of pairs) {
    if (Boolean(given[one]) !== Boolean(given[other])) issues.push(`${one}, ${other}: expected both or neither`);
  }
  if (issues.length > 0) throw new ConfigError(issues.join('\n'));
  const uses = (name: KeyName): boolean => (keysOf[role] as readonly KeyName[]).includes(name);
  return toConfig(settings, {
    adminApiKey: uses('ADMIN_API_KEY') ? make.adminApiKey : unknownKey,
    encryptionKeys: uses('ENCRYPTION_KEYS') ? make.encryptionKeys : () => `unknown:${unknownKey()}`,
  });
}

/** The values by field, absent ones left out, and what is wrong with the others. */
function parse(given: Environment): { settings: Settings; issues: string[] } {
  const settings: Record<string, unknown> = {};
  const issues: string[] = [];
  for (const [field, { name, schema, fallback }] of Object.entries<Variable>(variables)) {
    const text = given[name] ?? fallback;
    if (text === null) continue;
    const { success, data, error } = schema.safeParse(text);
    if (success) settings[field] = data;
    else issues.push(...error.issues.map(({ message }) => `${name}: ${message}`));
  }
  return { settings: settings as Settings, issues };
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
  const { tls, tlsServerCaCertPath, tlsClientCertPath, tlsClientKeyPath, tlsServerName, ...others } = settings;
  const { workerDeploymentName, workerBuildId, ...rest } = others;
  const files = present({
    serverCaCertPath: tlsServerCaCertPath,
    clientCertPath: tlsClientCertPath,
    clientKeyPath: tlsClientKeyPath,
    serverName: tlsServerName,
  });
  const usesTls = tls ?? (settings.temporalApiKey !== undefined || Object.keys(files).length > 0);
  return Object.freeze({
    ...rest,
    adminApiKey: settings.adminApiKey ?? make.adminApiKey(settings.dataDir),
    encryptionKeys: settings.encryptionKeys ?? make.encryptionKeys(settings.dataDir),
    allowInsecureEndpoints: settings.allowInsecureEndpoints ?? null,
    ...(usesTls && { temporalTls: Object.freeze(files) }),
    ...(workerDeploymentName !== undefined &&
      workerBuildId !== undefined && {
        workerVersion: Object.freeze({ deploymentName: workerDeploymentName, buildId: workerBuildId }),
      }),
  });
}

type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Leaves absent fields out: with exactOptionalPropertyTypes an absent field is not one that is undefined. */
const present = <Fields extends object>(fields: Fields): Present<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
