import type { Delivery } from './api-types.ts';
import { assertSuccess, failedError } from './errors.ts';
import { poll } from './poll.ts';
import type { Session } from './session.ts';
import { table } from './table.ts';
import { formatStatus } from './values.ts';

type Attempt = Delivery['attempts'][number];

/** An attempt takes at most its timeout, and a moment to be begun and recorded. */
const recorded = { everyMs: 300, withinMs: 60_000 };

const attemptColumns = [
  { title: 'ATTEMPT', value: ({ number }: Attempt) => number, align: 'right' as const },
  { title: 'STARTED', value: ({ started_at }: Attempt) => started_at },
  { title: 'MS', value: ({ duration_ms }: Attempt) => duration_ms, align: 'right' as const },
  { title: 'ANSWER', value: ({ status_code, error }: Attempt) => status_code ?? error },
  { title: 'BODY', value: ({ response_body }: Attempt) => response_body?.slice(0, 80) },
];

export async function showDelivery({ api, out, organizationPath }: Session, id: string): Promise<void> {
  const delivery = await api.call<Delivery>('GET', await organizationPath('deliveries', id));
  const { attempts, payload, ...rest } = delivery;
  const { waiting_for, ...shown } = rest as typeof rest & { waiting_for?: { sentence: string } | null };
  out.thing(delivery, [...Object.entries(shown), ['waiting for', waiting_for?.sentence]]);
  if (out.format !== 'text') return;
  if (attempts.length > 0) for (const line of ['', ...table(attemptColumns, attempts)]) out.line(line);
  if (payload !== null) out.line(`\n${JSON.stringify(payload, null, 2)}`);
  const isSettled = delivery.status === 'delivered' || delivery.status === 'abandoned';
  out.hint(isSettled ? `spark360 deliveries resend ${id}` : `spark360 deliveries skip ${id}`);
}

/** @throws exit code 1 when the attempt was not answered with 2xx */
export async function resendDelivery(
  { api, out, organizationPath }: Session,
  id: string,
  wait: boolean,
): Promise<void> {
  const path = await organizationPath('deliveries', id);
  const before = await api.call<Delivery>('GET', path);
  const accepted = await api.call<Delivery>('POST', `${path}/resend`);
  if (!wait) return out.thing(accepted, [['status', 'accepted']]);
  const known = new Set(before.attempts.map((attempt) => attempt.id));
  const newest = async () => (await api.call<Delivery>('GET', path)).attempts.find((attempt) => !known.has(attempt.id));
  const attempt = await poll(newest, (found) => found !== undefined, recorded);
  if (!attempt)
    throw failedError(`No attempt was recorded within ${recorded.withinMs / 1_000} s. Is a worker running?`);
  out.thing(attempt, Object.entries(attempt));
  assertSuccess(attempt);
}

export async function skipDelivery(session: Session, id: string, dryRun: boolean): Promise<void> {
  const { api, out, confirm } = session;
  const path = await session.organizationPath('deliveries', id);
  const { event, sequence, status } = await api.call<Delivery>('GET', path);
  out.note(`${event}, sequence ${sequence}, is ${status}: skipped, it is abandoned and never sent by itself again.`);
  if (dryRun) return out.thing({ dry_run: true, count: 1, status }, [['would be skipped', id]]);
  await confirm('Skip it?');
  const skipped = await api.call<Delivery>('POST', `${path}/skip`);
  out.thing(skipped, [['status', formatStatus(skipped)]]);
}
