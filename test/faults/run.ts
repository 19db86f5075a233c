import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import { type Fault, faults } from './faults.ts';
import { formatReport } from './report.ts';
import { type Rig, startRig } from './rig.ts';
import { runRounds } from './rounds.ts';
import { duplicates, type Figures, fullRequests, manyEndpoints } from './storms.ts';

/**
 * The long forms: `npm run faults -- --rounds 200 [--leads 12] [--only worker]`, and `npm run faults -- --storms`. Ends
 * with 1 when a promise was broken.
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
    say(`\n${formatReport(report)}`);
    return report.lost.length + report.verdict.violations.length + report.surprises.length === 0;
  } finally {
    await cluster.stop();
  }
}

/** Each with a cluster of its own: what one leaves in a worker's cache is not the next one's. */
async function storms(): Promise<boolean> {
  const all: ((rig: Rig) => Promise<Figures>)[] = [
    (rig) => fullRequests(rig, 120),
    (rig) => manyEndpoints(rig, 50, 20, 900_000),
    (rig) => manyEndpoints(rig, 1_000, 1, 900_000),
    (rig) => manyEndpoints(rig, 1_000, 5, 1_800_000),
    (rig) => duplicates(rig, 20_000),
  ];
  say('| Storm | Measured |\n|---|---|');
  let isKept = true;
  for (const storm of all) {
    const rig = await startRig({ workers: 1, relays: 0 });
    try {
      const { storm: name, ...figures } = await storm(rig);
      const measured = Object.entries(figures).map(([what, value]) => `${what}: ${value}`);
      const { violations, repeats } = rig.oracle.verdict;
      const crashes = rig.cluster.roles().flatMap((role) => role.crashes());
      say(`| ${name} | ${[...measured, `repeats: ${repeats}`].join('; ')} |`);
      for (const line of [...violations, ...rig.backend.surprises, ...crashes]) say(line);
      isKept &&= violations.length + rig.backend.surprises.length === 0;
    } finally {
      await rig.stop();
    }
  }
  return isKept;
}

const isKept = await (values.storms ? storms() : rounds());
process.exit(isKept ? 0 : 1);
