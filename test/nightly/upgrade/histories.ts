import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

// A CommonJS module whose names Node cannot see from here.
const { WorkflowTaskFailedCause: causes } = proto.temporal.api.enums.v1;

/** What the histories of all workflows say of those who worked at them. */
export interface Account {
  runs: number;
  /** Workflow tasks that failed, in words, with the pid of the worker they failed at. */
  failed: { pid: number; words: string }[];
  /** Workflows that neither run nor ended well. */
  unwell: string[];
  /** By workflow id: the pids of the workers that completed its tasks, in order, each once in a row. */
  workers: Map<string, number[]>;
}

async function withClient<Result>(address: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const connection = await Connection.connect({
    address,
    channelArgs: { 'grpc.max_receive_message_length': -1 }, // the largest history is above the default
  });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

export const isClosed = (address: string, workflowId: string): Promise<boolean> =>
  withClient(
    address,
    async ({ workflow }) => (await workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING',
  );

export const accountOf = (address: string): Promise<Account> =>
  withClient(address, async ({ workflow }) => {
    const account: Account = { runs: 0, failed: [], unwell: [], workers: new Map() };
    const runs: { workflowId: string; runId: string; startTime: Date }[] = [];
    for await (const { workflowId, runId, startTime, status } of workflow.list()) {
      runs.push({ workflowId, runId, startTime });
      if (!['RUNNING', 'COMPLETED', 'CONTINUED_AS_NEW'].includes(status.name))
        account.unwell.push(`${workflowId}: ${status.name}`);
    }
    account.runs = runs.length;
    for (const { workflowId, runId } of runs.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())) {
      const workers = account.workers.get(workflowId) ?? [];
      account.workers.set(workflowId, workers);
      const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
      for (const { workflowTaskCompletedEventAttributes: done, workflowTaskFailedEventAttributes: failed } of events ??
        []) {
        const pid = pidOf(done?.identity ?? failed?.identity);
        if (done && workers.at(-1) !== pid) workers.push(pid);
        // What no worker reported the server did itself, where signals came faster than they were taken; and a workflow
        // that was about to close when a signal came is asked once more. Both are ordinary.
        if (failed && !Number.isNaN(pid) && failed.cause !== causes.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND) {
          const cause = causes[failed.cause ?? 0];
          account.failed.push({ pid, words: `${workflowId}: ${cause} ${failed.failure?.message ?? ''}` });
        }
      }
    }
    return account;
  });

/** A worker's identity is pid@host. */
const pidOf = (identity: string | null | undefined): number => Number.parseInt(identity ?? '', 10);
