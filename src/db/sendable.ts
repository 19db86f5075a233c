/** So many first attempts may one process have under way at an endpoint without asking for a place. */
export const maxFastInFlight = 16;

/** What an attempt needs to know of a delivery and its endpoint. */
export interface Sendable {
  deliveryId: string;
  organizationId: string;
  endpointId: string;
  eventId: string;
  event: string;
  sequence: number;
  body: string;
  url: string;
  /** Its own bounds are narrower than what a process may send unasked: every attempt asks for a place first. */
  endpointMetered: boolean;
  /** False while it is paused, or another delivery has to go first after its resume. */
  endpointOpen: boolean;
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
  event_id: string;
  event: string;
  sequence: number;
  body: string;
  url: string;
  endpoint_open: boolean;
  endpoint_metered: boolean;
  secret: Buffer;
  next_secret: Buffer | null;
  overlap_ends_at: Date | null;
  accepted_at: Date;
  attempts_before: number;
  recovering: boolean;
}

/** Fewer at once than a process sends to any healthy endpoint, or only so many a second. */
export const endpointMetered = `p.rate_limit is not null or p.max_in_flight < ${maxFastInFlight}`;

/** Select these from deliveries `d`, joined by `sendableFrom`. */
export const sendableColumns = `d.id, d.organization_id, d.endpoint_id, d.event_id, d.event, d.sequence, b.body, p.url,
  p.status = 'active' and p.resume_phase is distinct from 'probe' as endpoint_open, ${endpointMetered} as endpoint_metered, p.secret, p.next_secret, p.overlap_ends_at,
  d.accepted_at, d.attempts_before, d.recovery_job_id is not null as recovering`;
export const sendableFrom = 'join endpoints p on p.id = d.endpoint_id join event_bodies b on b.event_id = d.event_id';

export const toSendable = (row: SendableRow): Sendable => ({
  deliveryId: row.id,
  organizationId: row.organization_id,
  endpointId: row.endpoint_id,
  eventId: row.event_id,
  event: row.event,
  sequence: row.sequence,
  body: row.body,
  url: row.url,
  endpointOpen: row.endpoint_open,
  endpointMetered: row.endpoint_metered,
  secret: row.secret,
  nextSecret: row.next_secret,
  overlapEndsAt: row.overlap_ends_at,
  acceptedAt: row.accepted_at,
  attemptsBefore: row.attempts_before,
  recovering: row.recovering,
});
