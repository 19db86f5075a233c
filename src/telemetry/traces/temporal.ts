import { type Attributes, type Span, type SpanContext, SpanKind } from '@opentelemetry/api';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Tracer } from './tracer.ts';
import { readTraceparent, traceparentOf } from './traceparent.ts';

/**
 * A span for what a process asks workflows for. Its context goes as a field of the step, or of what a workflow is
 * started with, and from there to the activity that publishes the step. Signals to running workflows have none.
 */
export const clientInterceptor = (tracer: Tracer): WorkflowClientInterceptor => ({
  signalWithStart: (input, next) => {
    const { signalName, signalArgs, options } = input;
    const { id } = (signalArgs[0] ?? {}) as { id?: unknown };
    const attributes = {
      'temporal.workflow_id': options.workflowId,
      'temporal.signal': signalName,
      ...(typeof id === 'string' && { 'spark360.inbound_id': id }),
    };
    return tracer.inSpan(`signal ${signalName}`, { kind: SpanKind.PRODUCER, attributes }, (span) =>
      next({ ...input, signalArgs: withTrace(signalArgs, span) }),
    );
  },
  startWithDetails: (input, next) => {
    const attributes = { 'temporal.workflow_id': input.options.workflowId };
    return tracer.inSpan(`start ${input.workflowType}`, { kind: SpanKind.PRODUCER, attributes }, (span) =>
      next({ ...input, options: { ...input.options, args: withTrace(input.options.args, span) } }),
    );
  },
});

/** The first argument, with the span's context in it. */
function withTrace([first, ...rest]: readonly unknown[], span: Span): unknown[] {
  if (typeof first !== 'object' || first === null) return [first, ...rest];
  return [{ ...first, traceparent: traceparentOf(span.spanContext()) }, ...rest];
}

/** A span for each activity that a trace leads to, and none for the others. */
export const activityInterceptors =
  (tracer: Tracer): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      execute: (input, next) => {
        const [parent, ...linked] = contextsIn(input.args[0]);
        if (parent === undefined) return next(input);
        const options = {
          kind: SpanKind.CONSUMER,
          parent,
          links: linked.map((context) => ({ context })),
          attributes: {
            ...(info.workflowExecution !== undefined && { 'temporal.workflow_id': info.workflowExecution.workflowId }),
            'temporal.activity_attempt': info.attempt,
            ...asked(input.args[0]),
          },
        };
        return tracer.inSpan(info.activityType, options, async (span) => {
          const result = await next(input);
          const { outcome, open } = (result ?? {}) as { outcome?: { kind: string }; open?: { id: string }[] };
          if (outcome !== undefined) span.setAttribute('spark360.outcome', outcome.kind);
          if (open !== undefined)
            span.setAttribute(
              'spark360.open_delivery_ids',
              open.map(({ id }) => id),
            );
          return result;
        });
      },
    },
  });

/** Of the steps that an activity publishes, or of what its workflow was started with. */
function contextsIn(argument: unknown): SpanContext[] {
  const { traceparents, traceparent, step } = (argument ?? {}) as {
    traceparents?: string[];
    traceparent?: string;
    step?: { traceparent?: string };
  };
  return [...(traceparents ?? []), traceparent, step?.traceparent].flatMap((text) => readTraceparent(text) ?? []);
}

/** Of what an activity is asked for only ids, names and numbers. */
function asked(argument: unknown): Attributes {
  const given = (argument ?? {}) as {
    claims?: { id: string }[];
    emissions?: { eventId: string; type: string }[];
    step?: { id: string };
    deliveryId?: string;
    endpointId?: string;
    attempt?: number;
    number?: number;
  };
  const inboundIds = given.claims?.map(({ id }) => id) ?? (given.step && [given.step.id]);
  const attempt = given.attempt ?? given.number;
  return {
    ...(inboundIds && { 'spark360.inbound_ids': inboundIds }),
    ...(given.emissions && {
      'spark360.events': given.emissions.map(({ type }) => type),
      'spark360.event_ids': given.emissions.map(({ eventId }) => eventId),
    }),
    ...(given.deliveryId !== undefined && { 'spark360.delivery_id': given.deliveryId }),
    ...(given.endpointId !== undefined && { 'spark360.endpoint_id': given.endpointId }),
    ...(attempt !== undefined && { 'spark360.attempt': attempt }),
  };
}
