import { sleep, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { askForErasure } from '../../workflows/erase.ts';
import type { EraseInput } from '../../activities/erase.ts';

export { eraseLead } from '../../workflows/erase.ts';

/** A run of an erased lead, as far as it asks for the erasure of its own history. */
export const lateStep = (lead: EraseInput): Promise<void> => askForErasure(lead);

/** Time in which an eraser ends that was running when its start was refused. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [],
  outbound: [
    {
      async signalWorkflow(input, next) {
        await sleep('2s');
        return next(input);
      },
    },
  ],
});
