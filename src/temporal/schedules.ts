import { type Client, ScheduleAlreadyRunning, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';

export const retentionScheduleId = 'retention';
const overdueScheduleId = 'overdue';

/** Makes what runs by the clock, once for all workers. */
export async function ensureSchedules(temporal: Client, taskQueue: string): Promise<void> {
  await ensureRetentionSchedule(temporal, taskQueue);
  await ensureOverdueSchedule(temporal, taskQueue);
}

/** The daily retention (spec section 8). @param id of the schedule; tests, which share a namespace, have their own */
export const ensureRetentionSchedule = (
  temporal: Client,
  taskQueue: string,
  id: string = retentionScheduleId,
): Promise<void> =>
  ensure(temporal, {
    scheduleId: id,
    spec: { calendars: [{ hour: 3, minute: 30 }], jitter: '30m' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' },
    action: { type: 'startWorkflow', workflowType: 'retention', workflowId: id, taskQueue, args: [] },
  });

/** The look for deliveries whose workflow is gone. @param id of the schedule; tests have their own */
const ensureOverdueSchedule = (temporal: Client, taskQueue: string, id: string = overdueScheduleId): Promise<void> =>
  ensure(temporal, {
    scheduleId: id,
    spec: { intervals: [{ every: '5m' }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
    action: { type: 'startWorkflow', workflowType: 'overdue', workflowId: id, taskQueue, args: [] },
  });

/**
 * Makes a schedule, unless it is there: an operator may have paused it or moved it to another hour, and every worker
 * asks for it at its start. A run that would begin while another one goes on is skipped.
 */
async function ensure({ schedule }: Client, options: ScheduleOptions): Promise<void> {
  try {
    await schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
