import { setTimeout as sleep } from 'node:timers/promises';
import type { RecoveryJob } from './api-types.ts';
import { endWith } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { whileAway } from './poll.ts';
import { withProgress } from './progress.ts';
import type { Session } from './session.ts';
import { plural } from './values.ts';

const recheckAfterMs = 1_000;

interface RecoverOptions {
  since: string;
  until?: string;
  event?: string;
  lead?: string;
  dryRun?: true;
  wait: boolean;
}

interface Begun {
  count: number;
  job_id: string | null;
}

/** Counts first, asks, then starts the job and follows it. */
export async function recover(session: Session, endpoint: string, options: RecoverOptions): Promise<void> {
  const { api, out, confirm } = session;
  const { since, until, event, lead } = options;
  const filter = { since, until, event, lead_id: lead };
  const path = await session.organizationPath('endpoints', endpoint, 'recover');
  const counted = await api.call<Begun>('POST', path, { body: { ...filter, dry_run: true } });
  const amount = plural(counted.count, 'abandoned delivery', 'abandoned deliveries');
  const ofWhat = `${event === undefined ? '' : ` of ${event}`}${lead === undefined ? '' : ` of lead ${lead}`}`;
  out.note(`${amount}${ofWhat} since ${since}${until === undefined ? '' : ` until ${until}`}.`);
  if (options.dryRun === true) return out.thing({ ...counted, dry_run: true }, [['count', counted.count]]);
  if (counted.count === 0) return out.thing(counted, [['count', 0]]);
  await confirm('Send them again?');
  const { count, job_id } = await api.call<Begun>('POST', path, { body: filter });
  if (job_id === null) throw new Error('a recovery was begun without a job');
  if (options.wait) {
    out.note(`The job goes on without this command, which may be ended: spark360 jobs watch ${job_id}`);
    return watchJob(session, job_id);
  }
  out.thing({ count, job_id }, [
    ['count', count],
    ['job', job_id],
  ]);
  out.hint(`spark360 jobs watch ${job_id}`);
}

/** @throws exit code 7 when some of it was abandoned again */
export async function watchJob(session: Session, id: string): Promise<void> {
  const { api, out } = session;
  const path = await session.organizationPath('jobs', id);
  const read = () => api.call<RecoveryJob>('GET', path);
  const begun = await read();
  const job = await withProgress(session, begun.count ?? 0, async (update) => {
    let seen = begun;
    while (seen.status === 'running') {
      const settled = seen.delivered + seen.abandoned;
      update(settled, `${settled} of ${seen.count ?? '?'} settled`);
      if (out.format === 'jsonl') out.item(seen);
      await sleep(recheckAfterMs);
      seen = await whileAway((text) => update(settled, text), read);
    }
    return seen;
  });
  out.note(`${job.delivered} delivered, ${job.abandoned} abandoned again.`);
  out.thing(job, Object.entries(job));
  if (job.abandoned > 0) throw endWith(exitCodes.partlyDone);
}
