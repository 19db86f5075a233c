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
import type { PublishActivities } from '../activities/publish.ts';
import type { WidgetActivities } from '../activities/widget.ts';
import { widgetSubject } from '../src/domain/ids.ts';
import type { WidgetStep } from '../src/domain/lead.ts';
import { Alarm } from './alarm.ts';
import { descriptions } from './descriptions.ts';
import { type Lane, Lanes } from './lane.ts';
import { describeLanes } from './lane-words.ts';
import { startNotice } from './notice.ts';
import { wakeSignal, type WidgetDescription, widgetSignal, widgetStateQuery } from './messages.ts';

export interface WidgetRun {
  widgetId: string;
  carried?: {
    organizationId: string | null;
    lanes: Lane[];
    inbox: WidgetStep[];
    idleAfterMs: number;
    lastActiveAt: number;
    attemptTimeoutMs: number;
    attempts: number | null;
  };
}

const { publishWidget, openDeliveries } = proxyLocalActivities<WidgetActivities & PublishActivities>({
  summary: 'applies one event of the widget and emits what it makes due',
  startToCloseTimeout: '30s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/**
 * One widget: its events one after the other, their deliveries in lanes as a lead's. What is known of it lives in Postgres
 * (its registration changes there), so a run that is idle may simply end. A cancel does not stop it.
 */
export async function widget(run: WidgetRun): Promise<void> {
  await CancellationScope.nonCancellable(() => live(run));
}

async function live({ widgetId, carried }: WidgetRun): Promise<void> {
  const state = carried ?? {
    organizationId: null as string | null,
    lanes: [] as Lane[],
    inbox: [] as WidgetStep[],
    idleAfterMs: 60_000,
    lastActiveAt: Date.now(),
    attemptTimeoutMs: 15_000,
    attempts: null as number | null,
  };
  const alarm = new Alarm();
  const idleAt = () => state.lastActiveAt + state.idleAfterMs;
  const lanes = new Lanes({
    lanes: state.lanes,
    taskQueue: `${workflowInfo().taskQueue}-deliveries`,
    attemptTimeoutMs: () => state.attemptTimeoutMs,
    attempts: () => state.attempts,
    onAbandoned: () => {},
    onSettled: () => {
      state.lastActiveAt = Date.now();
      alarm.ensure(idleAt());
    },
  });
  setHandler(widgetSignal, (step) => void state.inbox.push(step), { description: descriptions.changed });
  let isTakingOver = false;
  setHandler(
    wakeSignal,
    ({ endpointId, takeOver }) => {
      isTakingOver ||= takeOver === true;
      lanes.wake(endpointId);
    },
    { description: descriptions.wake },
  );
  const describe = (): WidgetDescription => ({
    widgetId,
    // An unread event counts: whoever asks wants to know what was accepted.
    organizationId:
      state.organizationId ?? state.inbox.find((step) => step.organizationId !== undefined)?.organizationId ?? null,
    lanes: describeLanes(state.lanes, Date.now()),
    unreadSteps: state.inbox.length,
  });
  setHandler(widgetStateQuery, describe, { description: descriptions.widgetState });

  if (carried !== undefined && lanes.isEmpty) alarm.ensure(idleAt()); // timers do not cross continue-as-new
  while (!workflowInfo().continueAsNewSuggested) {
    // Idle only with nothing unsettled: an alarm that counted before would be answered by nothing, again and again, in one task.
    await condition(
      () =>
        state.inbox.length > 0 ||
        isTakingOver ||
        (alarm.hasFired && lanes.isEmpty) ||
        workflowInfo().continueAsNewSuggested,
    );
    if (isTakingOver) {
      isTakingOver = false;
      lanes.add(await openDeliveries({ subject: widgetSubject(widgetId) }), Date.now());
    }
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
      state.attempts = result.settings.attempts;
      state.lastActiveAt = Date.now();
      lanes.add(result.open, Date.now());
      for (const notice of result.notices) await startNotice(notice);
    }
    if (lanes.isEmpty && Date.now() >= idleAt()) {
      await sleep('1s', { summary: 'leaves the task of a local activity before the run ends' }); // never close in a task that may have run a local activity: see lead.ts
      if (state.inbox.length === 0) return;
    }
    if (lanes.isEmpty) alarm.ensure(idleAt());
  }
  await lanes.stop();
  await sleep('1s', { summary: 'leaves the task of a local activity before the run continues' });
  await condition(allHandlersFinished);
  await continueAsNew<typeof widget>({ widgetId, carried: state });
}
