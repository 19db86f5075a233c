import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint, EndpointHealth } from './api-types.ts';
import { assertSuccess, endWith } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { whileAway } from './poll.ts';
import { withProgress } from './progress.ts';
import type { Session } from './session.ts';

const recheckAfterMs = 1_000;

/** What is unsettled at an endpoint, what deleting it would abandon: `17`, or `100,000 or more`. */
async function countUnsettled({ api }: Session, path: string) {
  const { unsettled, counted_to } = await api.call<EndpointHealth>('GET', `${path}/health`);
  const counts = Object.values(unsettled);
  const count = counts.reduce((sum, one) => sum + one, 0);
  const isAll = counts.every((one) => one < counted_to);
  return { count, words: atLeast(count, isAll) };
}

async function countHeld({ api }: Session, path: string) {
  const { unsettled, counted_to } = await api.call<EndpointHealth>('GET', `${path}/health`);
  return { count: unsettled.held, words: atLeast(unsettled.held, unsettled.held < counted_to) };
}

/** `17`, or `17 or more` where that is not all. */
export const atLeast = (count: number, isAll: boolean): string =>
  `${count.toLocaleString('en-US')}${isAll ? '' : ' or more'}`;

export async function deleteEndpoint(session: Session, id: string, dryRun: boolean): Promise<void> {
  const { api, out, confirm } = session;
  const path = await session.organizationPath('endpoints', id);
  const { url } = await api.call<Endpoint>('GET', path);
  const { count, words } = await countUnsettled(session, path);
  out.note(`Deleting ${url} abandons its unsettled deliveries: ${words}.`);
  if (dryRun) return out.thing({ unsettled: count, dry_run: true }, [['unsettled', words]]);
  await confirm('Delete it?');
  await api.call('DELETE', path);
  out.thing({ deleted: id, unsettled: count }, [['deleted', id]]);
}

export async function pauseEndpoint(session: Session, id: string, dryRun: boolean): Promise<void> {
  const { api, out } = session;
  const path = await session.organizationPath('endpoints', id);
  const { count, words } = await countUnsettled(session, path);
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
  const before = await countHeld(session, path);
  const resumed = await api.call<Endpoint>('POST', `${path}/resume`);
  const endpoint = wait ? await untilNoneIsHeld(session, path, resumed, before) : resumed;
  const isPaused = endpoint.status === 'paused';
  out.note(isPaused ? `Paused again: ${endpoint.paused_reason}` : wait ? 'Nothing is held.' : 'Resumed.');
  out.thing(endpoint, [
    ['endpoint', endpoint.id],
    ['status', endpoint.paused_reason ?? endpoint.status],
  ]);
  if (isPaused) throw endWith(exitCodes.failed);
}

/** Gives the endpoint as it is then: paused again, or with nothing held. */
function untilNoneIsHeld(
  session: Session,
  path: string,
  resumed: Endpoint,
  before: { count: number; words: string },
): Promise<Endpoint> {
  return withProgress(session, before.count, async (update) => {
    let endpoint = resumed;
    for (let held = before; held.count > 0 && endpoint.status === 'active'; ) {
      const gone = before.count - held.count;
      update(gone, `${held.words} held`);
      await sleep(recheckAfterMs);
      const tell = (text: string) => update(gone, text);
      held = await whileAway(tell, () => countHeld(session, path));
      endpoint = await whileAway(tell, () => session.api.call<Endpoint>('GET', path));
    }
    return endpoint;
  });
}

/** Asks where there is no overlap: that cannot be undone. */
export async function rotateSecret(
  session: Session,
  id: string,
  { overlapSeconds, dryRun }: { overlapSeconds: number; dryRun: boolean },
): Promise<void> {
  const { api, out } = session;
  const path = await session.organizationPath('endpoints', id);
  if (dryRun || overlapSeconds === 0) {
    const { url } = await api.call<Endpoint>('GET', path);
    const until = overlapSeconds === 0 ? 'stops at once' : `goes on for ${overlapSeconds.toLocaleString('en-US')} s`;
    out.note(`A new secret signs what is sent to ${url}; the present one ${until}.`);
  }
  if (dryRun) return out.thing({ dry_run: true, count: 1 }, [['would be rotated', id]]);
  if (overlapSeconds === 0) await session.confirm('Rotate it without an overlap?');
  const made = await api.call<{ secret: string }>('POST', `${path}/rotate-secret`, {
    body: { overlap_seconds: overlapSeconds },
  });
  out.thing(made, [['secret', made.secret]]);
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
