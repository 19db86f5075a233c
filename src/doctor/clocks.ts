import { randomUUID } from 'node:crypto';
import { type Check, type DoctorDeps, failed, ok, warning } from './check.ts';

/**
 * Leases and retries are compared over clocks; receivers reject signatures that are five minutes off (milliseconds).
 */
const toleratedMs = 1_000;
const harmfulMs = 30_000;

/** How far another clock is ahead of ours, from a reading of it and the time it took (milliseconds). */
async function ahead(now: () => number, read: () => Promise<number>): Promise<number> {
  const before = now();
  const theirs = await read();
  return Math.round(theirs - (before + now()) / 2);
}

/**
 * A workflow's start is the one moment of Temporal's own clock that can be seen.
 * No worker takes it, and it is ended at once.
 */
async function temporalTime({ temporal }: DoctorDeps): Promise<number> {
  const handle = await temporal.workflow.start('doctor', {
    workflowId: `doctor/${randomUUID()}`,
    taskQueue: 'spark360-doctor',
    args: [],
    workflowExecutionTimeout: '10s',
  });
  try {
    return (await handle.describe()).startTime.getTime();
  } finally {
    await handle.terminate('it only told the time');
  }
}

async function postgresTime({ db }: DoctorDeps): Promise<number> {
  const [row] = await db.query<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms');
  return row?.ms ?? Number.NaN;
}

export const clocksCheck: Check = {
  name: 'clocks',
  needs: ['postgres', 'namespace'],
  remedy: 'A workflow could not be started to tell the time: check the rights of the credentials.',
  async run(deps) {
    const postgres = await ahead(deps.now, () => postgresTime(deps));
    const temporal = await ahead(deps.now, () => temporalTime(deps));
    const worst = Math.max(Math.abs(postgres), Math.abs(temporal), Math.abs(postgres - temporal));
    const seen = `Against this process, Postgres is ${formatOffset(postgres)}, Temporal ${formatOffset(temporal)}.`;
    const remedy = 'Synchronise the clocks of the hosts (NTP); then look again.';
    if (worst > harmfulMs) return failed(seen, remedy);
    return worst > toleratedMs ? warning(seen, remedy) : ok(seen);
  },
};

const formatOffset = (ms: number): string => `${Math.abs(ms)} ms ${ms < 0 ? 'behind' : 'ahead'}`;
