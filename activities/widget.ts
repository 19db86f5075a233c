import type { Claim } from '../src/db/inbound.ts';
import { openDeliveries } from '../src/db/open-deliveries.ts';
import type { Database, Queryable } from '../src/db/pool.ts';
import { publishing as publishingOf } from '../src/db/publishing.ts';
import { type KnownWidget, widgetPublishing } from '../src/db/widget-publishing.ts';
import { attemptPublished, type FirstAttempts } from '../src/delivery/deliver.ts';
import type { Delivery } from '../src/delivery/delivery.ts';
import { widgetSubject } from '../src/domain/ids.ts';
import type { OpenDelivery } from '../src/domain/lanes.ts';
import type { WidgetStep } from '../src/domain/lead.ts';
import { envelope, widgetStatusData } from '../src/domain/payloads.ts';
import { applyWidgetStep } from '../src/domain/widget-state.ts';
import type { Settings } from './publish.ts';

export interface PublishWidgetInput {
  widgetId: string;
  step: WidgetStep;
  /** The workflow's, so that a repeat of this activity means the same event. */
  eventId: string;
  busyEndpoints: string[];
  /** The workflow's time, epoch milliseconds. */
  now: number;
}

export interface PublishWidgetResult extends FirstAttempts {
  /** Null: it cannot be known, and nothing was applied. */
  organizationId: string | null;
  settings: Settings;
}

export interface WidgetDeps {
  delivery: Delivery;
  db: Database;
  settings: Settings;
}

export const widgetActivities = (deps: WidgetDeps) => ({
  /** Applies one widget event and makes the first attempts of what it emits. Safe to repeat. */
  async publishWidget(input: PublishWidgetInput): Promise<PublishWidgetResult> {
    const { delivery, db, settings } = deps;
    const { organizationId, published, left } = await db.tx((tx) => apply(tx, input));
    const task = { workflowId: widgetSubject(input.widgetId), now: input.now };
    const { open, reports } = await attemptPublished(delivery, published, input.busyEndpoints, task);
    return { organizationId, open: [...left, ...open], reports, settings };
  },
});

export type WidgetActivities = ReturnType<typeof widgetActivities>;

interface Applied {
  organizationId: string | null;
  published: OpenDelivery[];
  /** What an earlier try of this activity left. */
  left: OpenDelivery[];
}

/**
 * Applies one event to the widget's row and emits what it changes, in one transaction behind the row's lock. An event
 * that was applied before (a repeat, or this very activity before a crash) gives the deliveries that are still open.
 */
async function apply(tx: Queryable, input: PublishWidgetInput): Promise<Applied> {
  const { widgetId, step } = input;
  const [widgets, events] = [widgetPublishing(tx), publishingOf(tx)];
  const subject = widgetSubject(widgetId);
  const known = await widgets.lock(widgetId);
  const organizationId = step.organizationId ?? known.organizationId;
  const claimed = await widgets.known(step.id);
  if (claimed !== null && (claimed.subject !== subject || claimed.fingerprint !== step.fingerprint)) {
    await events.recordConflict(step.id, step.fingerprint, subject);
    return { organizationId: known.organizationId, published: [], left: [] };
  }
  if (claimed !== null && claimed.outcome !== 'accepted') {
    const left = await openDeliveries(tx).leftToDo(await widgets.eventIds(subject, step.id));
    return { organizationId: known.organizationId, published: [], left };
  }
  if (organizationId === null) {
    await events.recordDropped(subject, [toClaim(step)], 'refused');
    return { organizationId, published: [], left: [] };
  }
  return { organizationId, published: await emit(tx, input, { ...known, organizationId }), left: [] };
}

/** Moves the widget to what the event says, and publishes the change, if it is one. */
async function emit(
  tx: Queryable,
  { widgetId, step, eventId, now }: PublishWidgetInput,
  known: KnownWidget & { organizationId: string },
): Promise<OpenDelivery[]> {
  const events = publishingOf(tx);
  const { organizationId, status, lastEventAt: lastOccurredAt } = known;
  const { outcome, change } = applyWidgetStep({ version: 1, widgetId, organizationId, status, lastOccurredAt }, step);
  const names = { name: known.name ?? step.name ?? null, version: known.version ?? step.version ?? null };
  const event = change && {
    eventId,
    type: 'widget.status_changed',
    cause: step.id,
    occurredAt: now,
    traceparent: step.traceparent ?? null,
    body: envelope({
      event: 'widget.status_changed',
      eventId,
      timestamp: new Date(now).toISOString(),
      organizationId,
      data: widgetStatusData({ id: widgetId, ...names }, change),
    }),
  };
  const published = await events.publish({
    subject: widgetSubject(widgetId),
    organizationId,
    mode: step.mode,
    claims: [{ ...toClaim(step), outcome }],
    events: event === null ? [] : [event],
  });
  if (outcome === 'applied') {
    const moved = { organizationId, status: step.status, eventAt: step.occurredAt, ...names };
    await widgetPublishing(tx).move(widgetId, moved);
  }
  return published;
}

const toClaim = (step: WidgetStep): Omit<Claim, 'outcome'> => ({
  id: step.id,
  fingerprint: step.fingerprint,
  name: 'changed',
  event: step.event,
  leadStatus: null,
  occurredAt: step.occurredAt,
});
