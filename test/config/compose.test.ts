import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig, type Role } from '../../src/config/config.ts';
import { variables } from '../../src/config/variables.ts';
import { dynamicConfiguration } from '../cluster/temporal-configuration.ts';

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
  healthcheck?: object;
  restart?: string;
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const roles = services.filter(([, { command }]) => command?.some((part) => part.startsWith('dist/src/bin/')));

const secretsOf = {
  api: ['ADMIN_API_KEY', 'DATABASE_URL', 'ENCRYPTION_KEYS', 'OUTBOX_DATABASE_URL'],
  worker: ['DATABASE_URL', 'ENCRYPTION_KEYS', 'OUTBOX_DATABASE_URL', 'SMTP_URL'],
  relay: ['DATABASE_URL', 'ENCRYPTION_KEYS', 'OUTBOX_DATABASE_URL'],
  migrate: ['DATABASE_URL'],
};

/** What the operator exports, and what `${NAME:?…}`, `${NAME:-default}` and `${NAME}` make of it. */
const exported: Record<string, string> = {
  POSTGRES_PASSWORD: 'pw1',
  ADMIN_API_KEY: 'operator-key-of-24-chars',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
};
const expand = (text: string): string =>
  text.replace(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_all, name: string, kind, rest) => exported[name] ?? (kind === '-' ? rest : ''),
  );

const known = Object.values(variables);

describe('docker-compose.yml', () => {
  test('has a service for every role that the image needs', () => {
    expect(roles.map(([name]) => name)).toEqual(expect.arrayContaining(['api', 'worker', 'relay', 'migrate']));
  });

  test.each(roles)(
    '%s runs an entry point that exists, with variables the service knows',
    (_name, { command = [], environment = {} }) => {
      const entry = command.find((part) => part.startsWith('dist/')) ?? '';
      expect(existsSync(entry.replace(/^dist\//, '').replace(/\.js$/, '.ts'))).toBe(true);
      expect(known.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(environment)));
    },
  );

  test("Temporal's UI reads histories with the cookie of an operator, and offers nothing that breaks a promise", () => {
    const { environment = {} } = compose.services['temporal-ui'] ?? {};
    const { environment: api = {} } = compose.services.api ?? {};
    expect(expand(environment.TEMPORAL_CODEC_ENDPOINT ?? '')).toBe(`${expand(api.PUBLIC_URL ?? '')}/codec`);
    // The cookie is SameSite: both have to be of one site.
    expect(new URL(expand(api.TEMPORAL_UI_URL ?? '')).hostname).toBe(new URL(expand(api.PUBLIC_URL ?? '')).hostname);
    expect(environment).toMatchObject({
      TEMPORAL_CODEC_INCLUDE_CREDENTIALS: 'true',
      TEMPORAL_CODEC_DEFAULT_ERROR_MESSAGE: expect.stringContaining('Sign in'),
      TEMPORAL_CODEC_DEFAULT_ERROR_LINK: expect.stringMatching(/\/docs$/),
      TEMPORAL_WORKFLOW_TERMINATE_DISABLED: 'true',
      TEMPORAL_WORKFLOW_CANCEL_DISABLED: 'true',
      TEMPORAL_WORKFLOW_RESET_DISABLED: 'true',
      TEMPORAL_BATCH_ACTIONS_DISABLED: 'true',
      TEMPORAL_DISABLE_NEWS_FETCH: 'true',
    });
  });

  test.each(roles)(
    '%s gets a configuration that production accepts, and no secret it does not use',
    (name, service) => {
      const { environment = {} } = service;
      const made = (): never => {
        throw new Error('nothing is made up in production');
      };
      const given = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, expand(value)]));
      const config = readConfig(given, { adminApiKey: made, encryptionKeys: made }, name as Role);
      expect(config).toMatchObject({
        nodeEnv: 'production',
        databaseUrl: 'postgres://spark360:pw1@postgres:5432/spark360_events',
        ...(name === 'migrate' ? {} : { temporalAddress: 'temporal:7233' }),
        ...(name === 'api' ? { adminApiKey: 'operator-key-of-24-chars' } : {}),
      });
      const secrets = Object.keys(environment).filter(
        (variable) => known.find(({ name }) => name === variable)?.isSecret,
      );
      expect(secrets.toSorted()).toEqual(secretsOf[name as keyof typeof secretsOf]);
    },
  );

  test.each(['api', 'worker', 'relay'])('%s is asked whether it is ready, on the port it listens on', (name) => {
    const { environment, healthcheck } = compose.services[name] ?? {};
    const port = name === 'api' ? '8080' : environment?.METRICS_PORT;
    expect(JSON.stringify(healthcheck)).toContain(`http://127.0.0.1:${port}/readyz`);
  });

  test.each(services)(
    '%s waits only for services that are there and can be waited for',
    (_name, { depends_on: dependsOn = {} }) => {
      for (const [other, { condition }] of Object.entries(dependsOn)) {
        const service = compose.services[other];
        expect(service).toBeDefined();
        if (condition === 'service_healthy') expect(service?.healthcheck).toBeDefined();
        if (condition === 'service_completed_successfully') expect(service?.restart).toMatch(/^on-failure/);
      }
    },
  );

  test.each(services)('%s has an image of a fixed version, or ours', (_name, { image = '' }) => {
    expect(image).toMatch(/^spark360-events$|:v?\d+(\.\d+)*$/);
  });

  test.each(services)('%s mounts what is declared or in the checkout', (_name, { volumes = [] }) => {
    for (const source of volumes.map((volume) => volume.split(':')[0] ?? '')) {
      expect(source.startsWith('./') ? existsSync(source) : source in compose.volumes).toBe(true);
    }
  });

  test('Temporal is configured as operations.md asks of a cluster, and as the one that is tested', () => {
    expect(parse(readFileSync('deploy/temporal/dynamic-config.yaml', 'utf8'))).toEqual(parse(dynamicConfiguration));
  });

  test('addresses in it name services of it', () => {
    const hosts = JSON.stringify(compose).match(/(?<=@|: ?"|ADDRESS":")[a-z-]+(?=:\d{4})/g) ?? [];
    for (const host of new Set(hosts)) expect(Object.keys(compose.services)).toContain(host);
  });
});

test('the image runs as an ordinary user, in production mode', () => {
  const final =
    readFileSync('Dockerfile', 'utf8')
      .split(/^FROM /m)
      .at(-1) ?? '';
  expect(final).toMatch(/^USER 1000$/m);
  expect(final).toMatch(/NODE_ENV=production/);
  expect(final.match(/dist\/src\/bin\/\w+\.js/g)).toEqual(['dist/src/bin/api.js']);
});
