import { WorkflowNotFoundError } from '@temporalio/client';
import { acceptedSubjects, type UnsettledLane, unsettledLanes } from '../db/orphans.ts';
import { type Check, type DoctorParts, failed, ok, warning } from './check.ts';

/** Looked at, oldest first: with more in trouble than that, the rest shows at the next look. */
const mostLooked = 1_000;
const atOnce = 16;
/** Younger ones are just being worked on (milliseconds). */
const settleMs = 60_000;

async function isRunning({ temporal }: DoctorParts, workflowId: string): Promise<boolean> {
  try {
    return (await temporal.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Those whose workflow does not run. */
async function withoutWorkflow<Item extends { workflowId: string }>(
  parts: DoctorParts,
  items: Item[],
): Promise<Item[]> {
  const ids = [...new Set(items.map(({ workflowId }) => workflowId))];
  const gone = new Set<string>();
  for (let from = 0; from < ids.length; from += atOnce) {
    await Promise.all(
      ids.slice(from, from + atOnce).map(async (id) => {
        if (!(await isRunning(parts, id))) gone.add(id);
      }),
    );
  }
  return items.filter(({ workflowId }) => gone.has(workflowId));
}

/** Every unsettled delivery has a workflow that brings it to its end. One without is never sent, and holds its lane. */
export const orphansCheck: Check = {
  name: 'orphans',
  needs: ['schema', 'namespace'],
  remedy: 'Workflows could not be described: look at the check of Temporal.',
  async run(parts, fix) {
    const find = async (): Promise<UnsettledLane[]> =>
      withoutWorkflow(parts, await unsettledLanes(parts.db, settleMs, mostLooked));
    const orphans = await find();
    const before = orphanCount(orphans);
    if (before === 0) return ok('Every unsettled delivery has its workflow.');
    const found = failed(
      `${before} unsettled deliveries have no workflow, first ${orphans[0]?.workflowId}.`,
      'spark360 doctor --fix starts one for each lead, which goes on in order.',
    );
    if (!fix) return found;
    for (const { workflowId, endpointId } of orphans) await parts.wake({ workflowId, endpointId });
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
  remedy: 'The ledger could not be read in time: look again when Postgres has less to do.',
  async run(parts, fix) {
    const waiting = await acceptedSubjects(parts.db, acceptedMs, mostLooked);
    const lost = await withoutWorkflow(parts, waiting);
    if (waiting.length === 0) return ok('Everything that was accepted is applied.');
    if (lost.length === 0) {
      return warning(
        `${waiting.length} leads or widgets have accepted events that are not applied yet, first ${waiting[0]?.workflowId}.`,
        'Start workers; if they run, look at the failing workflow task in Temporal.',
      );
    }
    const ids = lost.flatMap((subject) => subject.ids);
    const kept = await parts.outbox.eventsOf(ids);
    if (fix) for (const { event } of kept) await parts.publish(event);
    const rest = ids.filter((id) => !kept.some((row) => row.id === id));
    const detail = `${ids.length} accepted events were never applied, and no workflow has them.`;
    const again = `The backend has to send again, with the same ids: ${rest.slice(0, 20).join(', ')}`;
    if (fix && rest.length === 0)
      return { ...ok('Everything that was accepted is signalled.'), fixed: signalled(kept.length) };
    const remedy = rest.length === 0 ? 'spark360 doctor --fix signals them again: the outbox has them.' : again;
    return { ...failed(detail, remedy), ...(fix && kept.length > 0 && { fixed: signalled(kept.length) }) };
  },
};

const signalled = (count: number): string => `${count} events were signalled again, with their ids.`;
