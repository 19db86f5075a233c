import { condition, setHandler } from '@temporalio/workflow';
import { stepSignals } from '../workflows/messages.ts';

export * from '../workflows/index.ts';

/** The engine's floor: a workflow that only receives three signals. */
export async function floor(): Promise<void> {
  let received = 0;
  for (const signal of Object.values(stepSignals)) {
    setHandler(signal, () => {
      received += 1;
    });
  }
  await condition(() => received >= 3);
}
