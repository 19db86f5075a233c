import { randomUUID } from 'node:crypto';
import { type Check, type DoctorDeps, failed, ok, warning } from './check.ts';

/**
 * Leases and retries are compared over clocks; receivers reject signatures that are five minutes off (milliseconds).
 */
const toleratedMs = 1_000;
const harmfulMs = 30_000;

/** Another clock's time, and this process's own before and after it was read (milliseconds). */
interface Reading {
  theirs: number;
  before: number;
  after: number;
}

/** How far the other clock is ahead, taking it that it was read in the middle (milliseconds). */
const ahead = ({ theirs, before, after }: Reading): number => Math.round(theirs - (before + after) / 2);

/**
 * A workflow's start is the one moment of Temporal's own clock that can be seen.
 * No worker takes it, and it is ended at once.
 */
async function temporalTime({ temporal, now }: DoctorDeps): Promise<Reading> {
  const before = now();
  const handle = await temporal.workflow.start('doctor', {
    workflowId: `doctor/${randomUUID()}`,
    taskQueue: 'spark360-doctor',
    args: [],
    workflowExecutionTimeout: '10s',
  });
  const after = now();
  try {
    return { theirs: (await handle.describe()).startTime.getTime(), before, after };
  } finally {
    await handle.terminate('it only told the time');
  }
}

async function postgresTime({ db, now }: DoctorDeps): Promise<Reading> {
  const before = now();
  const [row] = await db.query<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms');
  return { theirs: row?.ms ?? Number.NaN, before, after: now() };
}

export const clocksCheck: Check = {
  name: 'clocks',
  needs: ['postgres', 'namespace'],
  remedy: 'A workflow could not be started to tell the time: check the rights of the credentials.',
  async run(deps) {
    const postgres = ahead(await postgresTime(deps));
    const temporal = ahead(await temporalTime(deps));
    const worst = Math.max(Math.abs(postgres), Math.abs(temporal), Math.abs(postgres - temporal));
    const seen = `Against this process, Postgres is ${formatOffset(postgres)}, Temporal ${formatOffset(temporal)}.`;
    const remedy = 'Synchronise the clocks of the hosts (NTP); then look again.';
    if (worst > harmfulMs) return failed(seen, remedy);
    return worst > toleratedMs ? warning(seen, remedy) : ok(seen);
  },
};

const formatOffset = (ms: number): string => `${Math.abs(ms)} ms ${ms < 0 ? 'behind' : 'ahead'}`;
