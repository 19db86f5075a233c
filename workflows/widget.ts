import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  proxyLocalActivities,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { WidgetActivities } from '../activities/widget.ts';
import { eventIdOf } from '../src/domain/event-ids.ts';
import { widgetSubject } from '../src/domain/ids.ts';
import type { WidgetStep } from '../src/domain/lead.ts';
import { Alarm } from './alarm.ts';
import { descriptions } from './descriptions.ts';
import { describeLanes } from './lane-words.ts';
import { type LaneState, Lanes } from './lanes.ts';
import { type WidgetDescription, widgetSignal, widgetStateQuery } from './messages.ts';

export interface WidgetRun {
  widgetId: string;
  carried?: CarriedWidget;
}

interface CarriedWidget {
  organizationId: string | null;
  deliveries: LaneState;
  inbox: WidgetStep[];
  idleAfterMs: number;
  lastActiveAt: number;
  attempts: number | null;
}

const { publishWidget } = proxyLocalActivities<WidgetActivities>({
  summary: 'applies one event of the widget and emits what it makes due',
  startToCloseTimeout: '30s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/**
 * One widget: its events one after the other, their deliveries in lanes as a lead's. What is known of it lives in
 * Postgres (its registration changes there), so a run that is idle may simply end. A cancel does not stop it.
 */
export async function widget(run: WidgetRun): Promise<void> {
  await CancellationScope.nonCancellable(() => new Widget(run).live());
}

class Widget {
  readonly #widgetId: string;
  readonly #state: CarriedWidget;
  readonly #lanes: Lanes;
  readonly #alarm = new Alarm();

  constructor({ widgetId, carried }: WidgetRun) {
    this.#widgetId = widgetId;
    this.#state = carried ?? {
      organizationId: null,
      deliveries: { lanes: [], unread: [] },
      inbox: [],
      idleAfterMs: 60_000,
      lastActiveAt: Date.now(),
      attempts: null,
    };
    this.#lanes = new Lanes(this.#state.deliveries, {
      subject: widgetSubject(widgetId),
      attempts: () => this.#state.attempts,
      onReport: () => {
        this.#state.lastActiveAt = Date.now();
      },
    });
    setHandler(widgetSignal, (step) => void this.#state.inbox.push(step), { description: descriptions.changed });
    setHandler(widgetStateQuery, () => this.describe(), { description: descriptions.widgetState });
  }

  async live(): Promise<void> {
    // Timers do not cross continue-as-new. A fresh run always has something to read first.
    if (this.#state.attempts !== null) this.#setAlarm();
    while (!workflowInfo().continueAsNewSuggested) {
      await condition(() => this.#isDue());
      for (let step = this.#state.inbox.shift(); step !== undefined; step = this.#state.inbox.shift())
        await this.#publish(step);
      if (this.#lanes.isDue) await this.#lanes.work();
      if (this.#lanes.isEmpty && Date.now() >= this.#idleAt()) {
        // Never close in a task that may have run a local activity: see lead.ts.
        await sleep('1s', { summary: 'leaves the task of a local activity before the run ends' });
        if (this.#state.inbox.length === 0 && this.#lanes.isEmpty) return;
      }
      this.#setAlarm();
    }
    await sleep('1s', { summary: 'leaves the task of a local activity before the run continues' });
    await condition(allHandlersFinished);
    await continueAsNew<typeof widget>({ widgetId: this.#widgetId, carried: this.#state });
  }

  describe(): WidgetDescription {
    const { inbox, organizationId, deliveries } = this.#state;
    return {
      widgetId: this.#widgetId,
      // An unread event counts: a caller wants to know what was accepted.
      organizationId: organizationId ?? inbox.find((step) => step.organizationId !== undefined)?.organizationId ?? null,
      lanes: describeLanes(deliveries.lanes, Date.now()),
      unreadSteps: inbox.length,
    };
  }

  #isDue(): boolean {
    const { continueAsNewSuggested } = workflowInfo();
    return this.#state.inbox.length > 0 || this.#lanes.isDue || this.#alarm.hasFired || continueAsNewSuggested;
  }

  async #publish(step: WidgetStep): Promise<void> {
    const result = await publishWidget({
      widgetId: this.#widgetId,
      step,
      eventId: eventIdOf(uuid4(), step.id),
      busyEndpoints: this.#lanes.busyEndpoints,
      now: Date.now(),
    });
    this.#state.organizationId = result.organizationId ?? this.#state.organizationId;
    this.#state.idleAfterMs = result.settings.idleAfterMs;
    this.#state.attempts = result.settings.attempts;
    this.#state.lastActiveAt = Date.now();
    this.#lanes.add(result.open);
    await this.#lanes.apply(result.reports);
  }

  #idleAt(): number {
    return this.#state.lastActiveAt + this.#state.idleAfterMs;
  }

  /**
   * Idle only with nothing unsettled: a time that is past already
   * would ring again and again, in one task without an end.
   */
  #setAlarm(): void {
    this.#lanes.setAlarm(this.#alarm, this.#lanes.isEmpty ? this.#idleAt() : Number.POSITIVE_INFINITY);
  }
}
