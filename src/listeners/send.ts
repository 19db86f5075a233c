import { randomUUID } from 'node:crypto';
import type { Listeners } from '../db/listeners.ts';
import type { AttemptResult } from '../domain/outcome.ts';
import type { Sender, SendRequest } from '../webhooks/send.ts';
import type { Answers } from './answers.ts';
import { endpointOf } from './url.ts';

interface ListenerSenderDeps {
  listeners: Pick<Listeners, 'offer' | 'collect' | 'withdraw'>;
  answers: Answers;
  /** For a whole attempt, milliseconds. */
  timeoutMs: number;
  /** What an attempt comes to when the lease is over: an outcome, or an error where none may be recorded. */
  whenLost: (endpointId: string) => Promise<AttemptResult>;
}

/**
 * Sends to a listener: leaves the signed request in Postgres, where the process that holds the listener's stream finds
 * it, and waits for the answer. Everything else about an attempt is as for any endpoint.
 */
export const createListenerSender =
  ({ listeners, answers, timeoutMs, whenLost }: ListenerSenderDeps): Sender['send'] =>
  ({ url, headers, body }: SendRequest): Promise<AttemptResult> => {
    const startedAt = performance.now();
    const elapsedMs = (): number => Math.round(performance.now() - startedAt);
    const endpointId = endpointOf(url);
    const id = randomUUID();
    return answers.expect(id, async (signal) => {
      if (!(await listeners.offer(endpointId, { id, headers, body }, timeoutMs))) return whenLost(endpointId);
      while (elapsedMs() < timeoutMs) {
        await signal.wait(timeoutMs - elapsedMs());
        const answer = await listeners.collect(id);
        if (answer !== null) return { ...answer, durationMs: elapsedMs() };
      }
      await listeners.withdraw(id);
      return noAnswer(timeoutMs, elapsedMs());
    });
  };

const noAnswer = (timeoutMs: number, durationMs: number): AttemptResult => ({
  statusCode: null,
  responseBody: null,
  retryAfter: null,
  error: { class: 'timeout', message: `No response within ${timeoutMs / 1_000} s.` },
  durationMs,
});

/** An attempt that found no listener. */
export const noListener: AttemptResult = {
  statusCode: null,
  responseBody: null,
  retryAfter: null,
  error: { class: 'connect', message: 'No listener is connected.' },
  durationMs: 0,
};
