import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { type Notice, noticeWorkflowId } from '../src/domain/notice.ts';
import type { notice } from './notice.ts';

/**
 * Starts a workflow per mail, whose id is the mail's: once per failing episode and kind, however many leads fail on the
 * endpoint. It lives on its own, so that a dead mail server delays nothing here.
 */
export async function orderMails(notices: readonly Notice[]): Promise<void> {
  for (const ordered of notices) {
    try {
      await startChild<typeof notice>('notice', {
        workflowId: noticeWorkflowId(ordered),
        args: [ordered],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}
