import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { signedHeaders } from '../../webhooks/sign.ts';
import type { Page, Query } from '../api-client.ts';
import type { Delivery } from '../api-types.ts';
import type { Session } from '../session.ts';
import type { Forward } from './forward.ts';
import type { Reporter } from './report.ts';
import { isFinal } from './stream.ts';

interface TapOptions {
  /** Whose deliveries are copied; what it is sent itself does not change. */
  endpoint: string;
  /** Signs the copies: the endpoint's own secret is never shown again. */
  secret: string;
  forward: Forward;
  report: Reporter;
}

const recheckAfterMs = 1_000;
/** A delivery may become visible a little after its `created_at` (milliseconds). */
const overlapMs = 10_000;

/**
 * Forwards copies of what an endpoint is sent from now on,
 * signed anew, in order and one at a time per lead. Never resolves.
 */
export async function tap(session: Session, options: TapOptions): Promise<never> {
  const { api, out } = session;
  const path = await session.organizationPath('deliveries');
  const seen = new Set<string>();
  const lanes = new Map<string, Promise<void>>();
  const read = (query: Query, limit: number): Promise<Page<Delivery>> =>
    api.list<Delivery>(path, { query: { endpoint_id: options.endpoint, ...query }, limit });
  // By what was created there, as the clock of this machine may be another one.
  let newest = newestOf((await read({}, 1)).data, 0);
  const readFresh = async (): Promise<Delivery[]> => {
    const { data } = await read({ since: new Date(Math.max(0, newest - overlapMs)).toISOString() }, 1_000);
    return data.filter(({ id }) => !seen.has(id));
  };
  for (const { id } of await readFresh()) seen.add(id);
  out.note(`Copying what endpoint ${options.endpoint} is sent from now on.`);
  for (;;) {
    await sleep(recheckAfterMs);
    const fresh = await readFresh().catch((error: Error) => {
      if (isFinal(error)) throw error;
      out.note(error.message);
      return null;
    });
    if (fresh === null) continue;
    newest = newestOf(fresh, newest);
    for (const delivery of fresh.sort((one, other) => one.sequence - other.sequence)) {
      seen.add(delivery.id);
      const lane = delivery.lead_id ?? '';
      const before = lanes.get(lane) ?? Promise.resolve();
      lanes.set(
        lane,
        before.then(() => copy(delivery, options)),
      );
    }
  }
}

/** When the newest of them was created, epoch milliseconds; `before` where that is later, or there is none. */
const newestOf = (deliveries: Delivery[], before: number): number =>
  Math.max(before, ...deliveries.map(({ created_at }) => Date.parse(created_at)));

/** The frozen body is JSON that was written by `JSON.stringify`, so writing what the API shows gives the same bytes. */
async function copy(delivery: Delivery, { secret, forward, report }: TapOptions): Promise<void> {
  if (delivery.payload === null) return;
  const body = JSON.stringify(delivery.payload);
  const headers = signedHeaders({
    body,
    eventId: delivery.event_id,
    event: delivery.event,
    deliveryId: delivery.id,
    attempt: 1,
    attemptId: randomUUID(),
    sequence: delivery.sequence,
    secrets: { current: secret, next: null },
    timestampSeconds: Math.floor(Date.now() / 1_000),
  });
  report.forwarded(headers, await forward({ headers, body }));
}
