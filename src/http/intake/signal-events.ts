import { PartUnavailableError } from '../../errors.ts';
import type { EventsPort } from '../parts.ts';
import { intakeTimeoutMs, temporalTrouble, within } from '../unavailable.ts';
import type { InboundEvent } from '../../intake/inbound-event.ts';

/** How many subjects of one request are signalled at the same time. */
const concurrency = 16;
/** All signals of one request together (milliseconds): what is not durable by then, the caller sends again. */
const budgetMs = 10_000;

export interface Signalled {
  done: InboundEvent[];
  /** Null when all are done. Nothing is begun after the first failure; what had been done stays. */
  failure: unknown;
}

/** Signals events of one subject in the given order, each after the one before it is durable; subjects side by side. */
export async function signalEvents(events: InboundEvent[], client: Pick<EventsPort, 'signal'>): Promise<Signalled> {
  const queues = [...bySubject(events).values()];
  const deadline = Date.now() + budgetMs;
  const done: InboundEvent[] = [];
  let failure: unknown = null;

  const work = async (): Promise<void> => {
    for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
      for (const event of queue) {
        if (failure !== null) return;
        try {
          await signalWithin(event, client, deadline - Date.now());
          done.push(event);
        } catch (error) {
          failure ??= error;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, queues.length) }, work));
  return { done, failure };
}

async function signalWithin({ parsed }: InboundEvent, client: Pick<EventsPort, 'signal'>, ms: number): Promise<void> {
  if (ms <= 0) throw new PartUnavailableError('temporal', `the signals of the request took longer than ${budgetMs} ms`);
  await within('temporal', client.signal(parsed), Math.min(ms, intakeTimeoutMs)).catch(temporalTrouble);
}

function bySubject(events: InboundEvent[]): Map<string, InboundEvent[]> {
  const queues = new Map<string, InboundEvent[]>();
  for (const event of events) {
    const queue = queues.get(event.subject);
    if (queue === undefined) queues.set(event.subject, [event]);
    else queue.push(event);
  }
  return queues;
}
