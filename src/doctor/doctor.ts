import type { Check, DoctorDeps, Finding } from './check.ts';
import { within } from '../within.ts';
import { clocksCheck } from './clocks.ts';
import { keysCheck } from './keys.ts';
import { lostEventsCheck, orphansCheck } from './orphans.ts';
import { mailCheck, namesCheck, outboxCheck } from './outside.ts';
import { postgresCheck, schemaCheck } from './postgres.ts';
import {
  namespaceCheck,
  scheduleCheck,
  searchAttributesCheck,
  settingsCheck,
  temporalCheck,
  workersCheck,
} from './temporal.ts';

/** In the order in which one is looked at: what others need first. */
const checks: readonly Check[] = [
  postgresCheck,
  schemaCheck,
  temporalCheck,
  namespaceCheck,
  searchAttributesCheck,
  settingsCheck,
  workersCheck,
  scheduleCheck,
  clocksCheck,
  keysCheck,
  mailCheck,
  namesCheck,
  outboxCheck,
  orphansCheck,
  lostEventsCheck,
];

/** A part that is away answers nothing: the others are looked at all the same (milliseconds). */
const patienceMs = 60_000;

/** Looks at everything the service needs, one thing after the other; an error of one check is what it found. */
export async function examine(deps: DoctorDeps, { fix }: { fix: boolean }): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await look(check, deps, fix, findings));
  return findings;
}

async function look(check: Check, deps: DoctorDeps, fix: boolean, before: readonly Finding[]): Promise<Finding> {
  const { name, needs, remedy } = check;
  const missing = before.find(
    (finding) => needs.includes(finding.check) && (finding.status === 'failed' || finding.status === 'skipped'),
  );
  if (missing !== undefined) {
    const detail = `Not looked at: ${missing.check} comes first.`;
    return { check: name, status: 'skipped', detail, remedy: null, fixed: null };
  }
  try {
    const found = await within(patienceMs, check.run(deps, fix), tooLate);
    return { check: name, fixed: null, ...found };
  } catch (error) {
    return { check: name, status: 'failed', detail: formatError(error), remedy, fixed: null };
  }
}

function tooLate(): never {
  throw new Error(`no answer within ${patienceMs / 1_000} s`);
}

/** One error per address that was tried has no words of its own. */
function formatError(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(formatError).join('; ');
  return error instanceof Error ? error.message : String(error);
}
