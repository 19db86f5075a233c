import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { LeadDescription } from './messages.ts';
import { hasAbandonedDeliveries, leadStage, leadStatus } from './search-attributes.ts';

/** What Temporal shows of a lead: search attributes and words, never personal data (spec section 6). */
export class LeadView {
  #stage: string;
  #status: string | null;

  constructor() {
    const { typedSearchAttributes } = workflowInfo();
    this.#stage = typedSearchAttributes.get(leadStage) ?? '';
    this.#status = typedSearchAttributes.get(leadStatus) ?? null;
  }

  /** One upsert per change of stage at most: each is a write in the engine. */
  show(description: LeadDescription): void {
    const { stage, leadStatus: status } = description;
    if (stage !== this.#stage || status !== this.#status) {
      this.#stage = stage;
      this.#status = status;
      upsertSearchAttributes([
        { key: leadStage, value: stage },
        ...(status === null ? [] : [{ key: leadStatus, value: status }]),
      ]);
    }
    this.tell(description);
  }

  /** The words alone: they are kept by the workflow and cost nothing. */
  tell(description: LeadDescription): void {
    setCurrentDetails(description.details);
  }

  markAbandoned(): void {
    upsertSearchAttributes([{ key: hasAbandonedDeliveries, value: true }]);
  }

  close(stage: 'complete' | 'erased'): void {
    upsertSearchAttributes([{ key: leadStage, value: stage }]);
  }
}
