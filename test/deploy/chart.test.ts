import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig, type Role } from '../../src/config/config.ts';
import { resendTaskQueue } from '../../src/domain/ids.ts';
import { mailTaskQueue } from '../../src/domain/notice.ts';

interface Container {
  name: string;
  command: string[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef: { key: string } } }[];
  securityContext: object;
  readinessProbe?: { httpGet: { path: string } };
  livenessProbe?: { httpGet: { path: string } };
}
interface PodSpec {
  automountServiceAccountToken: boolean;
  securityContext: object;
  containers: Container[];
}
interface Peer {
  namespaceSelector?: { matchLabels: Record<string, string> };
  podSelector?: { matchLabels: Record<string, string> };
}
interface Manifest {
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  spec: PodSpec & {
    template?: { spec: PodSpec };
    ingress?: { from?: Peer[] }[];
    triggers?: { metadata: { taskQueue?: string } }[];
    selector?: { matchLabels?: Record<string, string> };
    egress?: { to?: { ipBlock?: { cidr: string; except: string[] } }[] }[];
  };
}

const role = ({ metadata }: Manifest): string => metadata.labels['app.kubernetes.io/component'] ?? '';
const rendered = (name: string): Manifest[] =>
  parseAllDocuments(readFileSync(`deploy/helm/golden/${name}.yaml`, 'utf8')).map(
    (document) => document.toJS() as Manifest,
  );
const pods = (name: string): [where: string, role: string, pod: PodSpec][] =>
  rendered(name)
    .filter(({ kind }) => ['Deployment', 'Job', 'Pod'].includes(kind))
    .map((manifest) => [
      `${name}: ${manifest.metadata.name}`,
      role(manifest),
      manifest.spec.template?.spec ?? manifest.spec,
    ]);
const allPods = [...pods('minimal'), ...pods('everything')];

/** Values of the secrets and files that the chart only names. */
const given: Record<string, string> = {
  DATABASE_URL: 'postgres://user:password@postgres/spark360',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  ADMIN_API_KEY: 'operator-key-of-24-chars',
  SMTP_URL: 'smtp://mail.example.com',
  TEMPORAL_API_KEY: 'key',
  OUTBOX_DATABASE_URL: 'postgres://user:password@backend/leads',
};

