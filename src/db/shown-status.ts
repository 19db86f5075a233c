import type { DeliveryStatus } from '../domain/outcome.ts';

/**
 * The status that a delivery of endpoint `p` reads, by the `status` (SQL) of its row: a pause and a deletion change
 * the endpoint's row alone. Not for the delivery that goes first after a resume.
 */
export const shownByEndpoint = (status: string): string => `case
  when ${status} in ('delivered', 'abandoned', 'delivering') then ${status}
  when p.deleted_at is not null then 'abandoned'
  when p.status = 'paused' or p.resume_phase = 'probe' then 'held'
  when ${status} = 'held' and p.resume_phase is null then 'pending'
  else ${status} end`;

/** Whether delivery `d` is the one that goes first after a resume of endpoint `p`. */
export const isProbe = `(p.resume_phase = 'probe' and p.probe_delivery_id = d.id)`;

/** The status that delivery `d` of endpoint `p` reads. */
export const shownStatus = `case when ${isProbe} then d.status else ${shownByEndpoint('d.status')} end`;

const isDeletedWithEndpoint = `(p.deleted_at is not null and d.status not in ('delivered', 'abandoned', 'delivering'))`;

/** The reason, and the times, that go with it. */
export const shownReason = `case when ${isDeletedWithEndpoint} then 'endpoint_deleted' else d.reason end`;
export const shownSettledAt = `case when ${isDeletedWithEndpoint} then p.deleted_at else d.settled_at end`;
export const shownNextAttemptAt = `case when ${shownStatus} = 'retrying' then d.next_attempt_at end`;

/** Statuses of rows that may read as another one. */
export const rowStatuses: readonly DeliveryStatus[] = ['pending', 'retrying', 'held', 'delivering'];
