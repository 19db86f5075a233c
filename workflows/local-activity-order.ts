import type { WorkflowInterceptors, WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';

/**
 * More steps (microtasks) than any workflow takes from an answer to the command it leads to: ten were counted at the most,
 * from a lane's report through its loop to the next attempt.
 */
const enoughSteps = 30;

async function allStepsOfTheLast(): Promise<void> {
  for (let step = 0; step < enoughSteps; step += 1) await null;
}

/**
 * Makes a workflow go on from one local activity's answer to its next command before it sees the next answer. Answers of
 * several that run at once reach it singly or together, as the moment has it, and not always the same way again when the
 * run is read anew from its history. Where they come together, whoever takes fewer steps to its next command is first: its
 * command then has the number another one had before, and gets that one's answer. Answers come in the order of the
 * history either way, so it is enough to take them one by one. Costs nothing while only one runs.
 */
class LocalActivityOrder implements WorkflowOutboundCallsInterceptor {
  #running = 0;
  #turn: Promise<void> = Promise.resolve();

  scheduleLocalActivity: NonNullable<WorkflowOutboundCallsInterceptor['scheduleLocalActivity']> = async (
    input,
    next,
  ) => {
    this.#running += 1;
    try {
      return await next(input);
    } finally {
      this.#running -= 1;
      const turn = this.#turn;
      if (this.#running > 0) this.#turn = turn.then(allStepsOfTheLast);
      await turn;
    }
  };
}

export const interceptors = (): WorkflowInterceptors => ({ outbound: [new LocalActivityOrder()] });
