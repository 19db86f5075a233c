import type { z } from 'zod';
import { type Client, QueryNotRegisteredError, QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import { leadSubject, widgetSubject } from './domain/ids.ts';
import { parseKeyRing } from './crypto/key-ring.ts';
import { applyStep, type LeadState, newLeadState, stageOf } from './domain/lead-state.ts';
import { backendPublisher, type Published } from './backend-publisher.ts';
import type { ParsedEvent } from './schemas/inbound.ts';
import type { inboundEvent } from './schemas/inbound-events.ts';
import { type TemporalTarget, temporalClient } from './temporal/connection.ts';
import type { LeadRun } from '../workflows/lead-run.ts';
import {
  type LeadDescription,
  stateQuery,
  stepSignals,
  widgetSignal,
  widgetStateQuery,
} from '../workflows/messages.ts';
import { leadStage, leadStatus, hasAbandonedDeliveries, organizationId } from '../workflows/search-attributes.ts';
import type { WidgetRun } from '../workflows/widget.ts';

export { InvalidEventError } from './errors.ts';
export { NotPublishedError, type Published } from './backend-publisher.ts';

/** The task queue of the workflows and their attempts. */
export const defaultTaskQueue = 'spark360';
/** A signal is refused rather than waited for: the caller has the same id to try again with (milliseconds). */
const signalDeadlineMs = 5_000;
/** Bounds how long a task of a killed worker is waited for; longer than any local activity's normal run. */
const workflowTaskTimeout = '10s';

/** How long a query waits for a worker (milliseconds). */
const queryDeadlineMs = 10_000;
/** How long `publish` goes on trying by default (milliseconds). */
const defaultRetryForMs = 30_000;

/** One inbound event, as the backend sends it (spec section 2). */
export type BackendEvent = z.input<typeof inboundEvent>;

/** What a backend gets from `connect`: the typed way in. What it resolves for is durable. */
export interface BackendClient {
  /**
   * Validates one inbound event and signals its lead or widget; repeats the signal while Temporal refuses it.
   * @throws `InvalidEventError` naming each wrong path (nothing is applied then), `NotPublishedError`
   */
  publish(event: BackendEvent): Promise<Published>;
  /** The same for several, all validated before the first is signalled; events of one subject go in array order. */
  publishMany(events: readonly BackendEvent[]): Promise<Published[]>;
  /** One lead's workflow: `state()` gives all it knows; null when none runs. */
  lead(organizationId: string, leadId: string): { state(): Promise<LeadDescription | null> };
  close(): Promise<void>;
}

/** What the service itself uses: the same, for events whose type was not checked, and more. */
export interface EventsClient extends BackendClient {
  publish(event: unknown): Promise<Published>;
  publishMany(events: readonly unknown[]): Promise<Published[]>;
  /** Signals, once, an event that is validated already. */
  signal(event: ParsedEvent): Promise<{ workflowId: string }>;
  /** What a running lead has merged and emitted; null when none runs. */
  leadState(organizationId: string, leadId: string): Promise<LeadState | null>;
  /** The organization that a running widget's workflow knows of; null when none does. */
  widgetOrganization(widgetId: string): Promise<string | null>;
}

export interface ConnectOptions extends TemporalTarget {
  /** `id:base64,…` as in ENCRYPTION_KEYS: the same ring as the service's. */
  encryptionKeys: string;
  taskQueue?: string;
  /**
   * How long a signal that Temporal refused is repeated before
   * `NotPublishedError` is thrown (milliseconds); default 30,000.
   */
  retryForMs?: number;
}

/** Connects to Temporal directly, without the HTTP API. The connection is made when it is first used. */
export async function connect(options: ConnectOptions): Promise<BackendClient> {
  const { encryptionKeys, taskQueue, retryForMs, ...target } = options;
  return eventsClient(await temporalClient(target, parseKeyRing(encryptionKeys)), taskQueue, retryForMs);
}

export function eventsClient(
  temporal: Client,
  taskQueue: string = defaultTaskQueue,
  retryForMs: number = defaultRetryForMs,
): EventsClient {
  const signal = (event: ParsedEvent) =>
    temporal.connection.withDeadline(Date.now() + signalDeadlineMs, () =>
      event.kind === 'lead' ? signalLead(temporal, taskQueue, event) : signalWidget(temporal, taskQueue, event),
    );
  const query = <Result>(ask: () => Promise<Result>): Promise<Result | null> =>
    unlessAbsent(temporal.connection.withDeadline(Date.now() + queryDeadlineMs, ask));
  const describe = (organization: string, leadId: string) =>
    query(() => temporal.workflow.getHandle(leadSubject(organization, leadId)).query(stateQuery));
  return {
    ...backendPublisher(signal, retryForMs),
    signal,
    lead: (organization, leadId) => ({ state: () => describe(organization, leadId) }),
    leadState: async (organization, leadId) => (await describe(organization, leadId))?.lead ?? null,
    async widgetOrganization(widgetId) {
      const state = await query(() => temporal.workflow.getHandle(widgetSubject(widgetId)).query(widgetStateQuery));
      return state?.organizationId ?? null;
    },
    close: () => temporal.connection.close(),
  };
}

async function signalLead(temporal: Client, taskQueue: string, event: Extract<ParsedEvent, { kind: 'lead' }>) {
  const { step, leadId } = event;
  const workflowId = leadSubject(event.organizationId, leadId);
  const run: LeadRun = { organizationId: event.organizationId, leadId };
  const { state } = applyStep(newLeadState(event.organizationId, leadId), step);
  await temporal.workflow.signalWithStart('lead', {
    workflowId,
    taskQueue,
    workflowTaskTimeout,
    args: [run],
    signal: stepSignals[step.name],
    signalArgs: [step],
    staticSummary: `${step.mode} lead ${leadId}`,
    staticDetails: `Organization \`${event.organizationId}\`, lead \`${leadId}\`, mode \`${step.mode}\`. Where it stands: current details, or the query \`state\`.`,
    // As far as this step alone brings a lead, so that most leads need no upsert for their first stage.
    typedSearchAttributes: [
      { key: organizationId, value: event.organizationId },
      { key: leadStage, value: stageOf(state) },
      { key: hasAbandonedDeliveries, value: false },
      ...(step.lead_status === undefined ? [] : [{ key: leadStatus, value: step.lead_status }]),
    ],
  });
  return { workflowId };
}

async function signalWidget(temporal: Client, taskQueue: string, event: Extract<ParsedEvent, { kind: 'widget' }>) {
  const workflowId = widgetSubject(event.widgetId);
  const run: WidgetRun = { widgetId: event.widgetId };
  await temporal.workflow.signalWithStart('widget', {
    workflowId,
    taskQueue,
    workflowTaskTimeout,
    args: [run],
    staticSummary: `widget ${event.widgetId}`,
    signal: widgetSignal,
    signalArgs: [event.step],
    ...(event.step.organizationId !== undefined && {
      typedSearchAttributes: [{ key: organizationId, value: event.step.organizationId }],
    }),
  });
  return { workflowId };
}

/** No such workflow, none that is open, or one of another kind. */
const absences = [WorkflowNotFoundError, QueryRejectedError, QueryNotRegisteredError];

async function unlessAbsent<Result>(query: Promise<Result>): Promise<Result | null> {
  try {
    return await query;
  } catch (error) {
    if (absences.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}
