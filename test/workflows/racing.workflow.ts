import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';

/** Two things under way: what follows the one and what follows the other are commands whose order must not change. */
export async function racing(): Promise<void> {
  const { answer } = proxyActivities<{ answer(): Promise<void> }>({
    taskQueue: `${workflowInfo().taskQueue}-slow`,
    startToCloseTimeout: '1m',
  });
  const lane = async () => {
    await answer();
    await sleep(50);
  };
  const loop = async () => {
    await sleep(500);
    await answer();
  };
  await Promise.all([lane(), loop()]);
}
