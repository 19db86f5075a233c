import type { Check, DoctorDeps, Finding, Found, Tell } from './check.ts';
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

/** A part that is away tells and answers nothing: the others are looked at all the same (milliseconds). */
const patienceMs = 60_000;

interface Options {
  fix: boolean;
  /** Hears how far a check is that takes long. */
  tell?: Tell;
}

/** Looks at everything the service needs, one thing after the other; an error of one check is what it found. */
export async function examine(deps: DoctorDeps, { fix, tell = () => undefined }: Options): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await look(check, deps, { fix, tell }, findings));
  return findings;
}

async function look(
  check: Check,
  deps: DoctorDeps,
  { fix, tell }: Required<Options>,
  before: readonly Finding[],
): Promise<Finding> {
  const { name, needs, remedy } = check;
  const missing = before.find(
    (finding) => needs.includes(finding.check) && (finding.status === 'failed' || finding.status === 'skipped'),
  );
  if (missing !== undefined) {
    const detail = `Not looked at: ${missing.check} comes first.`;
    return { check: name, status: 'skipped', detail, remedy: null, fixed: null };
  }
  try {
    const found = await unlessSilent((heard) =>
      check.run(deps, fix, (progress) => {
        heard();
        tell(`${name}: ${progress}`);
      }),
    );
    return { check: name, fixed: null, ...found };
  } catch (error) {
    return { check: name, status: 'failed', detail: formatError(error), remedy, fixed: null };
  }
}

/** Gives `run` up when it has neither ended nor called `heard` for too long. */
async function unlessSilent(run: (heard: () => void) => Promise<Found>): Promise<Found> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1_000} s`)), patienceMs);
  });
  try {
    return await Promise.race([run(() => timer?.refresh()), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** One error per address that was tried has no words of its own. */
function formatError(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(formatError).join('; ');
  return error instanceof Error ? error.message : String(error);
}
