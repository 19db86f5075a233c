import type { ObservedAttempt } from '../../activities/attempt.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** One structured line and one count per attempt, always with the same field names; never a secret, a body or a URL. */
export const observeAttempt =
  ({ log, metrics }: { log: Log; metrics: Metrics }) =>
  ({ delivery, number, attemptId, result, outcome, emittedAt }: ObservedAttempt): void => {
    metrics.attempts.inc({ outcome: outcome.kind });
    if (outcome.kind === 'delivered') metrics.signalToDelivered.observe(Math.max(0, Date.now() - emittedAt) / 1000);
    const line = {
      event_id: delivery.eventId,
      event: delivery.event,
      endpoint_id: delivery.endpointId,
      delivery_id: delivery.deliveryId,
      sequence: delivery.sequence,
      attempt: number,
      attempt_id: attemptId,
      outcome: outcome.kind,
      ...(outcome.kind === 'abandoned' && { reason: outcome.reason }),
      status_code: result.statusCode,
      error_class: result.error?.class ?? null,
      duration_ms: Math.round(result.durationMs),
    };
    if (outcome.kind === 'abandoned') log.warn(line, 'attempt');
    else log.info(line, 'attempt');
  };
