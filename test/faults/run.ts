import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import { faults, type Fault } from './faults.ts';
import { inWords } from './report.ts';
import { runRounds } from './rounds.ts';

/** The long form: `npm run faults -- --rounds 200 [--leads 12] [--only worker]`. Ends with 1 when a promise was broken. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    leads: { type: 'string', default: '12' },
    only: { type: 'string' },
  },
});
const chosen = faults.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (chosen.length === 0) throw new Error(`no fault is named like ${values.only}`);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const cluster = await startCluster();
try {
  const report = await runRounds(cluster, {
    rounds: Number(values.rounds),
    leadsPerRound: Number(values.leads),
    patienceMs: 180_000,
    choose: (round) => chosen[round % chosen.length] as Fault,
    report: say,
  });
  say(`\n${inWords(report)}`);
  if (report.lost.length + report.verdict.violations.length + report.surprises.length > 0) process.exitCode = 1;
} finally {
  await cluster.stop();
}
process.exit();
