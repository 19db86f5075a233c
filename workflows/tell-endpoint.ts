import { getExternalWorkflowHandle, log } from '@temporalio/workflow';
import { endpointWorkflowId } from '../src/domain/ids.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { probedSignal } from './messages.ts';

/** Tells an endpoint's workflow how the delivery that goes first after its resume fared. */
export async function tellEndpoint(endpointId: string, deliveryId: string, { kind }: Outcome): Promise<void> {
  try {
    await getExternalWorkflowHandle(endpointWorkflowId(endpointId)).signal(probedSignal, { deliveryId, outcome: kind });
  } catch {
    // It has ended: the resume was overtaken by a pause or a deletion. Where it has not, it chooses again by its own timer.
    log.debug('nobody waits for this probe', { endpointId });
  }
}
