import { readdirSync, readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';

export interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

export interface Expression {
  /** The file, and the alert or panel. */
  where: string;
  expr: string;
}

interface Panel {
  title: string;
  targets?: { expr: string }[];
}

const read = (path: string): string => readFileSync(path, 'utf8');
const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);

export const alerts = (): Alert[] =>
  filesIn('deploy/prometheus', '.rules.yml').flatMap((file) =>
    (parse(read(file)) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules),
  );

/** The alerts that a unit test of promtool expects to fire. */
export const alertsSeenFiring = (): string[] =>
  filesIn('deploy/prometheus', '.test.yml').flatMap((file) =>
    (parse(read(file)) as { tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[] }).tests
      .flatMap(({ alert_rule_test }) => alert_rule_test)
      .filter(({ exp_alerts = [] }) => exp_alerts.length > 0)
      .map(({ alertname }) => alertname),
  );

/** Every expression of the alerts and the dashboards, as Prometheus gets it. */
export const expressions = (): Expression[] => [
  ...alerts().map(({ alert, expr }) => ({ where: alert, expr })),
  ...filesIn('deploy/grafana', '.json').flatMap((file) =>
    (JSON.parse(read(file)) as { panels: Panel[] }).panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr: expr.replaceAll('$__rate_interval', '5m') })),
    ),
  ),
];

/** What an expression selects. */
export interface Selector {
  metric: string;
  /** Labels that its matchers name. */
  labels: string[];
}

/** All selectors of an expression. Throws where it is not PromQL, naming the position. */
export function selectors(expr: string): Selector[] {
  const found: Selector[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, node }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${expr}`);
      const text = ({ from: start, to }: { from: number; to: number }): string => expr.slice(start, to);
      const name = type.name === 'VectorSelector' ? node.getChild('Identifier') : null;
      if (name === null) return;
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      const labels = matchers.flatMap((matcher) => matcher.getChildren('LabelName').map(text));
      found.push({ metric: text(name), labels });
    },
  });
  return found;
}
