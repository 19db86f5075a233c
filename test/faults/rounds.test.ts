import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Cluster, startCluster } from './cluster.ts';
import { type Fault, faults } from './faults.ts';
import { patienceMs, testMs } from './moments.ts';
import { formatReport } from './report.ts';
import { runRounds } from './rounds.ts';

// The long form goes through all of them: docs/faults.md.
const kills = [
  'kill -9 everything',
  'kill -9 Temporal',
  'kill -9 Postgres',
  'kill -9 one backend of Postgres',
  'kill -9 relay',
  'kill -9 API',
];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
}, testMs);
afterAll(() => cluster?.stop(), testMs);

const networks = [
  'network to Temporal: cut',
  'network to Postgres: cut',
  'network to Temporal: slow',
  'freeze a worker',
];

test.each([
  ['each part killed at a random moment, and all at once', kills],
  ['the network between the parts cut and slow, a worker frozen', networks],
])(
  '%s, with leads flowing in three ways: nothing lost, nothing out of order',
  async (_what, names) => {
    const chosen = names.map((name) => faults.find((fault) => fault.name === name) as Fault);
    const report = await runRounds(cluster, {
      rounds: chosen.length,
      leadsPerRound: 9,
      patienceMs,
      choose: (round) => chosen[round] as Fault,
    });
    process.stderr.write(`${formatReport(report)}\n`);
    expect(report).toMatchObject({ lost: [], surprises: [], verdict: { violations: [], events: report.leads * 8 } });
  },
  testMs,
);
