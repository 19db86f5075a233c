import { setTimeout as sleep } from 'node:timers/promises';
import { allArrived } from './arrival.ts';
import { type SentLead, startBackend, ways } from './backend.ts';
import type { Cluster } from './cluster.ts';
import { type Fault, faults } from './faults.ts';
import { operatorOf } from './operator.ts';
import { Oracle, type Verdict } from '../support/oracle.ts';
import { flaky, healthy } from './partner.ts';

export interface Round {
  fault: string;
  leads: number;
  /** From the blow until all that the round sent was with the partners (milliseconds); null: it never was. */
  recoveredMs: number | null;
}

export interface RoundsReport {
  rounds: Round[];
  leads: number;
  verdict: Verdict;
  /** Lanes that were accepted and did not arrive, in words. */
  lost: string[];
  /** Answers of the API that no fault excuses. */
  surprises: string[];
  /** The last words of processes that ended by themselves, by role. */
  crashes: Record<string, string[]>;
}

export interface RoundsOptions {
  rounds: number;
  leadsPerRound: number;
  /** How long a round may take until its leads have arrived (milliseconds). */
  patienceMs: number;
  choose?: (round: number) => Fault;
  report?: (line: string) => void;
}

const spacingMs = 250;

/**
 * Rounds of leads that flow in while something goes wrong at a random moment. A round is over when all of it is with
 * both partners; the last ones of its leads were sent during the fault, or after it.
 */
export async function runRounds(cluster: Cluster, options: RoundsOptions): Promise<RoundsReport> {
  const { choose = (round) => faults[round % faults.length] as Fault, report = () => undefined } = options;
  const oracle = new Oracle();
  const backend = await startBackend(cluster);
  const { organizationId, partners } = await operatorOf(cluster, oracle).organization([healthy, flaky]);
  const rounds: Round[] = [];
  const lost: string[] = [];
  let leadCount = 0;
  try {
    for (let number = 0; number < options.rounds; number += 1) {
      const fault = choose(number);
      const sent = Array.from({ length: options.leadsPerRound }, async (_, index) => {
        await sleep((index * 2_000) / options.leadsPerRound);
        const { lead, accepted } = backend.send(organizationId, ways[index % ways.length] ?? 'http', { spacingMs });
        await accepted;
        return lead;
      });
      leadCount += sent.length;
      await sleep(300 + Math.random() * 2_000);
      const struckAt = performance.now();
      await fault.strike(cluster);
      const leads: SentLead[] = await Promise.all(sent);
      const round: Round = { fault: fault.name, leads: leads.length, recoveredMs: null };
      rounds.push(round);
      try {
        await allArrived(oracle, leads, partners, options.patienceMs);
        round.recoveredMs = performance.now() - struckAt;
      } catch (error) {
        lost.push((error as Error).message);
      }
      report(
        `round ${number + 1}: ${fault.name}: ${round.recoveredMs === null ? 'NOT RECOVERED' : `${(round.recoveredMs / 1_000).toFixed(1)} s`}, ` +
          `${oracle.verdict.violations.length} violations, ${oracle.verdict.repeats} repeats`,
      );
    }
  } finally {
    await backend.close();
    for (const partner of partners) await partner.close();
  }
  return {
    rounds,
    leads: leadCount,
    verdict: oracle.verdict,
    lost,
    surprises: backend.surprises,
    crashes: Object.fromEntries(cluster.roles().map((role) => [role.name, role.crashes()])),
  };
}
