import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ParentClosePolicy,
  proxyActivities,
  startChild,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import type { NotifyActivities } from '../activities/notify.ts';
import { mailTaskQueue, type Notice, noticeWorkflowId } from '../src/domain/notice.ts';
import { organizationId } from './search-attributes.ts';

/**
 * One mail about a failing endpoint, tried until the mail server has taken it. After seven days the workflow fails, for
 * an operator to see: by then the mail is no news any more.
 */
export async function notice(input: Notice): Promise<void> {
  const { sendNotice } = proxyActivities<NotifyActivities>({
    summary: 'mails that the endpoint fails, or is paused',
    taskQueue: mailTaskQueue(workflowInfo().taskQueue),
    // A slow mail server may take ten minutes for its last word (RFC 5321 §4.5.3.2.6).
    startToCloseTimeout: '15m',
    heartbeatTimeout: '30s',
    scheduleToCloseTimeout: '7d',
    retry: { initialInterval: '10s', backoffCoefficient: 2, maximumInterval: '30m' },
  });
  await sendNotice(input);
}

/**
 * Starts a notice beside the workflow that found the reason for it, which neither waits for it nor fails with it. One
 * of each kind per failing episode: by its id as long as Temporal remembers it, and longer by the ledger of mails.
 */
export async function startNotice(input: Notice): Promise<void> {
  try {
    await startChild<typeof notice>('notice', {
      workflowId: noticeWorkflowId(input),
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: [{ key: organizationId, value: input.organizationId }],
      args: [input],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
