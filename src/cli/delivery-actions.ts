import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from './api-types.ts';
import { endWith, failedError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { Session } from './session.ts';
import { table } from './table.ts';
import { segment } from './values.ts';

type Attempt = Delivery['attempts'][number];

const lookAgainMs = 300;
/** An attempt takes at most its timeout, and a moment to be begun and recorded (milliseconds). */
const patienceMs = 60_000;

const attemptColumns = [
  { title: 'ATTEMPT', value: ({ number }: Attempt) => number, align: 'right' as const },
  { title: 'STARTED', value: ({ started_at }: Attempt) => started_at },
  { title: 'MS', value: ({ duration_ms }: Attempt) => duration_ms, align: 'right' as const },
  { title: 'ANSWER', value: ({ status_code, error }: Attempt) => status_code ?? error },
  { title: 'BODY', value: ({ response_body }: Attempt) => response_body?.slice(0, 80) },
];

export async function showDelivery({ api, out, organizationPath }: Session, id: string): Promise<void> {
  const delivery = await api.call<Delivery>('GET', `${await organizationPath()}/deliveries/${segment(id)}`);
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
  const path = `${await organizationPath()}/deliveries/${segment(id)}`;
  const before = await api.call<Delivery>('GET', path);
  const accepted = await api.call<Delivery>('POST', `${path}/resend`);
  if (!wait) return out.thing(accepted, [['status', 'accepted']]);
  const known = new Set(before.attempts.map((attempt) => attempt.id));
  const attempt = await firstNew(() => api.call<Delivery>('GET', path), known);
  out.thing(attempt, Object.entries(attempt));
  const { status_code } = attempt;
  if (status_code === null || status_code < 200 || status_code > 299) throw endWith(exitCodes.failed);
}

async function firstNew(read: () => Promise<Delivery>, known: ReadonlySet<string>): Promise<Attempt> {
  const giveUpAt = Date.now() + patienceMs;
  while (Date.now() < giveUpAt) {
    const attempt = (await read()).attempts.find(({ id }) => !known.has(id));
    if (attempt !== undefined) return attempt;
    await sleep(lookAgainMs);
  }
  throw failedError(`No attempt was recorded within ${patienceMs / 1_000} s. Is a worker running?`);
}
