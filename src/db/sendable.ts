import type { DeliveryStatus } from '../domain/outcome.ts';

/** First attempts that one process may have under way at an endpoint without asking for a slot. */
export const maxFastInFlight = 16;

/** What an attempt needs to know of a delivery and its endpoint. */
export interface Sendable {
  deliveryId: string;
  organizationId: string;
  endpointId: string;
  /** The workflow that works it. */
  workflowId: string;
  eventId: string;
  event: string;
  sequence: number;
  status: DeliveryStatus;
  /** The number of the attempt under way, or of the last one. */
  attempt: number;
  body: string;
  /** The trace of the step that emitted it (W3C Trace Context). */
  traceparent: string | null;
  url: string;
  secret: Buffer;
  nextSecret: Buffer | null;
  overlapEndsAt: Date | null;
  /** When the last of what made it due was accepted. */
  acceptedAt: Date;
  /** Attempts before its recovery: the schedule starts anew, the numbers go on. */
  attemptsBefore: number;
  /** Sent again after it was settled: outside the order (spec section 3). */
  recovering: boolean;
}

export interface SendableRow {
  id: string;
  organization_id: string;
  endpoint_id: string;
  workflow_id: string;
  event_id: string;
  event: string;
  sequence: number;
  status: DeliveryStatus;
  attempt: number;
  body: string;
  traceparent: string | null;
  url: string;
  secret: Buffer;
  next_secret: Buffer | null;
  overlap_ends_at: Date | null;
  accepted_at: Date;
  attempts_before: number;
  recovering: boolean;
}

/** Whether endpoint `p` takes attempts now: it is paused, deleted, or another delivery goes first after its resume. */
export const isOpen = `(p.status = 'active' and p.deleted_at is null and p.resume_phase is distinct from 'probe')`;

/** Endpoint `p` takes fewer at once than a process sends to any healthy one, or has a rate limit: every attempt asks for a slot. */
export const isMetered = `(p.rate_limit is not null or p.max_in_flight < ${maxFastInFlight})`;

/** Select these from deliveries `d`, joined by `sendableFrom`. */
export const sendableColumns = `d.id, d.organization_id, d.endpoint_id, coalesce(d.runner, d.subject) as workflow_id, d.event_id,
  d.event, d.sequence, d.status, d.attempt, b.body, b.traceparent, p.url, p.secret, p.next_secret, p.overlap_ends_at, d.accepted_at,
  d.attempts_before, d.recovery_job_id is not null as recovering`;
export const sendableFrom = 'join endpoints p on p.id = d.endpoint_id join event_bodies b on b.event_id = d.event_id';

export const toSendable = (row: SendableRow): Sendable => ({
  deliveryId: row.id,
  organizationId: row.organization_id,
  endpointId: row.endpoint_id,
  workflowId: row.workflow_id,
  eventId: row.event_id,
  event: row.event,
  sequence: row.sequence,
  status: row.status,
  attempt: row.attempt,
  body: row.body,
  traceparent: row.traceparent,
  url: row.url,
  secret: row.secret,
  nextSecret: row.next_secret,
  overlapEndsAt: row.overlap_ends_at,
  acceptedAt: row.accepted_at,
  attemptsBefore: row.attempts_before,
  recovering: row.recovering,
});
