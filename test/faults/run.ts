import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import { type Fault, faults } from './faults.ts';
import { inWords } from './report.ts';
import { startRig } from './rig.ts';
import { runRounds } from './rounds.ts';
import { duplicates, type Figures, fullRequests, manyEndpoints } from './storms.ts';

/**
 * The long forms: `npm run faults -- --rounds 200 [--leads 12] [--only worker]`, and `npm run faults -- --storms`. Ends with
 * 1 when a promise was broken.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    leads: { type: 'string', default: '12' },
    only: { type: 'string' },
    storms: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function rounds(): Promise<boolean> {
  const chosen = faults.filter(({ name }) => values.only === undefined || name.includes(values.only));
  if (chosen.length === 0) throw new Error(`no fault is named like ${values.only}`);
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
    return report.lost.length + report.verdict.violations.length + report.surprises.length === 0;
  } finally {
    await cluster.stop();
  }
}

async function storms(): Promise<boolean> {
  const rig = await startRig({ workers: 1, relays: 0 });
  const show = (figures: Figures): void => say(`| ${Object.values(figures)[0]} | ${describe(figures)} |`);
  const describe = (figures: Figures): string =>
    Object.entries(figures)
      .slice(1)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ');
  try {
    say('| Storm | Measured |\n|---|---|');
    show(await fullRequests(rig, 120));
    show(await manyEndpoints(rig, 50, 20, 600_000));
    show(await manyEndpoints(rig, 1_000, 1, 600_000));
    show(await manyEndpoints(rig, 1_000, 5, 900_000));
    show(await duplicates(rig, 20_000));
    for (const line of [...rig.oracle.verdict.violations, ...rig.backend.surprises]) say(line);
    say(`${rig.oracle.verdict.repeats} repeats; processes that ended by themselves: ${crashes(rig)}`);
    return rig.oracle.verdict.violations.length + rig.backend.surprises.length === 0;
  } finally {
    await rig.stop();
  }
}

const crashes = ({ cluster }: Awaited<ReturnType<typeof startRig>>): number =>
  cluster.roles().reduce((sum, role) => sum + role.crashes(), 0);

const isKept = await (values.storms ? storms() : rounds());
process.exit(isKept ? 0 : 1);
