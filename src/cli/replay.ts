import { setTimeout as sleep } from 'node:timers/promises';
import { endWith, failedError, usageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { Session } from './session.ts';
import { segment } from './values.ts';

interface Replayed {
  id: string;
  replay_outcome: string | null;
}

const lookAgainMs = 300;
const patienceMs = 30_000;

/** @throws exit code 1 when it became a dead letter again, or no relay took it in time */
export async function replay(
  { api, out, context }: Session,
  id: string,
  { mended, wait }: { mended?: true; wait: boolean },
): Promise<void> {
  const path = `/v1/dead-letters/${segment(id)}`;
  const body = mended === true ? { event: await readEvent(context.stdin) } : {};
  let letter = await api.call<Replayed>('POST', `${path}/replay`, { body });
  const giveUpAt = Date.now() + patienceMs;
  while (wait && letter.replay_outcome === null) {
    if (Date.now() > giveUpAt) throw failedError('No relay has taken it within 30 s. Is one running?');
    await sleep(lookAgainMs);
    letter = await api.call<Replayed>('GET', path);
  }
  const { replay_outcome } = letter;
  out.thing({ id, replay_outcome }, [
    ['dead letter', id],
    ['outcome', replay_outcome ?? 'waits for a relay'],
  ]);
  if (replay_outcome === 'dead_letter') throw endWith(exitCodes.failed);
}

async function readEvent(stdin: AsyncIterable<unknown>): Promise<unknown> {
  let text = '';
  for await (const chunk of stdin) text += String(chunk);
  try {
    return JSON.parse(text);
  } catch {
    throw usageError('The event on stdin is no JSON.');
  }
}
