import { proxyLocalActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { DeliverActivities } from '../activities/deliver.ts';
import {
  awakened,
  dueAtOf,
  type DeliveryReport,
  type Lane,
  nextLane,
  type OpenDelivery,
  withDeliveries,
  withReport,
} from '../src/domain/lanes.ts';
import type { Alarm } from './alarm.ts';
import { descriptions } from './descriptions.ts';
import { deliverSummary, timerSummary } from './lane-words.ts';
import { outcomesSignal, skipSignal, wakeSignal } from './messages.ts';
import { startNotice } from './notice.ts';

/** All that is known of a subject's lanes: plain JSON, which crosses continue-as-new. */
export interface LaneState {
  lanes: Lane[];
  /** What was told of them and not read yet, in order. */
  unread: LaneMessage[];
}

type LaneMessage =
  | { kind: 'wake'; endpointId: string; takeOver: boolean }
  | { kind: 'report'; report: DeliveryReport }
  | { kind: 'skip'; deliveryId: string };

export interface LaneOptions {
  /** What the deliveries belong to; empty for a recovery, which knows its own. */
  subject: string;
  /** How many attempts the schedule allows; null: not known. */
  attempts: () => number | null;
  onReport: (report: DeliveryReport) => void;
}

/**
 * This many lanes ask at once. Each that takes longer than half a second is answered by a signal, and the server keeps
 * a hundred signals for a workflow whose task is open before it fails that task.
 */
const lanesAtOnce = 32;
/** Of each lane at once: what is behind goes in the same task while the partner answers fast. */
const deliveriesAtOnce = 8;

// It waits for partners half a second; what remains is Postgres.
const { deliver, openDeliveries } = proxyLocalActivities<DeliverActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/**
 * The lanes of one subject: each works its head until it is settled, then the next goes at once, and no lane waits for
 * another (spec sections 1 and 5). Handlers only append; the loop that owns this calls `work`, never beside another
 * local activity.
 */
export class Lanes {
  readonly #state: LaneState;
  readonly #options: LaneOptions;

  constructor(state: LaneState, options: LaneOptions) {
    this.#state = state;
    this.#options = options;
    const tell = (message: LaneMessage): void => void state.unread.push(message);
    setHandler(wakeSignal, ({ endpointId, takeOver = false }) => tell({ kind: 'wake', endpointId, takeOver }), {
      description: descriptions.wake,
    });
    setHandler(
      outcomesSignal,
      (reports) => {
        for (const report of reports) tell({ kind: 'report', report });
      },
      { description: descriptions.outcomes },
    );
    setHandler(skipSignal, ({ deliveryId }) => tell({ kind: 'skip', deliveryId }), {
      description: descriptions.skip,
    });
  }

  /** Endpoints with something unsettled: nothing may be sent past it. */
  get busyEndpoints(): string[] {
    return this.#state.lanes.map(({ endpointId }) => endpointId);
  }

  /** Nothing is unsettled, and nothing was told. */
  get isEmpty(): boolean {
    return this.#state.lanes.length === 0 && this.#state.unread.length === 0;
  }

  get isDue(): boolean {
    const now = Date.now();
    return this.#state.unread.length > 0 || this.#state.lanes.some((lane) => dueAtOf(lane) <= now);
  }

  /** Sets the alarm for the next lane that is due, or for `otherwiseAt` (epoch milliseconds) when that is sooner. */
  setAlarm(alarm: Alarm, otherwiseAt: number): void {
    if (this.isDue) return;
    const next = nextLane(this.#state.lanes);
    const [head] = next?.queue ?? [];
    if (next === undefined || head === undefined || dueAtOf(next) >= otherwiseAt) alarm.ensure(otherwiseAt);
    else alarm.ensure(dueAtOf(next), { summary: timerSummary(head, next), isGuard: head.waitsFor !== undefined });
  }

  add(deliveries: readonly OpenDelivery[]): void {
    this.#state.lanes = withDeliveries(this.#state.lanes, deliveries, this.#options.attempts());
  }

  /** Takes in what became of attempts. */
  async apply(reports: readonly DeliveryReport[]): Promise<void> {
    for (const report of reports) {
      this.#state.lanes = withReport(this.#state.lanes, report, Date.now());
      this.#options.onReport(report);
      for (const notice of report.notices) await startNotice(notice);
    }
  }

  /**
   * Reads what was told, and asks once for the lanes that are due: half a second at the most where Postgres is well.
   */
  async work(): Promise<void> {
    const skips = await this.#read();
    const now = Date.now();
    const due = this.#state.lanes.filter((lane) => dueAtOf(lane) <= now).slice(0, lanesAtOnce);
    if (due.length === 0 && skips.length === 0) return;
    const reports = await deliver.executeWithOptions({ summary: deliverSummary(due, skips.length) }, [
      {
        workflowId: workflowInfo().workflowId,
        lanes: due.map(({ endpointId, queue }) => ({
          endpointId,
          deliveries: queue.slice(0, deliveriesAtOnce).map(({ id, attempt }) => ({ id, attempt })),
        })),
        skips,
        now,
      },
    ]);
    await this.apply(reports);
  }

  /** Applies what was told; gives the deliveries that are to be skipped. */
  async #read(): Promise<string[]> {
    const skips: string[] = [];
    for (const message of this.#state.unread.splice(0)) {
      switch (message.kind) {
        case 'wake':
          if (message.takeOver) this.add(await openDeliveries({ subject: this.#options.subject }));
          this.#state.lanes = awakened(this.#state.lanes, ({ endpointId }) => endpointId === message.endpointId);
          break;
        case 'report':
          await this.apply([message.report]);
          break;
        case 'skip':
          skips.push(message.deliveryId);
          // The head of a lane is asked for after its skip, in the same activity; one behind is found in its turn.
          this.#state.lanes = awakened(this.#state.lanes, ({ queue: [head] }) => head?.id === message.deliveryId);
          break;
      }
    }
    return skips;
  }
}
