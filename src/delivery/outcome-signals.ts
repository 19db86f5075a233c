import { setTimeout as wait } from 'node:timers/promises';
import type { DeliveryReport } from '../domain/lanes.ts';
import { retryUntilRecorded } from './retry-until-recorded.ts';

/** Outcomes of one workflow that come within this go together (milliseconds): the server keeps a hundred signals for an open task. */
const collectMs = 50;

/** Tells workflows what became of attempts that their task did not wait for: one signal at a time for each. */
export class OutcomeSignals {
  readonly #signal: (workflowId: string, reports: DeliveryReport[]) => Promise<void>;
  readonly #collecting = new Map<string, { reports: DeliveryReport[]; sent: Promise<void> }>();
  readonly #last = new Map<string, Promise<void>>();

  constructor(signal: (workflowId: string, reports: DeliveryReport[]) => Promise<void>) {
    this.#signal = signal;
  }

  /** Resolves when it was told; rejects when Temporal was away for a minute: the lane asks by itself then. */
  async tell(workflowId: string, report: DeliveryReport): Promise<void> {
    const collecting = this.#collecting.get(workflowId);
    if (collecting !== undefined) {
      collecting.reports.push(report);
      return collecting.sent;
    }
    const reports = [report];
    const sent = this.#send(workflowId, reports);
    this.#collecting.set(workflowId, { reports, sent });
    return sent;
  }

  async #send(workflowId: string, reports: DeliveryReport[]): Promise<void> {
    const before = this.#last.get(workflowId);
    const sent = Promise.all([before?.catch(() => {}), wait(collectMs)]).then(() => {
      this.#collecting.delete(workflowId);
      return retryUntilRecorded(() => this.#signal(workflowId, reports));
    });
    this.#last.set(workflowId, sent);
    try {
      await sent;
    } finally {
      if (this.#last.get(workflowId) === sent) this.#last.delete(workflowId);
    }
  }
}