describe('the rendered chart', () => {
  test.each(allPods)('%s runs as a number, without rights, on a root it cannot write to', (_where, _role, pod) => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const { securityContext } of pod.containers)
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
  });

  const roles = allPods.filter(([, name]) => ['api', 'worker', 'relay', 'migrate'].includes(name));
  test.each(roles)(
    '%s runs an entry point that exists, with a configuration that production accepts',
    (_where, name, pod) => {
      const [{ command = [], env = [] } = {}] = pod.containers;
      const entry = command.find((part) => part.startsWith('dist/')) ?? '';
      expect(existsSync(entry.replace(/^dist\//, '').replace(/\.js$/, '.ts'))).toBe(true);
      const environment = Object.fromEntries(
        env
          .filter((variable) => !variable.name.endsWith('_PATH')) // Files of a Secret, which are read at the start.
          .map((variable) => [variable.name, variable.value ?? given[variable.valueFrom?.secretKeyRef.key ?? '']]),
      );
      const made = (): never => {
        throw new Error('nothing is made up in production');
      };
      const config = readConfig(
        { ...environment, NODE_ENV: 'production' },
        { adminApiKey: made, encryptionKeys: made },
        name as Role,
      );
      expect(config.databaseUrl).toBe(given.DATABASE_URL);
    },
  );

  test.each(pods('everything'))('%s gets no secret that it does not use', (_where, name, pod) => {
    const keys = pod.containers.flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => (valueFrom === undefined ? [] : [valueFrom.secretKeyRef.key])),
    );
    const needed: Record<string, string[]> = {
      api: ['ADMIN_API_KEY', 'DATABASE_URL', 'ENCRYPTION_KEYS', 'OUTBOX_DATABASE_URL', 'TEMPORAL_API_KEY'],
      worker: ['DATABASE_URL', 'ENCRYPTION_KEYS', 'OUTBOX_DATABASE_URL', 'SMTP_URL', 'TEMPORAL_API_KEY'],
      relay: ['DATABASE_URL', 'ENCRYPTION_KEYS', 'OUTBOX_DATABASE_URL', 'TEMPORAL_API_KEY'],
      migrate: ['DATABASE_URL'],
      test: [],
    };
    expect(keys.toSorted()).toEqual(needed[name]);
  });

  test.each(roles.filter(([, name]) => name !== 'migrate'))(
    '%s is restarted for being dead, not for waiting',
    (_where, _name, pod) => {
      expect(pod.containers[0]).toMatchObject({
        livenessProbe: { httpGet: { path: '/healthz' } },
        readinessProbe: { httpGet: { path: '/readyz' } },
      });
    },
  );

  test.each(['minimal', 'everything'])('%s: webhooks reach no metadata service and no private address', (name) => {
    const policies = rendered(name).filter(({ kind }) => kind === 'NetworkPolicy');
    const blocks = policies.flatMap(({ spec }) => spec.egress ?? []).flatMap(({ to = [] }) => to);
    const open = blocks.flatMap(({ ipBlock }) => (ipBlock?.cidr === '0.0.0.0/0' ? [ipBlock.except] : []));
    expect(open).toHaveLength(2); // API and workers; a relay calls nobody.
    for (const except of open)
      expect(except).toEqual(
        expect.arrayContaining(['169.254.0.0/16', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']),
      );
  });

  test('where callers of the API are named, Prometheus and the pod of `helm test` are among them', () => {
    const manifests = rendered('everything');
    const policy = manifests.find((manifest) => manifest.kind === 'NetworkPolicy' && role(manifest) === 'api');
    const [{ from = [] } = {}] = policy?.spec.ingress ?? [];
    expect(from.flatMap(({ namespaceSelector }) => Object.values(namespaceSelector?.matchLabels ?? {}))).toEqual([
      'ingress-nginx',
      'monitoring',
    ]);
    const labels = from.flatMap(({ podSelector }) => (podSelector === undefined ? [] : [podSelector.matchLabels]));
    const testPod = manifests.find(({ kind }) => kind === 'Pod');
    expect(labels).toHaveLength(1);
    expect(testPod?.metadata.labels).toMatchObject(labels[0] ?? {});
  });

  test('KEDA watches the task queues that a worker polls', () => {
    const scaled = rendered('everything').find(({ kind }) => kind === 'ScaledObject');
    const queues = (scaled?.spec.triggers ?? []).flatMap(({ metadata }) => metadata.taskQueue ?? []);
    expect(queues.toSorted()).toEqual(['spark360', mailTaskQueue('spark360'), resendTaskQueue('spark360')]);
  });

  test('a release pushes the image under the tag that its chart asks for, and checks that images are pinned', () => {
    const workflow = readFileSync('.github/workflows/release.yml', 'utf8');
    expect(workflow).toMatch(/tags: \$\{\{ env\.IMAGE \}\}:\$\{\{ env\.VERSION \}\}/);
    expect(workflow).toMatch(/version=\$\{GITHUB_REF_NAME#v\}/);
    expect(workflow).toContain('npm run --silent images -- check');
  });

  test('chart, application and package have one version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const chart = parse(readFileSync('deploy/helm/spark360-events/Chart.yaml', 'utf8')) as Record<string, string>;
    expect([chart.version, chart.appVersion]).toEqual([version, version]);
  });
});

describe('examples/worker-controller', () => {
  test('runs the worker as the chart does', () => {
    const [, deployment] = parseAllDocuments(readFileSync('examples/worker-controller/worker.yaml', 'utf8')).map(
      (document) => document.toJS() as Manifest,
    );
    const worker = rendered('minimal').find(
      (manifest) => manifest.kind === 'Deployment' && role(manifest) === 'worker',
    );
    const [ours] = deployment?.spec.template?.spec.containers ?? [];
    const [charts] = worker?.spec.template?.spec.containers ?? [];
    expect(ours?.command.at(-1)).toContain(charts?.command.join(' '));
    expect(ours?.securityContext).toEqual(charts?.securityContext);
    // Rendered whether the chart starts the workers or not.
    const budget = readFileSync('deploy/helm/spark360-events/templates/poddisruptionbudget.yaml', 'utf8');
    expect(budget).toContain('"worker" true');
    expect(ours?.env?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'ENCRYPTION_KEYS', 'METRICS_PORT']),
    );
  });
});
