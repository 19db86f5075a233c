import { type SpanContext, SpanKind } from '@opentelemetry/api';
import type { ObservedAttempt } from '../../delivery/attempt.ts';
import { fail, type Tracer } from './tracer.ts';
import { readTraceparent } from './traceparent.ts';

/** An attempt by the schedule, or one asked for by hand. */
export type TracedAttempt = ObservedAttempt & { resend?: true };

/**
 * An attempt may be made beside the work of another trace: only below its own is it the active span's child. A resend
 * is in the trace of the call that asked for it.
 */
function parentOf(tracer: Tracer, attempt: TracedAttempt): { parent?: SpanContext } {
  const parent = readTraceparent(attempt.delivery.traceparent);
  if (attempt.resend === true || parent === null || tracer.activeTraceId === parent.traceId) return {};
  return { parent };
}

/**
 * A span for one attempt, written when its outcome is recorded: in the trace of the step that emitted it. Never a URL,
 * a body or a header.
 */
export const traceAttempt =
  (tracer: Tracer) =>
  (attempt: TracedAttempt): void => {
    const { delivery, number, attemptId, startedAt, result, outcome } = attempt;
    const attributes = {
      'spark360.event': delivery.event,
      'spark360.event_id': delivery.eventId,
      'spark360.endpoint_id': delivery.endpointId,
      'spark360.delivery_id': delivery.deliveryId,
      'spark360.sequence': delivery.sequence,
      'spark360.attempt': number,
      'spark360.attempt_id': attemptId,
      'spark360.resend': attempt.resend === true || delivery.recovering,
      'spark360.outcome': outcome.kind,
      ...(outcome.kind === 'abandoned' && { 'spark360.reason': outcome.reason }),
      ...(result.statusCode !== null && { 'http.response.status_code': result.statusCode }),
    };
    const span = tracer.begin(
      'attempt',
      { kind: SpanKind.CLIENT, attributes, ...parentOf(tracer, attempt) },
      startedAt,
    );
    if (outcome.kind === 'retry' || outcome.kind === 'abandoned')
      fail(span, result.error?.class ?? `${result.statusCode}`);
    span.end(new Date(startedAt.getTime() + result.durationMs));
  };
