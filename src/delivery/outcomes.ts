import { setTimeout as wait } from 'node:timers/promises';
import { KeyedMutex } from '../db/keyed-mutex.ts';
import type { DeliveryReport } from '../domain/lanes.ts';
import type { Wake } from '../domain/wake.ts';
import type { Log } from '../log.ts';

/** How long an answer that we have is kept in memory while Postgres or Temporal is away (milliseconds). */
const patienceMs = 60_000;
/**
 * Outcomes of one workflow that come within this go together (milliseconds): the server keeps a hundred signals for a
 * workflow whose task is open.
 */
const collectMs = 50;

/** Records or tells what a partner answered, which is worth waiting for: giving up means sending again. */
export async function retryUntilRecorded<Result>(record: () => Promise<Result>): Promise<Result> {
  const giveUpAt = performance.now() + patienceMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await record();
    } catch (error) {
      if (performance.now() + pauseMs > giveUpAt) throw error;
      await wait(pauseMs);
    }
  }
}

export interface OutcomesDeps {
  /** Tells a workflow what became of attempts. */
  tellOutcomes: (workflowId: string, reports: DeliveryReport[]) => Promise<void>;
  /** Tells a workflow that the lane of an endpoint is to ask. */
  wake: (wake: Wake) => Promise<void>;
  log: Pick<Log, 'warn'>;
}

/** Tells workflows what became of attempts that their task does not wait for: one signal at a time for each. */
export class Outcomes {
  readonly #deps: OutcomesDeps;
  readonly #mutex = new KeyedMutex();
  /** By workflow: what its next signal tells, until it goes. */
  readonly #collecting = new Map<string, { reports: DeliveryReport[]; sent: Promise<void> }>();

  constructor(deps: OutcomesDeps) {
    this.#deps = deps;
  }

  /**
   * Tells the workflow of a lane what becomes of an attempt; does not reject. Where the attempt breaks, or Temporal is
   * away for a minute, the lane is told to ask, or its timer makes it ask.
   */
  async follow({ workflowId, endpointId }: Wake, attempt: Promise<DeliveryReport>): Promise<void> {
    try {
      await this.#tell(workflowId, await attempt);
    } catch (error) {
      const { wake, log } = this.#deps;
      log.warn(
        { err: error, workflow_id: workflowId, endpoint_id: endpointId },
        'an attempt broke, or its outcome was not told: its lane asks',
      );
      await wake({ workflowId, endpointId }).catch(() => {});
    }
  }

  #tell(workflowId: string, report: DeliveryReport): Promise<void> {
    const collecting = this.#collecting.get(workflowId);
    if (collecting !== undefined) {
      collecting.reports.push(report);
      return collecting.sent;
    }
    const reports = [report];
    const sent = this.#mutex.run(workflowId, async () => {
      await wait(collectMs);
      this.#collecting.delete(workflowId);
      await retryUntilRecorded(() => this.#deps.tellOutcomes(workflowId, reports));
    });
    this.#collecting.set(workflowId, { reports, sent });
    return sent;
  }
}
