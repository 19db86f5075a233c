/** How one attempt, and perhaps its delivery, ended (spec section 5). Only broken infrastructure throws. */
export const abandonedReasons = [
  'rejected',
  'gone',
  'exhausted',
  'blocked_address',
  'skipped',
  'endpoint_deleted',
  'lead_erased',
] as const;
export type AbandonedReason = (typeof abandonedReasons)[number];

export const deliveryStatuses = ['pending', 'delivering', 'retrying', 'held', 'delivered', 'abandoned'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** What an attempt that was made came to. */
export type AttemptOutcome =
  | { kind: 'delivered' }
  /** `delayMs` counts from the end of the attempt: the later of the schedule and `Retry-After`. */
  | { kind: 'retry'; delayMs: number }
  | { kind: 'abandoned'; reason: AbandonedReason };

export type Outcome =
  | AttemptOutcome
  /**
   * The endpoint is paused, or another delivery goes first after its resume: nothing was sent and no attempt was used.
   */
  | { kind: 'held' }
  /** It is in the endpoint's queue: a signal follows its attempt. If that is lost, ask again after `recheckAfterMs`. */
  | { kind: 'queued'; recheckAfterMs: number }
  /** Its retry is due in `delayMs`. */
  | { kind: 'not_due'; delayMs: number }
  /** Its attempt is under way: a signal follows. If that is lost, ask again after `recheckAfterMs`. */
  | { kind: 'in_flight'; recheckAfterMs: number };

/** What one HTTP exchange gave, before any rule is applied to it. Durations in milliseconds. */
export interface AttemptResult {
  statusCode: number | null;
  /** At most the first 4 KiB, decoded as UTF-8; null when no response arrived. */
  responseBody: string | null;
  /** The raw `Retry-After` header. */
  retryAfter: string | null;
  /** Null when a response arrived, else what went wrong, in words the partner understands. */
  error: AttemptError | null;
  durationMs: number;
}

export const attemptErrorClasses = ['dns', 'connect', 'tls', 'timeout', 'protocol', 'blocked_address'] as const;
export interface AttemptError {
  class: (typeof attemptErrorClasses)[number];
  /** One sentence; never a secret, a body or personal data. */
  message: string;
}
