import { setTimeout as sleep } from 'node:timers/promises';
import { eachCall } from './each-call.ts';
import type { ApiParts } from './parts.ts';

/** Calls to Temporal that a request may have given up on, but that still run. */
export interface UnderWay {
  /** Resolves when none runs any more, or after `ms`. */
  settled(ms: number): Promise<void>;
}

type TemporalParts = Pick<ApiParts, 'client' | 'operations' | 'temporalReady'>;

/**
 * Keeps count of the calls to Temporal: its connection must not be closed below one that still retries, which would end the
 * process with an exception that cannot be caught.
 */
export function tracked({ client, operations, temporalReady }: TemporalParts): TemporalParts & { underWay: UnderWay } {
  const calls = new Set<Promise<unknown>>();
  const track = <Result>(call: Promise<Result>): Promise<Result> => {
    const forget = (): void => void calls.delete(settled);
    const settled: Promise<void> = call.then(forget, forget);
    calls.add(settled);
    return call;
  };
  return {
    client: {
      signal: (event) => track(client.signal(event)),
      leadState: (organizationId, leadId) => track(client.leadState(organizationId, leadId)),
      widgetOrganization: (widgetId) => track(client.widgetOrganization(widgetId)),
    },
    operations: eachCall(operations, track),
    temporalReady: () => track(temporalReady()),
    underWay: {
      async settled(ms) {
        const limit = new AbortController();
        await Promise.race([Promise.all(calls), sleep(ms, undefined, { signal: limit.signal }).catch(() => undefined)]);
        limit.abort();
      },
    },
  };
}
