import { type AcceptedSubject, acceptedSubjects, type UnsettledLane, unsettledLanes } from '../db/orphans.ts';
import { withoutWorkflow } from '../operations/without-workflow.ts';
import { type Check, type DoctorDeps, failed, type Found, ok, warning } from './check.ts';

/** Looked at, oldest first: with more in trouble than that, the rest shows at the next look. */
const mostLooked = 1_000;
/** Younger ones are just being worked on (milliseconds). */
const settleMs = 60_000;

/** Every unsettled delivery has a workflow that brings it to its end. One without is never sent, and holds its lane. */
export const orphansCheck: Check = {
  name: 'orphans',
  needs: ['schema', 'namespace'],
  remedy: 'Workflows could not be described: look at the check of Temporal.',
  async run(deps, fix) {
    const find = async (): Promise<UnsettledLane[]> =>
      withoutWorkflow(deps.temporal, await unsettledLanes(deps.db, settleMs, mostLooked));
    const orphans = await find();
    const before = orphanCount(orphans);
    if (before === 0) return ok('Every unsettled delivery has its workflow.');
    const found = failed(
      `${before} unsettled deliveries have no workflow, first ${orphans[0]?.workflowId}.`,
      'spark360 doctor --fix starts one for each lead, which goes on in order.',
    );
    if (!fix) return found;
    for (const { workflowId, endpointId } of orphans) await deps.wake({ workflowId, endpointId });
    const left = orphanCount(await find());
    const fixed = `Workflows were started for ${before - left} deliveries.`;
    return left === 0 ? { ...ok('Every unsettled delivery has its workflow.'), fixed } : { ...found, fixed };
  },
};

const orphanCount = (lanes: readonly UnsettledLane[]): number => lanes.reduce((sum, { count }) => sum + count, 0);

const acceptedMs = 600_000;

/** What was answered with 202 is applied by its workflow within moments, or waits for one that works. */
export const lostEventsCheck: Check = {
  name: 'accepted-events',
  needs: ['schema', 'namespace'],
  remedy: 'The ledger could not be read in time: run it again when Postgres has less to do.',
  async run(deps, fix) {
    const waiting = await acceptedSubjects(deps.db, acceptedMs, mostLooked);
    if (waiting.length === 0) return ok('Everything that was accepted is applied.');
    const ids = waiting.flatMap((subject) => subject.ids);
    const kept = await deps.outbox.eventsOf(ids);
    if (fix) for (const { event } of kept) await deps.publish(event);
    const fixed = fix && kept.length > 0 ? { fixed: signalled(kept.length) } : {};
    const rest = ids.filter((id) => !kept.some((row) => row.id === id));
    if (fix && rest.length === 0) return { ...ok('Everything that was accepted is signalled.'), ...fixed };
    return { ...(await notApplied(deps, waiting, rest)), ...fixed };
  },
};

/**
 * A workflow that runs may have the events, and wait for a worker; or the engine was restored, and lost their signals.
 */
async function notApplied(
  { temporal }: DoctorDeps,
  waiting: AcceptedSubject[],
  notInOutbox: readonly string[],
): Promise<Found> {
  const count = waiting.reduce((sum, { ids }) => sum + ids.length, 0);
  const detail = `${count} accepted events are not applied, first of ${waiting[0]?.workflowId}.`;
  const remedy =
    notInOutbox.length === 0
      ? 'spark360 doctor --fix signals them again: the outbox has them.'
      : `The backend has to send again, with the same ids: ${notInOutbox.slice(0, 20).join(', ')}`;
  const lost = await withoutWorkflow(temporal, waiting);
  if (lost.length > 0) return failed(`${detail} No workflow has those of ${lost.length}.`, remedy);
  return warning(detail, `Start workers, or look at failing workflow tasks in Temporal. After a restore: ${remedy}`);
}

const signalled = (count: number): string => `${count} events were signalled again, with their ids.`;
