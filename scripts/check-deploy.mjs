// Checks what is deployed with the tools of its kind: chart, compose file, image, alerts, release workflow. `npm run
// check:deploy`. `--render` writes the chart's golden output anew, which needs Helm. A tool that cannot be had here is
// one printed line.
import { readFileSync, writeFileSync } from 'node:fs';
import { aptTool, chartSum, findHelm, folderOfTools, run } from './deploy-tools.mjs';

const chart = 'deploy/helm/spark360-events';
const golden = 'deploy/helm/golden';
const cases = ['minimal', 'everything'];
const withoutSchema =
  /Couldn't find schema for kind (ServiceMonitor|PodMonitor|PrometheusRule|ScaledObject|TriggerAuthentication) /;

const problems = [];
const check = (what, ...command) => {
  const { status, output } = run(...command);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${what}`);
  if (status !== 0) problems.push(`${what}\n${output}`);
  return output;
};

const helm = findHelm();
const render = (name) =>
  run(helm, 'template', 'spark360', chart, '--namespace', 'webhooks', '--values', `${golden}/${name}.values.yaml`);

if (process.argv.includes('--render')) {
  if (helm === null) throw new Error('no helm on PATH or in the cache: go install helm.sh/helm/v4/cmd/helm@v4.3.1');
  for (const name of cases) {
    const { status, stdout, output } = render(name);
    if (status !== 0) throw new Error(output);
    writeFileSync(`${golden}/${name}.yaml`, stdout);
  }
  writeFileSync(`${golden}/chart.sha256`, `${chartSum(chart)}\n`);
}

if (readFileSync(`${golden}/chart.sha256`, 'utf8').trim() === chartSum(chart))
  console.log('ok   golden output is of this chart');
else problems.push(`${chart} changed: npm run check:deploy -- --render, and look at the difference of ${golden}`);
if (helm === null) console.log('no helm here: the chart is not rendered again, its golden output is checked');
else {
  for (const name of cases) {
    check(`helm lint, ${name}`, helm, 'lint', '--strict', chart, '--values', `${golden}/${name}.values.yaml`);
    const isSame = render(name).stdout === readFileSync(`${golden}/${name}.yaml`, 'utf8');
    console.log(`${isSame ? 'ok  ' : 'FAIL'} helm template, ${name}`);
    if (!isSame)
      problems.push(`${golden}/${name}.yaml is not what the chart renders: npm run check:deploy -- --render`);
  }
}

const tools = folderOfTools();
if (tools === null)
  console.log('no python3 with venv and pip here: manifests, compose file, image and values are not validated');
else {
  for (const name of cases) {
    const said = check(
      `kubernetes-validate, ${name}`,
      `${tools}/kubernetes-validate`,
      '--strict',
      '-k',
      '1.37',
      `${golden}/${name}.yaml`,
    );
    const unknown = said
      .split('\n')
      .filter((line) => line.includes("Couldn't find schema") && !withoutSchema.test(line));
    problems.push(...unknown);
  }
  const schema = `${tools}/check-jsonschema`;
  check('check-jsonschema, schema of values', schema, '--check-metaschema', `${chart}/values.schema.json`);
  for (const name of cases)
    check(
      `check-jsonschema, values of ${name}`,
      schema,
      '--schemafile',
      `${chart}/values.schema.json`,
      `${golden}/${name}.values.yaml`,
    );
  check('check-jsonschema, compose file', schema, '--builtin-schema', 'vendor.compose-spec', 'docker-compose.yml');
  check(
    'check-jsonschema, release workflow',
    schema,
    '--builtin-schema',
    'vendor.github-workflows',
    '.github/workflows/release.yml',
  );
  check('hadolint, Dockerfile', `${tools}/hadolint`, 'Dockerfile');
}

const promtool = aptTool('prometheus', 'usr/bin/promtool');
if (promtool === null)
  console.log("no promtool here: alerts are parsed by the tests only; Debian's package prometheus has it");
else {
  const files = ['spark360', 'temporal'];
  check('promtool, rules', promtool, 'check', 'rules', ...files.map((name) => `deploy/prometheus/${name}.rules.yml`));
  check(
    'promtool, unit tests of alerts',
    promtool,
    'test',
    'rules',
    ...files.map((name) => `deploy/prometheus/${name}.test.yml`),
  );
  check('promtool, configuration', promtool, 'check', 'config', '--syntax-only', 'deploy/prometheus/prometheus.yml');
}

for (const problem of problems) console.error(`\n${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
