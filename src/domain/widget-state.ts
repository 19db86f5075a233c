import type { WidgetStatus, WidgetStep } from './lead.ts';

/** All that a widget's run knows of the widget itself. Plain JSON. */
export interface WidgetState {
  version: 1;
  widgetId: string;
  /** Null until an event or the registration names it. */
  organizationId: string | null;
  /** The last one known; null: no baseline yet. */
  status: WidgetStatus | null;
  /** The inbound timestamp of the last applied event, epoch milliseconds. */
  lastOccurredAt: number | null;
}

/** What `widget.status_changed` tells. */
export interface WidgetChange {
  previousStatus: WidgetStatus;
  status: WidgetStatus;
  changedBy: 'system' | 'admin';
}

export type WidgetStepOutcome = 'applied' | 'superseded';

/**
 * Takes one widget event in (spec section 2). The order is by inbound time: what is older than the last applied is
 * superseded. `change` is what is to be emitted, null when there is nothing. Pure: the argument is not changed.
 */
export function applyWidgetStep(
  state: WidgetState,
  step: WidgetStep,
): { state: WidgetState; outcome: WidgetStepOutcome; change: WidgetChange | null } {
  if (state.lastOccurredAt !== null && step.occurredAt < state.lastOccurredAt) {
    return { state, outcome: 'superseded', change: null };
  }
  const next: WidgetState = {
    ...state,
    organizationId: step.organizationId ?? state.organizationId,
    status: step.status,
    lastOccurredAt: step.occurredAt,
  };
  return { state: next, outcome: 'applied', change: changeOf(state, step) };
}

/**
 * `previousObject` tells the change, else the last status known;
 * nothing known is a baseline. `widget.created` only registers.
 */
function changeOf(state: WidgetState, step: WidgetStep): WidgetChange | null {
  const previousStatus = step.previousStatus ?? state.status;
  if (step.event === 'widget.created' || previousStatus === null || previousStatus === step.status) return null;
  return { previousStatus, status: step.status, changedBy: step.changedBy };
}
