import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { EndpointActivities, ResumePhase, Walked } from '../activities/endpoints.ts';
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
  /** Where the walk over the lanes that are to be woken stands; null: it has not begun. */
  walk: { at: StoppedPosition | Position; missed: boolean } | null;
}

type StoppedPosition = NonNullable<Parameters<EndpointActivities['wakeStopped']>[0]['position']>;
type Position = NonNullable<Parameters<EndpointActivities['wakeDeleted']>[0]['after']>;

/** How many sleeping lanes are woken at once, and how often (milliseconds): a resume has no spike, however many wait. */
const wakesAtOnce = 100;
/** A lane may have several deliveries that were abandoned with its endpoint: this many are looked at for it. */
const abandonedAtOnce = 400;
const pauseBetweenMs = 1_000;
/** Before a walk is repeated for those that could not be told (milliseconds). */
const pauseBeforeRepeatMs = 5_000;
/** A probe's word may be lost, or the probe itself with a lead that was erased: this often that is looked at (milliseconds). */
const longestProbeMs = 60_000;

const { resumeEndpoint, chooseProbe, beginDrain, wakeStopped, endDrain, removeEndpoint, abandonDeleted, wakeDeleted } =
  proxyActivities<EndpointActivities>({
    startToCloseTimeout: '30s',
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  });

/**
 * What concerns an endpoint as a whole: its resume, and the end of what slept behind it. Signals to thousands of leads come
 * from here at a bounded rate, never from a request's handler (spec section 5). A cancel does not stop it.
 */
export async function endpoint(run: EndpointRun): Promise<void> {
  await CancellationScope.nonCancellable(() => work(run));
}

async function work({ endpointId, carried }: EndpointRun): Promise<void> {
  const state: EndpointState = carried ?? { resume: null, isRemoved: false, phase: 'none', walk: null };
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
  const isLong = () => workflowInfo().continueAsNewSuggested;

  /** One step of whatever there is to do; false when there is nothing. */
  async function step(): Promise<boolean> {
    if (state.isRemoved) {
      await remove();
    } else if (state.resume !== null) {
      const pauseVersion = state.resume;
      state.phase = await resumeEndpoint({ endpointId, pauseVersion });
      if (state.resume === pauseVersion) state.resume = null;
    } else if (state.phase === 'probe') {
      await tryOne();
    } else if (state.phase === 'drain') {
      await drain();
    } else return false;
    return true;
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
    state.walk = null;
  }

  /** Wakes all lanes that the pause has stopped. */
  async function drain(): Promise<void> {
    const isOver = await walk((position: StoppedPosition | null) =>
      wakeStopped({ endpointId, position, limit: wakesAtOnce }),
    );
    if (!isOver) return;
    await endDrain({ endpointId });
    state.phase = 'none';
  }

  async function remove(): Promise<void> {
    await removeEndpoint({ endpointId });
    if (state.phase !== 'none') state.walk = null;
    state.phase = 'none';
    state.resume = null;
    if (!(await abandonDeleted({ endpointId }))) return;
    const isOver = await walk((after: Position | null) => wakeDeleted({ endpointId, after, limit: abandonedAtOnce }));
    if (isOver) state.isRemoved = false;
  }

  /** One batch of a walk; true at its end. When somebody could not be told, it begins again. */
  async function walk<At extends StoppedPosition | Position>(
    batch: (at: At | null) => Promise<Walked<At>>,
  ): Promise<boolean> {
    const { next, missed } = await batch((state.walk?.at ?? null) as At | null);
    const hasMissed = missed || state.walk?.missed === true;
    state.walk = next === null ? null : { at: next, missed: hasMissed };
    if (next !== null) await sleep(pauseBetweenMs);
    else if (hasMissed) await sleep(pauseBeforeRepeatMs);
    return next === null && !hasMissed;
  }

  while (!isLong()) {
    if (!(await step())) {
      await condition(allHandlersFinished);
      if (state.resume === null && !state.isRemoved) return;
    }
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof endpoint>({ endpointId, carried: state });
}
