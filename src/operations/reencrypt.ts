import { headerOf, type KeyRing, SealedValueError } from '../crypto/key-ring.ts';
import { endpointSecrets } from '../db/endpoint-secrets.ts';
import type { Database } from '../db/pool.ts';
import { type Resealed, sealedValues } from '../db/sealed-values.ts';
import { secretContext } from '../webhooks/signing-secrets.ts';

interface ReencryptDeps {
  db: Database;
  keyRing: KeyRing;
  /** Told of what cannot be opened. */
  log: { warn(fields: object, message: string): void };
  /** Told how many were sealed anew so far, once a batch. */
  report?: (kind: 'endpoints' | 'leads', count: number) => void;
  /** Rows at a time. */
  batchSize?: number;
}

interface Reencrypted {
  /** Endpoints whose secrets, and leads whose kept state, were sealed anew. */
  endpoints: number;
  leads: number;
  /** What is still under another key. */
  left: { endpoints: number; leads: number };
}

/**
 * Seals all that is stored anew under the primary key (docs/operations.md, "Rotating the encryption key"). Each batch
 * is kept at once, so a run that breaks off is continued by the next one. What cannot be opened is logged, and left as
 * it is.
 */
export async function reencrypt({
  db,
  keyRing,
  log,
  report = () => undefined,
  batchSize = 500,
}: ReencryptDeps): Promise<Reencrypted> {
  const values = sealedValues(db);
  const header = headerOf(keyRing.primaryId);
  const reseal = (sealed: Buffer, context: string): Buffer => keyRing.seal(keyRing.open(sealed, context), context);

  /** Empty for one that cannot be opened, which must not keep the others. */
  function resealed<Value>(kind: string, id: string, old: Value, fresh: () => Value): Resealed<Value>[] {
    try {
      return [{ id, old, fresh: fresh() }];
    } catch (error) {
      if (!(error instanceof SealedValueError)) throw error;
      log.warn({ err: error, kind, id }, 'cannot be opened');
      return [];
    }
  }

  // The old secret of an overlap that has ended needs no key any more.
  await endpointSecrets(db).endOverlaps();
  const endpoints = await page(
    (after) => values.foreignSecrets(header, after, batchSize),
    ({ id }) => id,
    (rows) =>
      values.replaceSecrets(
        rows.flatMap(({ id, ...old }) =>
          resealed('endpoint', id, old, () => ({
            secret: reseal(old.secret, secretContext(id)),
            next_secret: old.next_secret && reseal(old.next_secret, secretContext(id)),
          })),
        ),
      ),
    (count) => report('endpoints', count),
  );
  const leads = await page(
    (after) => values.foreignStates(header, after, batchSize),
    ({ subject }) => subject,
    (rows) =>
      values.replaceStates(
        rows.flatMap(({ subject, state }) => resealed('lead', subject, state, () => reseal(state, subject))),
      ),
    (count) => report('leads', count),
  );
  return { endpoints, leads, left: await values.countForeign(header) };
}

/** Works through pages in the order of their keys; gives what `replace` gave, summed up. */
async function page<Row>(
  read: (after: string | null) => Promise<Row[]>,
  keyOf: (row: Row) => string,
  replace: (rows: Row[]) => Promise<number>,
  report: (count: number) => void,
): Promise<number> {
  let count = 0;
  for (let rows = await read(null); rows.length > 0; ) {
    count += await replace(rows);
    report(count);
    const last = rows.at(-1);
    rows = last === undefined ? [] : await read(keyOf(last));
  }
  return count;
}
