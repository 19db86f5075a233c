import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/** Workflows that are described at once. */
const atOnce = 16;

/** Those of `items` whose workflow does not run. */
export async function withoutWorkflow<Item extends { workflowId: string }>(
  temporal: Client,
  items: readonly Item[],
): Promise<Item[]> {
  const ids = [...new Set(items.map(({ workflowId }) => workflowId))];
  const gone = new Set<string>();
  for (let from = 0; from < ids.length; from += atOnce) {
    await Promise.all(
      ids.slice(from, from + atOnce).map(async (id) => {
        if (!(await isRunning(temporal, id))) gone.add(id);
      }),
    );
  }
  return items.filter(({ workflowId }) => gone.has(workflowId));
}

async function isRunning(temporal: Client, workflowId: string): Promise<boolean> {
  try {
    return (await temporal.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
