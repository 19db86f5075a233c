import type { ParsedEvent } from '../schemas/inbound.ts';
import { bySubject } from './by-subject.ts';
import type { InboundEvent } from './inbound-event.ts';

/** How many subjects of one call are signalled at the same time. */
const concurrency = 16;

export interface Signalled {
  /** Events whose signal is durable. */
  done: Set<InboundEvent>;
  /** Null when all are done. Nothing is begun after the first failure; what had been done stays. */
  failure: { event: InboundEvent; error: unknown } | null;
}

/** Signals events of one subject in the given order, each after the one before it is durable; subjects side by side. */
export async function signalEvents(
  events: readonly InboundEvent[],
  signal: (event: ParsedEvent) => Promise<unknown>,
): Promise<Signalled> {
  const queues = bySubject(events, ({ subject }) => subject);
  const signalled: Signalled = { done: new Set(), failure: null };
  const work = async (): Promise<void> => {
    for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
      for (const event of queue) {
        if (signalled.failure !== null) return;
        try {
          await signal(event.parsed);
          signalled.done.add(event);
        } catch (error) {
          signalled.failure ??= { event, error };
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, queues.length) }, work));
  return signalled;
}
