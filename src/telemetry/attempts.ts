import type { ObservedAttempt } from '../delivery/attempt.ts';
import type { Log } from '../log.ts';
import type { Metrics } from './metrics.ts';

interface Telemetry {
  log: Log;
  metrics: Metrics;
}

/** One structured line and one count per attempt. */
export const observeAttempt =
  ({ log, metrics }: Telemetry) =>
  (attempt: ObservedAttempt): void => {
    const { delivery, number, startedAt, outcome } = attempt;
    metrics.attempts.inc({ outcome: outcome.kind });
    const sinceAccepted = (at: number): number => Math.max(0, at - delivery.acceptedAt.getTime()) / 1000;
    // A recovery's deliveries were accepted long before: how long they took says nothing of today.
    if (!delivery.recovering && number === 1)
      metrics.acceptedToFirstAttempt.observe(sinceAccepted(startedAt.getTime()));
    if (!delivery.recovering && outcome.kind === 'delivered')
      metrics.acceptedToDelivered.observe(sinceAccepted(Date.now()));
    writeLine(log, attempt, delivery.recovering);
  };

/** The same for one asked for by hand, counted by itself: it says nothing of how well the service delivers. */
export const observeResend =
  ({ log, metrics }: Telemetry) =>
  (attempt: ObservedAttempt): void => {
    metrics.resends.inc({ outcome: attempt.outcome.kind });
    writeLine(log, attempt, true);
  };

/** Always the same field names; never a secret, a body or a URL. `resend` as in `X-Spark360-Resend`. */
function writeLine(log: Log, { delivery, number, attemptId, result, outcome }: ObservedAttempt, resend: boolean): void {
  const line = {
    event_id: delivery.eventId,
    event: delivery.event,
    endpoint_id: delivery.endpointId,
    delivery_id: delivery.deliveryId,
    sequence: delivery.sequence,
    attempt: number,
    attempt_id: attemptId,
    resend,
    outcome: outcome.kind,
    ...(outcome.kind === 'abandoned' && { reason: outcome.reason }),
    status_code: result.statusCode,
    error_class: result.error?.class ?? null,
    duration_ms: Math.round(result.durationMs),
  };
  if (outcome.kind === 'abandoned') log.warn(line, 'attempt');
  else log.info(line, 'attempt');
}
