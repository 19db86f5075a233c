import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyLocalActivities,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { WidgetActivities } from '../activities/widget.ts';
import type { WidgetStep } from '../src/domain/lead.ts';
import { Alarm } from './alarm.ts';
import { type Lane, Lanes } from './lane.ts';
import { startNotice } from './notice.ts';
import { wakeSignal, widgetSignal, widgetStateQuery } from './messages.ts';

export interface WidgetRun {
  widgetId: string;
  carried?: {
    organizationId: string | null;
    lanes: Lane[];
    inbox: WidgetStep[];
    idleAfterMs: number;
    lastActiveAt: number;
    attemptTimeoutMs: number;
  };
}

const { publishWidget } = proxyLocalActivities<WidgetActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/**
 * One widget: its events one after the other, their deliveries in lanes as a lead's. What is known of it lives in Postgres
 * (its registration changes there), so a run that is idle may simply end.
 */
export async function widget({ widgetId, carried }: WidgetRun): Promise<void> {
  const state = carried ?? {
    organizationId: null as string | null,
    lanes: [] as Lane[],
    inbox: [] as WidgetStep[],
    idleAfterMs: 60_000,
    lastActiveAt: Date.now(),
    attemptTimeoutMs: 15_000,
  };
  const alarm = new Alarm();
  const idleAt = () => state.lastActiveAt + state.idleAfterMs;
  const lanes = new Lanes({
    lanes: state.lanes,
    taskQueue: `${workflowInfo().taskQueue}-deliveries`,
    attemptTimeoutMs: () => state.attemptTimeoutMs,
    onAbandoned: () => {},
    onSettled: () => {
      state.lastActiveAt = Date.now();
      alarm.ensure(idleAt());
    },
  });
  setHandler(widgetSignal, (step) => {
    state.inbox.push(step);
  });
  setHandler(wakeSignal, ({ endpointId }) => lanes.wake(endpointId));
  setHandler(widgetStateQuery, () => ({
    widgetId,
    // An unread event counts: whoever asks wants to know what was accepted.
    organizationId:
      state.organizationId ?? state.inbox.find((step) => step.organizationId !== undefined)?.organizationId ?? null,
    lanes: state.lanes,
    unreadSteps: state.inbox.length,
  }));

  if (carried !== undefined && lanes.isEmpty) alarm.ensure(idleAt()); // timers do not cross continue-as-new
  while (!workflowInfo().continueAsNewSuggested) {
    // Idle only with nothing unsettled: an alarm that counted before would be answered by nothing, again and again, in one task.
    await condition(
      () => state.inbox.length > 0 || (alarm.hasFired && lanes.isEmpty) || workflowInfo().continueAsNewSuggested,
    );
    for (let step = state.inbox.shift(); step !== undefined; step = state.inbox.shift()) {
      const result = await publishWidget({
        widgetId,
        step,
        eventId: uuid4(),
        busyEndpoints: lanes.busyEndpoints,
        now: Date.now(),
      });
      state.organizationId = result.organizationId ?? state.organizationId;
      state.idleAfterMs = result.settings.idleAfterMs;
      state.attemptTimeoutMs = result.settings.attemptTimeoutMs;
      state.lastActiveAt = Date.now();
      lanes.add(result.open, Date.now());
      for (const notice of result.notices) await startNotice(notice);
    }
    if (lanes.isEmpty && Date.now() >= idleAt()) {
      await sleep('1s'); // never close in a task that may have run a local activity: see lead.ts
      if (state.inbox.length === 0) return;
    }
    if (lanes.isEmpty) alarm.ensure(idleAt());
  }
  await lanes.stop();
  await sleep('1s');
  await condition(allHandlersFinished);
  await continueAsNew<typeof widget>({ widgetId, carried: state });
}
