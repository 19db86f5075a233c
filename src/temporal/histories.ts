import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/** The histories of a workflow id, every run of it. */
export interface Histories {
  /** Whether there is a run of it, open or closed. */
  has(workflowId: string): Promise<boolean>;
  /** Ends what runs and removes the history of every run that can be found; gives how many there were. */
  removeAll(workflowId: string): Promise<number>;
}

export const histories = (temporal: Client): Histories => {
  const { workflowService } = temporal;
  const { namespace } = temporal.options;

  const remove = async (workflowId: string, runId: string): Promise<void> => {
    try {
      await workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  return {
    has: async (workflowId) => (await newestRun(temporal, workflowId)) !== null,

    async removeAll(workflowId) {
      const runs = new Set<string>();
      // The newest run is known at once; visibility, which knows the others, is a moment behind.
      const newest = await newestRun(temporal, workflowId);
      if (newest !== null) runs.add(newest);
      for await (const { runId } of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.add(runId);
      for (const runId of runs) await remove(workflowId, runId);
      return runs.size;
    },
  };
};

async function newestRun(temporal: Client, workflowId: string): Promise<string | null> {
  try {
    return (await temporal.workflow.getHandle(workflowId).describe()).runId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** gRPC status 5: it is gone already. */
const isNotFound = (error: unknown): boolean => (error as { code?: unknown }).code === 5;
