import { setTimeout as sleep } from 'node:timers/promises';
import { type InboundEvent, readEvent, readEvents } from './intake/inbound-event.ts';
import { signalEvents } from './intake/signal-events.ts';
import { isAway } from './is-away.ts';
import type { ParsedEvent } from './schemas/inbound.ts';

export interface Published {
  /** The inbound id, lower case. */
  id: string;
  workflowId: string;
}

/** Temporal did not take the event in the time there was. It may have: publish it again with the same id. */
export class NotPublishedError extends Error {
  override readonly name = 'NotPublishedError';
  readonly id: string;
  /** Of a `publishMany`: those that are durable. */
  readonly published: readonly Published[];
  constructor(id: string, published: readonly Published[], cause: unknown) {
    super(`event ${id} is not known to be durable: publish it again with the same id`, { cause });
    this.id = id;
    this.published = published;
  }
}

const firstWaitMs = 100;
const longestWaitMs = 2_000;

export interface BackendPublisher {
  publish(event: unknown): Promise<Published>;
  publishMany(events: readonly unknown[]): Promise<Published[]>;
}

/**
 * Validates, then signals until the signal is durable, for `retryForMs` at most. An event is repeated with its own id,
 * which is applied once however often it arrives (spec section 2).
 */
export function backendPublisher(
  signal: (event: ParsedEvent) => Promise<unknown>,
  retryForMs: number,
): BackendPublisher {
  const publishAll = async (events: readonly InboundEvent[]): Promise<void> => {
    const until = Date.now() + retryForMs;
    const { done, failure } = await signalEvents(events, (event) => repeated(() => signal(event), until));
    if (failure === null) return;
    const published = events.filter((event) => done.has(event)).map(toPublished);
    throw new NotPublishedError(failure.event.parsed.step.id, published, failure.error);
  };
  return {
    async publish(input) {
      const event = readEvent(input);
      await publishAll([event]);
      return toPublished(event);
    },
    async publishMany(inputs) {
      const events = readEvents(inputs);
      await publishAll(events);
      return events.map(toPublished);
    },
  };
}

const toPublished = ({ parsed, subject }: InboundEvent): Published => ({ id: parsed.step.id, workflowId: subject });

async function repeated<Result>(work: () => Promise<Result>, until: number): Promise<Result> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = waitMs * (0.5 + Math.random() / 2);
      if (!isAway('temporal', error) || Date.now() + pauseMs >= until) throw error;
      await sleep(pauseMs);
    }
  }
}
