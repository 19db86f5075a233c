import { escapeLiteral } from 'pg';
import type { Database, Queryable } from './pool.ts';

/** Takes the lock of an endpoint until the transaction ends; `endpointId` is SQL for its uuid. */
const lockSql = (endpointId: string): string =>
  `select pg_advisory_xact_lock(hashtextextended(${endpointId}::text, 0))`;

/**
 * A transaction behind the endpoint's lock. Beginning an attempt, a pause, a resume and a deletion hold it, so that each
 * sees the other whole: a delivery held here is found by the resume's pager, and no more attempts begin than the endpoint
 * takes. It writes nothing, unlike a lock on the endpoint's row, and is taken in the round trip that begins the transaction.
 */
export const behindLock = <Result>(
  db: Database,
  endpointId: string,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> => db.tx(work, lockSql(`${escapeLiteral(endpointId)}::uuid`));

/** The same lock by one of its deliveries, within a transaction. */
export const lockEndpointOf = (db: Queryable, deliveryId: string) =>
  db.prepared('lock-endpoint-of', `${lockSql('endpoint_id')} from deliveries where id = $1`, [deliveryId]);
