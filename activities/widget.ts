import { type Claim, publishing as publishingOf, toOpen } from '../src/db/publishing.ts';
import type { Database } from '../src/db/pool.ts';
import { widgetPublishing } from '../src/db/widget-publishing.ts';
import { FastEndpoints, firstAttempts } from '../src/delivery/first-attempts.ts';
import type { DeliveryParts } from '../src/delivery/parts.ts';
import { widgetSubject } from '../src/domain/ids.ts';
import type { OpenDelivery } from '../src/domain/lanes.ts';
import type { WidgetStep } from '../src/domain/lead.ts';
import type { Notice } from '../src/domain/notice.ts';
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

export interface PublishWidgetResult {
  /** Null: it cannot be known, and nothing was applied. */
  organizationId: string | null;
  open: OpenDelivery[];
  notices: Notice[];
  settings: Settings;
}

export interface WidgetParts {
  delivery: DeliveryParts;
  db: Database;
  settings: Settings;
}

const toClaim = (step: WidgetStep): Omit<Claim, 'outcome'> => ({
  id: step.id,
  fingerprint: step.fingerprint,
  name: 'changed',
  event: step.event,
  leadStatus: null,
  occurredAt: step.occurredAt,
});

/**
 * Applies one event to the widget's row and emits what it changes, in one transaction behind the row's lock. An event that
 * was applied before (a repeat, or this very activity before a crash) gives the deliveries that are still open.
 */
const apply = (
  { db, delivery }: WidgetParts,
  { widgetId, step, eventId, now, busyEndpoints }: PublishWidgetInput,
  onFast: (fast: FastEndpoints) => void,
) =>
  db.tx(async (tx) => {
    const [widgets, events] = [widgetPublishing(tx), publishingOf(tx)];
    const subject = widgetSubject(widgetId);
    const known = await widgets.lock(widgetId);
    const claimed = await widgets.known(step.id);
    if (claimed !== null && (claimed.subject !== subject || claimed.fingerprint !== step.fingerprint)) {
      await events.recordConflict(step.id, step.fingerprint, subject);
      return { organizationId: known.organizationId, published: [], left: [] };
    }
    if (claimed !== null && claimed.outcome !== 'accepted') {
      const eventIds = await widgets.eventIds(subject, step.id);
      return { organizationId: known.organizationId, published: [], left: await events.leftToDo(eventIds) };
    }
    const organizationId = step.organizationId ?? known.organizationId;
    if (organizationId === null) {
      await events.recordDropped(subject, [{ ...toClaim(step), outcome: 'refused' }], 'refused');
      return { organizationId, published: [], left: [] };
    }
    const before = {
      version: 1 as const,
      widgetId,
      organizationId,
      status: known.status,
      lastOccurredAt: known.lastEventAt,
    };
    const { outcome, change } = applyWidgetStep(before, step);
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
    const endpointIds = event === null ? [] : await events.endpointIds(organizationId, step.mode);
    const fast = new FastEndpoints(delivery, endpointIds, busyEndpoints);
    onFast(fast);
    const published = await events.publish({
      subject,
      organizationId,
      mode: step.mode,
      claims: [{ ...toClaim(step), outcome }],
      events: event === null ? [] : [event],
      fast: fast.ids,
      owner: delivery.owner,
    });
    if (outcome === 'applied') {
      await widgets.move(widgetId, { organizationId, status: step.status, eventAt: step.occurredAt, ...names });
    }
    return { organizationId, published, left: [] };
  });

export const widgetActivities = (parts: WidgetParts) => ({
  /** Applies one widget event and makes the first attempts of what it emits. Safe to repeat. */
  async publishWidget(input: PublishWidgetInput): Promise<PublishWidgetResult> {
    const { delivery, settings } = parts;
    const permittedAt = delivery.freezeDetector.now();
    let fast = new FastEndpoints(delivery, [], []);
    try {
      const { organizationId, published, left } = await apply(parts, input, (chosen) => {
        fast = chosen;
      });
      const workflowId = widgetSubject(input.widgetId);
      const permission = { now: input.now, permittedAt };
      const { open, notices } = await firstAttempts(delivery, workflowId, published, fast, permission);
      return { organizationId, open: [...left.map(toOpen), ...open], notices, settings };
    } finally {
      fast.release();
    }
  },
});

export type WidgetActivities = ReturnType<typeof widgetActivities>;
