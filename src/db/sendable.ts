import type { DeliveryStatus } from '../domain/outcome.ts';
import { workflowOf } from './lane-order.ts';

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

/** What a statement gives of deliveries `d`, with `sendableFrom` where `ofDelivery`: its row is a `Sendable`. */
export const sendableColumns = `d.id as "deliveryId", d.organization_id as "organizationId", d.endpoint_id as "endpointId",
  ${workflowOf} as "workflowId", d.event_id as "eventId", d.event, d.sequence, d.status, d.attempt, b.body,
  b.traceparent, p.url, p.secret, p.next_secret as "nextSecret", p.overlap_ends_at as "overlapEndsAt",
  d.accepted_at as "acceptedAt", d.attempts_before as "attemptsBefore", d.recovery_job_id is not null as recovering`;
export const sendableFrom = 'endpoints p, event_bodies b';
export const ofDelivery = '(p.id = d.endpoint_id and b.event_id = d.event_id)';

/**
 * Whether endpoint `p` takes attempts now: it is not paused,
 * not deleted, and no other delivery goes first after its resume.
 */
export const isOpen = `(p.status = 'active' and p.deleted_at is null and p.resume_phase is distinct from 'probe')`;
