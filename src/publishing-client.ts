import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { leadSubject, widgetSubject } from './domain/ids.ts';
import { type InputIssue, InvalidEventError } from './errors.ts';
import { type ParsedEvent, parseInbound } from './schemas/inbound.ts';

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

type Signal = (event: ParsedEvent) => Promise<{ workflowId: string }>;

/** Subjects of one `publishMany` that are signalled at the same time. */
const concurrency = 16;
const firstWaitMs = 100;
const longestWaitMs = 2_000;

export interface Publishing {
  publish(event: unknown): Promise<Published>;
  publishMany(events: readonly unknown[]): Promise<Published[]>;
}

/**
 * Validates, then signals until the signal is durable, for `retryForMs` at most. An event is repeated with its own id,
 * which is applied once however often it arrives (spec section 2).
 */
export function publishing(signal: Signal, retryForMs: number): Publishing {
  const publishParsed = async (event: ParsedEvent, until: number): Promise<Published> => {
    const { workflowId } = await repeated(() => signal(event), until);
    return { id: event.step.id, workflowId };
  };
  return {
    async publish(input) {
      const event = parseInbound(input);
      try {
        return await publishParsed(event, Date.now() + retryForMs);
      } catch (error) {
        throw new NotPublishedError(event.step.id, [], error);
      }
    },
    async publishMany(inputs) {
      const events = parseAll(inputs);
      const until = Date.now() + retryForMs;
      const published = new Map<ParsedEvent, Published>();
      let failure: { event: ParsedEvent; error: unknown } | undefined;
      const queues = bySubject(events);
      const work = async (): Promise<void> => {
        for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
          for (const event of queue) {
            if (failure !== undefined) return;
            try {
              published.set(event, await publishParsed(event, until));
            } catch (error) {
              failure ??= { event, error };
            }
          }
        }
      };
      await Promise.all(Array.from({ length: concurrency }, work));
      const durable = events.flatMap((event) => published.get(event) ?? []);
      if (failure !== undefined) throw new NotPublishedError(failure.event.step.id, durable, failure.error);
      return durable;
    },
  };
}

/** All of them, or none: every issue of every event, with its place in the array before the path (`[2].data.object.leadId`). */
function parseAll(inputs: readonly unknown[]): ParsedEvent[] {
  const issues: InputIssue[] = [];
  const events = inputs.flatMap((input, index) => {
    try {
      return [parseInbound(input)];
    } catch (error) {
      if (!(error instanceof InvalidEventError)) throw error;
      for (const { path, message } of error.issues) issues.push({ path: inArray(index, path), message });
      return [];
    }
  });
  if (issues.length > 0) throw new InvalidEventError(issues);
  return events;
}

const inArray = (index: number, path: string): string => (path === '$' ? `[${index}]` : `[${index}].${path}`);

function bySubject(events: readonly ParsedEvent[]): ParsedEvent[][] {
  const queues = new Map<string, ParsedEvent[]>();
  for (const event of events) {
    const subject =
      event.kind === 'lead' ? leadSubject(event.organizationId, event.leadId) : widgetSubject(event.widgetId);
    const queue = queues.get(subject);
    if (queue === undefined) queues.set(subject, [event]);
    else queue.push(event);
  }
  return [...queues.values()];
}

async function repeated<Result>(work: () => Promise<Result>, until: number): Promise<Result> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = waitMs * (0.5 + Math.random() / 2);
      if (!isPassing(error) || Date.now() + pauseMs >= until) throw error;
      await sleep(pauseMs);
    }
  }
}

// gRPC status codes that may be another one next time: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED,
// INTERNAL, UNAVAILABLE, DATA_LOSS. The others say that the request, its namespace or its key is wrong.
const passingCodes = new Set([1, 2, 4, 8, 10, 13, 14, 15]);
// An INVALID_ARGUMENT that passes: a run takes so many signals (10,000 by default), and a moment after it refused one it has
// continued as new. Under such fire it could not before: a signal that arrives meanwhile makes the server take that back.
const fullRun = 'workflow execution limit for signal events';

function isPassing(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && (passingCodes.has(cause.code) || cause.details.includes(fullRun));
}
