import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';

export const retentionScheduleId = 'retention';

/**
 * Makes the schedule of the daily retention, unless it is there: an operator may have paused it or moved it to another hour,
 * and every worker asks for it at its start. One that would begin while another runs is skipped.
 * @param id of the schedule; tests, which share a namespace, have their own
 */
export async function ensureRetentionSchedule(
  { schedule }: Client,
  taskQueue: string,
  id: string = retentionScheduleId,
): Promise<void> {
  try {
    await schedule.create({
      scheduleId: id,
      spec: { calendars: [{ hour: 3, minute: 30 }], jitter: '30m' },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' },
      action: { type: 'startWorkflow', workflowType: 'retention', workflowId: id, taskQueue, args: [] },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
