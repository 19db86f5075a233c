import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { alerts, alertsSeenFiring, expressions, selectors } from './expressions.ts';

const runbook = readFileSync('docs/operations.md', 'utf8');

describe('alerts', () => {
  test('each has a heading in docs/operations.md that says what to do, and each heading an alert', () => {
    const sections = runbook.split(/^#{2,3} /m).slice(1);
    const steps = new Map(
      sections.map((text) => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n')).trim()]),
    );
    const names = alerts().map(({ alert }) => alert);
    expect([...steps.keys()].filter((heading) => /^(Spark360|Temporal)[A-Z]\w+$/.test(heading)).sort()).toEqual(
      names.sort(),
    );
    expect(names.filter((name) => (steps.get(name) ?? '').length < 80)).toEqual([]);
  });

  test.each(alerts())('$alert links its heading, wakes or waits, and says in one sentence what is wrong', (alert) => {
    expect(alert.annotations.runbook).toBe(`docs/operations.md#${alert.alert.toLowerCase()}`);
    expect(['page', 'ticket']).toContain(alert.labels.severity);
    expect(alert.annotations.summary).toMatch(/^\S.{10,}[^.]$/);
  });

  test('each is seen firing by a unit test of promtool', () => {
    expect([...new Set(alertsSeenFiring())].sort()).toEqual(
      alerts()
        .map(({ alert }) => alert)
        .sort(),
    );
  });
});

test.each(expressions())('$where is PromQL, and asks for metrics of ours', ({ expr }) => {
  for (const { metric } of selectors(expr)) expect(metric).toMatch(/^(spark360|temporal|process|nodejs)_/);
});

test('what is not PromQL is found', () => {
  expect(() => selectors('sum(rate(a_total[5m])')).toThrow('not PromQL');
  expect(selectors('sum by (le) (rate(a_bucket{x="y",z=~"u"}[5m])) / on () b')).toEqual([
    { metric: 'a_bucket', labels: ['x', 'z'] },
    { metric: 'b', labels: [] },
  ]);
});
