import type { RoundsReport } from './rounds.ts';

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The report of a run as docs/performance.md shows it. */
export function formatReport({ rounds, leads, verdict, lost, surprises, crashes }: RoundsReport): string {
  const names = [...new Set(rounds.map(({ fault }) => fault))];
  const rows = names.map((name) => {
    const of = rounds.filter(({ fault }) => fault === name);
    const times = of.flatMap(({ recoveredMs }) => recoveredMs ?? []);
    return `| ${name} | ${of.length} | ${seconds(quantile(times, 0.5))} | ${seconds(Math.max(...times))} |`;
  });
  const outOfOrder = verdict.violations.length;
  const ended = Object.entries(crashes).map(([name, words]) => `${name} ${words.length}`);
  return [
    `${rounds.length} rounds, ${leads} leads, ${verdict.events} events in ${verdict.requests} requests: ` +
      `${lost.length} rounds with something lost, ${outOfOrder} out of order or otherwise wrong, ${verdict.repeats} repeats ` +
      `with the old event_id (${verdict.lateRepeats} of them after a later event), ${surprises.length} wrong answers of the API.`,
    `Processes that ended by themselves and were started again: ${ended.join(', ')}.`,
    '',
    '| Fault | Rounds | Recovered: median (s) | max (s) |',
    '|---|---|---|---|',
    ...rows,
    ...[...verdict.violations, ...lost, ...surprises, ...Object.values(crashes).flat()].map((line) => `\n${line}`),
  ].join('\n');
}
