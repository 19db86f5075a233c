import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { endWith, failedError, usageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { poll } from './poll.ts';
import type { Session } from './session.ts';
import { segment } from './values.ts';

interface Replayed {
  id: string;
  replay_outcome: string | null;
}

/** A relay that runs takes a row at once. */
const taken = { everyMs: 300, withinMs: 30_000 };

/** @throws exit code 1 when it became a dead letter again, or no relay took it in time */
export async function replay(
  { api, out, context }: Session,
  id: string,
  { mended, wait }: { mended?: true; wait: boolean },
): Promise<void> {
  const path = `/v1/dead-letters/${segment(id)}`;
  const body = mended === true ? { event: await readEvent(context.stdin) } : {};
  const asked = await api.call<Replayed>('POST', `${path}/replay`, { body });
  const read = () => api.call<Replayed>('GET', path);
  const letter = wait ? await poll(read, (one) => one.replay_outcome !== null, taken) : asked;
  if (letter === null) throw failedError(`No relay has taken it within ${taken.withinMs / 1_000} s. Is one running?`);
  const { replay_outcome } = letter;
  out.thing({ id, replay_outcome }, [
    ['dead letter', id],
    ['outcome', replay_outcome ?? 'waits for a relay'],
  ]);
  if (replay_outcome === 'dead_letter') throw endWith(exitCodes.failed);
}

async function readEvent(stdin: Readable): Promise<unknown> {
  try {
    return JSON.parse(await text(stdin));
  } catch {
    throw usageError('The event on stdin is no JSON.');
  }
}
