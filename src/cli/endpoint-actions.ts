import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './api-types.ts';
import { assertSuccess, endWith } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { startProgress } from './progress.ts';
import type { Session } from './session.ts';

const unsettled = ['pending', 'delivering', 'retrying', 'held'] as const;
const recheckAfterMs = 1_000;

/** How many deliveries of some statuses there are: `17`, or `1,000 or more` where counting on would take long. */
async function countOf(session: Session, filter: Record<string, string>, statuses: readonly string[]) {
  const path = await session.organizationPath('deliveries');
  let count = 0;
  let isAll = true;
  for (const status of statuses) {
    const counted = await session.api.count(path, { ...filter, status });
    count += counted.count;
    isAll &&= counted.isAll;
  }
  return { count, words: `${count.toLocaleString('en-US')}${isAll ? '' : ' or more'}` };
}

/** What is unsettled at an endpoint or of a lead: what deleting it would abandon. */
export const countUnsettled = (session: Session, filter: { endpoint_id: string } | { lead_id: string }) =>
  countOf(session, filter, unsettled);

export async function deleteEndpoint(session: Session, id: string, dryRun: boolean): Promise<void> {
  const { api, out, confirm } = session;
  const path = await session.organizationPath('endpoints', id);
  const { url } = await api.call<Endpoint>('GET', path);
  const { count, words } = await countUnsettled(session, { endpoint_id: id });
  out.note(`Deleting ${url} abandons its unsettled deliveries: ${words}.`);
  if (dryRun) return out.thing({ unsettled: count, dry_run: true }, [['unsettled', words]]);
  await confirm('Delete it?');
  await api.call('DELETE', path);
  out.thing({ deleted: id, unsettled: count }, [['deleted', id]]);
}

export async function pauseEndpoint(session: Session, id: string, dryRun: boolean): Promise<void> {
  const { api, out } = session;
  const path = await session.organizationPath('endpoints', id);
  const { count, words } = await countUnsettled(session, { endpoint_id: id });
  if (dryRun) return out.thing({ unsettled: count, dry_run: true }, [['would be held', words]]);
  const paused = await api.call<Endpoint>('POST', `${path}/pause`);
  out.note(`Held from now on: ${words} unsettled, and what is emitted until it is resumed.`);
  out.thing(paused, [
    ['endpoint', paused.id],
    ['status', paused.status],
  ]);
  out.hint(`spark360 endpoints resume ${id}`);
}

/** @throws exit code 1 when the endpoint was paused again before all had gone */
export async function resumeEndpoint(session: Session, id: string, wait: boolean): Promise<void> {
  const { api, out } = session;
  const path = await session.organizationPath('endpoints', id);
  const before = await countOf(session, { endpoint_id: id }, ['held']);
  let endpoint = await api.call<Endpoint>('POST', `${path}/resume`);
  const progress = startProgress(session, before.count);
  for (let held = before; wait && held.count > 0 && endpoint.status === 'active'; ) {
    progress.update(before.count - held.count, `${held.words} held`);
    await sleep(recheckAfterMs);
    held = await countOf(session, { endpoint_id: id }, ['held']);
    endpoint = await api.call<Endpoint>('GET', path);
  }
  const isPaused = endpoint.status === 'paused';
  progress.end(isPaused ? `Paused again: ${endpoint.paused_reason}` : wait ? 'Nothing is held.' : 'Resumed.');
  out.thing(endpoint, [
    ['endpoint', endpoint.id],
    ['status', endpoint.paused_reason ?? endpoint.status],
  ]);
  if (isPaused) throw endWith(exitCodes.failed);
}

interface TestResult {
  status_code: number | null;
  body: string | null;
  signature: string;
  duration_ms: number;
  error: string | null;
}

/** @throws exit code 1 when the answer is not 2xx */
export async function testEndpoint(session: Session, id: string): Promise<void> {
  const path = await session.organizationPath('endpoints', id, 'test');
  const result = await session.api.call<TestResult>('POST', path);
  session.out.thing(result, Object.entries(result));
  assertSuccess(result);
}
