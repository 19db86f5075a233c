import { type AcceptedSubject, acceptedSubjects, unsettledLanes } from '../db/orphans.ts';
import { withoutWorkflow } from '../operations/without-workflow.ts';
import { type Check, type DoctorDeps, failed, type Found, ok, type Tell, warning } from './check.ts';

/** Younger ones are just being worked on (milliseconds). */
const settleMs = 60_000;

/** Every unsettled delivery has a workflow that brings it to its end. One without is never sent, and holds its lane. */
export const orphansCheck: Check = {
  name: 'orphans',
  needs: ['schema', 'namespace'],
  remedy: 'Workflows could not be described: look at the check of Temporal.',
  async run(deps, fix, tell) {
    const before = await countOrphans(deps, fix, tell);
    if (before.count === 0) return ok('Every unsettled delivery has its workflow.');
    const found = failed(
      `${before.count} unsettled deliveries have no workflow, first ${before.first}.`,
      'spark360 doctor --fix starts one for each lead, which goes on in order.',
    );
    if (!fix) return found;
    const left = await countOrphans(deps, false, tell);
    const fixed = `Workflows were started for ${before.count - left.count} deliveries.`;
    return left.count === 0 ? { ...ok('Every unsettled delivery has its workflow.'), fixed } : { ...found, fixed };
  },
};

/** Looks at all that is unsettled, a page at a time. @param wake starts a workflow for each lane that has none */
async function countOrphans(deps: DoctorDeps, wake: boolean, tell: Tell) {
  let [looked, count] = [0, 0];
  let first: string | null = null;
  for await (const lanes of unsettledLanes(deps.db, settleMs)) {
    if (looked > 0) tell(`${looked.toLocaleString('en-US')} unsettled deliveries looked at`);
    const orphans = await withoutWorkflow(deps.temporal, lanes);
    if (wake) await eachTold(orphans, ({ workflowId, endpointId }) => deps.wake({ workflowId, endpointId }), tell);
    first ??= orphans[0]?.workflowId ?? null;
    count += sum(orphans);
    looked += sum(lanes);
  }
  return { count, first };
}

const toldEach = 100;

/** Mends one after the other, and tells now and then how many are done. */
async function eachTold<Item>(items: readonly Item[], mend: (item: Item) => Promise<unknown>, tell: Tell) {
  for (const [index, item] of items.entries()) {
    await mend(item);
    if ((index + 1) % toldEach === 0) tell(`${index + 1} of ${items.length} mended, of those found last`);
  }
}

const sum = (lanes: readonly { count: number }[]): number => lanes.reduce((all, { count }) => all + count, 0);

const acceptedMs = 600_000;
/** As many ids are named of events that the backend has to send again. */
const mostNamed = 20;

/** What was accepted and is not applied. */
interface NotApplied {
  count: number;
  first: string | null;
  /** Those that no workflow has. */
  lost: number;
  /** Those that the outbox still has. */
  kept: number;
  /** Of the others, the first few. */
  missing: string[];
}

/** What was answered with 202 is applied by its workflow within moments, or waits for one that works. */
export const lostEventsCheck: Check = {
  name: 'accepted-events',
  needs: ['schema', 'namespace'],
  remedy: 'The ledger could not be read in time: run it again when Postgres has less to do.',
  async run(deps, fix, tell) {
    const all: NotApplied = { count: 0, first: null, lost: 0, kept: 0, missing: [] };
    for await (const { subjects, share } of acceptedSubjects(deps.db, acceptedMs)) {
      if (subjects.length > 0) await addNotApplied(deps, { fix, tell }, subjects, all);
      if (share < 1) tell(`${Math.floor(share * 100)} % of the ledger read`);
    }
    if (all.count === 0) return ok('Everything that was accepted is applied.');
    const fixed = fix && all.kept > 0 ? { fixed: `${all.kept} events were signalled again, with their ids.` } : {};
    if (fix && all.kept === all.count) return { ...ok('Everything that was accepted is signalled.'), ...fixed };
    return { ...foundOf(all), ...fixed };
  },
};

/** Adds what one part of the ledger has. @param fix signals what the outbox still has */
async function addNotApplied(
  deps: DoctorDeps,
  { fix, tell }: { fix: boolean; tell: Tell },
  subjects: AcceptedSubject[],
  all: NotApplied,
): Promise<void> {
  const ids = subjects.flatMap((subject) => subject.ids);
  const kept = await deps.outbox.eventsOf(ids);
  const keptIds = new Set(kept.map(({ id }) => id));
  if (fix) await eachTold(kept, ({ event }) => deps.publish(event), tell);
  const lost = await withoutWorkflow(deps.temporal, subjects);
  all.count += ids.length;
  all.first ??= subjects[0]?.workflowId ?? null;
  all.lost += lost.reduce((sum, subject) => sum + subject.ids.length, 0);
  all.kept += kept.length;
  const missing = ids.filter((id) => !keptIds.has(id));
  all.missing.push(...missing.slice(0, mostNamed - all.missing.length));
}

/**
 * A workflow that runs may have the events, and wait for a worker; or the engine was restored, and lost their signals.
 */
function foundOf({ count, first, lost, kept, missing }: NotApplied): Found {
  const detail = `${count} accepted events are not applied, first of ${first}.`;
  const rest = count - kept - missing.length;
  const remedy =
    missing.length === 0
      ? 'spark360 doctor --fix signals them again: the outbox has them.'
      : `The backend has to send again, with the same ids: ${missing.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`;
  if (lost > 0) return failed(`${detail} No workflow has ${lost} of them.`, remedy);
  return warning(detail, `Start workers, or look at failing workflow tasks in Temporal. After a restore: ${remedy}`);
}
