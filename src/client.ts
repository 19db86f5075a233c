import { type Client, QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { leadSubject, widgetSubject } from './domain/ids.ts';
import { parseKeyRing } from './crypto/key-ring.ts';
import { applyStep, type LeadState, newLeadState, stageOf } from './domain/lead-state.ts';
import { type ParsedEvent, parseInbound } from './schemas/inbound.ts';
import { type TemporalTarget, temporalClient } from './temporal/connection.ts';
import type { LeadRun } from '../workflows/lead.ts';
import {
  type LeadDescription,
  stateQuery,
  stepSignals,
  widgetSignal,
  widgetStateQuery,
} from '../workflows/messages.ts';
import { leadStage, leadStatus, hasAbandonedDeliveries, organizationId } from '../workflows/search-attributes.ts';
import type { WidgetRun } from '../workflows/widget.ts';

/** The task queue of the workflows; attempts that they must not wait for run on `<queue>-deliveries`. */
export const defaultTaskQueue = 'spark360';
/** A signal is refused rather than waited for: the caller has the same id to try again with (milliseconds). */
const signalDeadlineMs = 5_000;
/** Bounds how long a task of a killed worker is waited for; longer than any local activity's normal run. */
const workflowTaskTimeout = '10s';

export interface Published {
  /** The inbound id, lower case. */
  id: string;
  workflowId: string;
}

/** The typed way in: signals the workflow of the lead or widget; what it resolves for is durable. */
export interface EventsClient {
  /** Validates and signals one inbound event (spec section 2). Throws `InvalidEventError` naming each wrong path; nothing is applied then. */
  publish(event: unknown): Promise<Published>;
  /** The same for several, all validated before the first is signalled; events of one subject go in array order. */
  publishMany(events: readonly unknown[]): Promise<Published[]>;
  /** Signals an event that is validated already. */
  signal(event: ParsedEvent): Promise<{ workflowId: string }>;
  /** One lead's workflow: `state()` gives all it knows; null when none runs. */
  lead(organizationId: string, leadId: string): { state(): Promise<LeadDescription | null> };
  /** What a running lead has merged and emitted; null when none runs. */
  leadState(organizationId: string, leadId: string): Promise<LeadState | null>;
  /** The organization that a running widget's workflow knows of; null when none does. */
  widgetOrganization(widgetId: string): Promise<string | null>;
  close(): Promise<void>;
}

export interface ConnectOptions extends TemporalTarget {
  /** `id:base64,…` as in ENCRYPTION_KEYS: the same ring as the service's. */
  encryptionKeys: string;
  taskQueue?: string;
}

/** Connects to Temporal directly, without the HTTP API. */
export async function connect({ encryptionKeys, taskQueue, ...target }: ConnectOptions): Promise<EventsClient> {
  return eventsClient(await temporalClient(target, parseKeyRing(encryptionKeys)), taskQueue);
}

export function eventsClient(temporal: Client, taskQueue: string = defaultTaskQueue): EventsClient {
  const signal = (event: ParsedEvent) =>
    temporal.connection.withDeadline(Date.now() + signalDeadlineMs, () =>
      event.kind === 'lead' ? signalLead(temporal, taskQueue, event) : signalWidget(temporal, taskQueue, event),
    );
  const publishParsed = async (event: ParsedEvent): Promise<Published> => {
    const { workflowId } = await signal(event);
    return { id: event.step.id, workflowId };
  };
  const describe = (organization: string, leadId: string) =>
    unlessAbsent(temporal.workflow.getHandle(leadSubject(organization, leadId)).query(stateQuery));
  return {
    signal,
    publish: async (event) => publishParsed(parseInbound(event)),
    async publishMany(events) {
      const published: Published[] = [];
      for (const event of events.map((input) => parseInbound(input))) published.push(await publishParsed(event));
      return published;
    },
    lead: (organization, leadId) => ({ state: () => describe(organization, leadId) }),
    leadState: async (organization, leadId) => (await describe(organization, leadId))?.lead ?? null,
    async widgetOrganization(widgetId) {
      const state = await unlessAbsent(temporal.workflow.getHandle(widgetSubject(widgetId)).query(widgetStateQuery));
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
    signal: widgetSignal,
    signalArgs: [event.step],
    ...(event.step.organizationId !== undefined && {
      typedSearchAttributes: [{ key: organizationId, value: event.step.organizationId }],
    }),
  });
  return { workflowId };
}

async function unlessAbsent<Result>(query: Promise<Result>): Promise<Result | null> {
  try {
    return await query;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return null;
    throw error;
  }
}
