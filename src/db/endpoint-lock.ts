import { escapeLiteral } from 'pg';
import type { Database, Queryable } from './pool.ts';

/** Takes the lock of an endpoint until the transaction ends; `endpointId` is SQL for its uuid. */
const lockSql = (endpointId: string): string =>
  `select pg_advisory_xact_lock(hashtextextended(${endpointId}::text, 0))`;

/**
 * A transaction behind the endpoint's lock, which writes nothing, unlike a lock on its row. The begin of
 * an attempt, a pause, a resume and a deletion hold it, so that each sees the others whole. In a process the callers
 * wait for each other first: a crowded endpoint holds one connection of the pool.
 */
export const behindLock = <Result>(
  db: Database,
  endpointId: string,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> => db.tx(work, lockSql(`${escapeLiteral(endpointId)}::uuid`));

/**
 * The same for what a person does to an endpoint: it waits for the transaction that has the lock, not for the attempts
 * that stand in line in this process.
 */
export const aheadOfAttempts = <Result>(
  db: Database,
  endpointId: string,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> =>
  db.tx(async (tx) => {
    await tx.query(lockSql('$1'), [endpointId]);
    return work(tx);
  });

/** The same lock by one of its deliveries, within a transaction. */
export const lockEndpointOf = (db: Queryable, deliveryId: string) =>
  db.prepared('lock-endpoint-of', `${lockSql('endpoint_id')} from deliveries where id = $1`, [deliveryId]);
