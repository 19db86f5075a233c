import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { EndpointActivities, ResumePhase } from '../activities/endpoints.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { probedSignal, removeSignal, resumeSignal } from './messages.ts';

export interface EndpointRun {
  endpointId: string;
  carried?: EndpointState;
}

interface EndpointState {
  /** The pause that is to end, when a resume was asked for. */
  resume: number | null;
  isRemoved: boolean;
  /** Where the present resume stands. */
  phase: ResumePhase;
}

/** How many sleeping leads are woken at once, and how often (milliseconds): a resume has no spike, however many wait. */
const wakesAtOnce = 50;
const pauseBetweenMs = 1_000;
/** A probe's word may be lost, or the probe itself with a lead that was erased: so often that is looked at (milliseconds). */
const longestProbeMs = 60_000;

const { resumeEndpoint, chooseProbe, beginDrain, wakeHeld, endDrain, removeEndpoint, wakeDeleted } =
  proxyActivities<EndpointActivities>({
    startToCloseTimeout: '30s',
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  });

/**
 * What concerns an endpoint as a whole: its resume, and the end of what slept behind it. Signals to thousands of leads come
 * from here at a bounded rate, never from a request's handler (spec section 5).
 */
export async function endpoint({ endpointId, carried }: EndpointRun): Promise<void> {
  const state: EndpointState = carried ?? { resume: null, isRemoved: false, phase: 'none' };
  /** The last word of a probe: it may come before the activity that chose it has returned. */
  let lastProbed: { deliveryId: string; outcome: Outcome['kind'] } | null = null;
  setHandler(resumeSignal, ({ pauseVersion }) => {
    state.resume = Math.max(state.resume ?? 0, pauseVersion);
  });
  setHandler(removeSignal, () => {
    state.isRemoved = true;
  });
  setHandler(probedSignal, (word) => {
    lastProbed = word;
  });

  /** One step of whatever there is to do; false when there is nothing. */
  async function step(): Promise<boolean> {
    if (state.isRemoved) {
      await removeEndpoint({ endpointId });
      state.phase = 'none';
      state.resume = null;
      if (await wakeDeleted({ endpointId, limit: wakesAtOnce })) await sleep(pauseBetweenMs);
      else state.isRemoved = false;
      return true;
    }
    if (state.resume !== null) {
      const pauseVersion = state.resume;
      state.phase = await resumeEndpoint({ endpointId, pauseVersion });
      if (state.resume === pauseVersion) state.resume = null;
      return true;
    }
    if (state.phase === 'probe') {
      await tryOne();
      return true;
    }
    if (state.phase === 'drain') {
      const { left } = await wakeHeld({ endpointId, limit: wakesAtOnce });
      if (left > 0) await sleep(pauseBetweenMs);
      else {
        await endDrain({ endpointId });
        state.phase = 'none';
      }
      return true;
    }
    return false;
  }

  /** Lets one delivery go first; when it succeeds, or nothing is held, the rest follows. */
  async function tryOne(): Promise<void> {
    lastProbed = null;
    const chosen = await chooseProbe({ endpointId });
    if (chosen.kind === 'paused') {
      state.phase = 'none';
      return;
    }
    if (chosen.kind === 'chosen') {
      const outcome = () => (lastProbed?.deliveryId === chosen.deliveryId ? lastProbed.outcome : null);
      // A failure that is retried is no answer yet: it goes on by the schedule, and the rest stays held.
      const isAnswered = () => outcome() === 'delivered' || outcome() === 'abandoned' || outcome() === 'held';
      await condition(() => isAnswered() || state.resume !== null || state.isRemoved, longestProbeMs);
      if (outcome() !== 'delivered') return;
    }
    await beginDrain({ endpointId });
    state.phase = 'drain';
  }

  while (!workflowInfo().continueAsNewSuggested) {
    if (!(await step())) {
      await condition(allHandlersFinished);
      if (state.resume === null && !state.isRemoved) return;
    }
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof endpoint>({ endpointId, carried: state });
}
