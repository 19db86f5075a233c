import type { Listeners } from '../db/listeners.ts';
import type { AttemptResult } from '../domain/outcome.ts';
import type { Sender } from '../webhooks/send.ts';
import type { Answers } from './answers.ts';
import { createListenerSender, noListener } from './send.ts';
import { isListenerUrl } from './url.ts';

interface SendersDeps {
  toWebhook: Sender['send'];
  listeners: Listeners;
  answers: Answers;
  /** For a whole attempt, milliseconds. */
  timeoutMs: number;
  /** Pauses an endpoint whose listener is gone. */
  pause: (endpointId: string) => Promise<void>;
}

/**
 * Sends by the kind of endpoint. A listener's URL names no host: it never gets to the sender that opens connections,
 * nor any other URL to listeners.
 */
export function sendersByKind({ toWebhook, pause, ...listener }: SendersDeps) {
  const byKind = (whenLost: (endpointId: string) => Promise<AttemptResult>): Sender['send'] => {
    const toListener = createListenerSender({ ...listener, whenLost });
    return (request) => (isListenerUrl(request.url) ? toListener(request) : toWebhook(request));
  };
  return {
    // No attempt is used up where no listener is connected: it begins again, and finds the endpoint paused.
    sendAttempt: byKind(async (endpointId) => {
      await pause(endpointId);
      throw new Error(`the listener of endpoint ${endpointId} is gone`);
    }),
    // A test, unlike an attempt, has a result there too.
    sendTest: byKind(async () => noListener),
  };
}
