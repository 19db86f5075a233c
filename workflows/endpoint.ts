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
import { descriptions } from './descriptions.ts';
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

/**
 * How many sleeping lanes are woken at once, and how often (milliseconds): a resume has no spike, however many wait.
 */
const wakesAtOnce = 100;
/** A lane may have several deliveries that were abandoned with its endpoint: this many are looked at for it. */
const abandonedAtOnce = 400;
const pauseBetweenMs = 1_000;
/** Before a walk is repeated for those that could not be told (milliseconds). */
const pauseBeforeRepeatMs = 5_000;
/**
 * A probe's word may be lost, or the probe itself with a lead that was erased:
 * this often that is looked at (milliseconds).
 */
const longestProbeMs = 60_000;

const { resumeEndpoint, chooseProbe, beginDrain, wakeStopped, endDrain, removeEndpoint, abandonDeleted, wakeDeleted } =
  proxyActivities<EndpointActivities>({
    summary: 'one step of a resume or of a deletion',
    startToCloseTimeout: '30s',
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  });

/**
 * What concerns an endpoint as a whole: its resume, and the end of what slept behind it. Signals to thousands of leads
 * come from here at a bounded rate, never from a request's handler (spec section 5). A cancel does not stop it.
 */
export async function endpoint(run: EndpointRun): Promise<void> {
  await CancellationScope.nonCancellable(() => new Endpoint(run).live());
}

class Endpoint {
  readonly #endpointId: string;
  readonly #state: EndpointState;
  /** The last word of a probe: it may come before the activity that chose it has returned. */
  #lastProbed: { deliveryId: string; outcome: Outcome['kind'] } | null = null;

  constructor({ endpointId, carried }: EndpointRun) {
    this.#endpointId = endpointId;
    this.#state = carried ?? { resume: null, isRemoved: false, phase: 'none', walk: null };
    const resume = ({ pauseVersion }: { pauseVersion: number }): void => {
      this.#state.resume = Math.max(this.#state.resume ?? 0, pauseVersion);
    };
    const remove = (): void => {
      this.#state.isRemoved = true;
    };
    const probed = (word: { deliveryId: string; outcome: Outcome['kind'] }): void => {
      this.#lastProbed = word;
    };
    setHandler(resumeSignal, resume, { description: descriptions.resume });
    setHandler(removeSignal, remove, { description: descriptions.remove });
    setHandler(probedSignal, probed, { description: descriptions.probed });
  }

  async live(): Promise<void> {
    while (!workflowInfo().continueAsNewSuggested) {
      if (await this.#step()) continue;
      await condition(allHandlersFinished);
      if (this.#state.resume === null && !this.#state.isRemoved) return;
    }
    await condition(allHandlersFinished);
    await continueAsNew<typeof endpoint>({ endpointId: this.#endpointId, carried: this.#state });
  }

  /** One step of what there is to do; false when there is nothing. */
  async #step(): Promise<boolean> {
    if (this.#state.isRemoved) await this.#remove();
    else if (this.#state.resume !== null) await this.#resume(this.#state.resume);
    else if (this.#state.phase === 'probe') await this.#tryOne();
    else if (this.#state.phase === 'drain') await this.#drain();
    else return false;
    return true;
  }

  async #resume(pauseVersion: number): Promise<void> {
    this.#state.phase = await resumeEndpoint({ endpointId: this.#endpointId, pauseVersion });
    if (this.#state.resume === pauseVersion) this.#state.resume = null;
  }

  /** Lets one delivery go first; when it succeeds, or nothing is held, the rest follows. */
  async #tryOne(): Promise<void> {
    this.#lastProbed = null;
    const chosen = await chooseProbe({ endpointId: this.#endpointId });
    if (chosen.kind === 'paused') {
      this.#state.phase = 'none';
      return;
    }
    if (chosen.kind === 'chosen') {
      const outcome = () => (this.#lastProbed?.deliveryId === chosen.deliveryId ? this.#lastProbed.outcome : null);
      // A failure that is retried is no answer yet: it goes on by the schedule, and the rest stays held.
      const isAnswered = () => outcome() === 'delivered' || outcome() === 'abandoned';
      const isOvertaken = () => this.#state.resume !== null || this.#state.isRemoved;
      await condition(() => isAnswered() || isOvertaken(), longestProbeMs);
      if (outcome() !== 'delivered') return;
    }
    await beginDrain({ endpointId: this.#endpointId });
    this.#state.phase = 'drain';
    this.#state.walk = null;
  }

  /** Wakes all lanes that the pause has stopped. */
  async #drain(): Promise<void> {
    const endpointId = this.#endpointId;
    const isOver = await this.#walk((position: StoppedPosition | null) =>
      wakeStopped({ endpointId, position, limit: wakesAtOnce }),
    );
    if (!isOver) return;
    await endDrain({ endpointId });
    this.#state.phase = 'none';
  }

  async #remove(): Promise<void> {
    const endpointId = this.#endpointId;
    await removeEndpoint({ endpointId });
    if (this.#state.phase !== 'none') this.#state.walk = null;
    this.#state.phase = 'none';
    this.#state.resume = null;
    if (!(await abandonDeleted({ endpointId }))) return;
    const isOver = await this.#walk((after: Position | null) =>
      wakeDeleted({ endpointId, after, limit: abandonedAtOnce }),
    );
    if (isOver) this.#state.isRemoved = false;
  }

  /** One batch of a walk; true at its end. When a lane could not be told, it begins again. */
  async #walk<At extends StoppedPosition | Position>(batch: (at: At | null) => Promise<Walked<At>>): Promise<boolean> {
    const { next, missed } = await batch((this.#state.walk?.at ?? null) as At | null);
    const hasMissed = missed || this.#state.walk?.missed === true;
    this.#state.walk = next === null ? null : { at: next, missed: hasMissed };
    if (next !== null) await sleep(pauseBetweenMs, { summary: 'wakes the next lanes a moment later' });
    else if (hasMissed) await sleep(pauseBeforeRepeatMs, { summary: 'walks again for those that could not be told' });
    return next === null && !hasMissed;
  }
}
