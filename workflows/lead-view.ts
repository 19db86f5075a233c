import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { stageOf } from '../src/domain/lead-state.ts';
import { describeLanes } from './lane-words.ts';
import { leadDetails } from './lead-details.ts';
import type { CarriedLead } from './lead-run.ts';
import type { LeadDescription } from './messages.ts';
import { hasAbandonedDeliveries, leadStage, leadStatus } from './search-attributes.ts';

/** All that a caller may know of a run: the query's answer. */
export function describeLead({ lead, deliveries, inbox }: CarriedLead): LeadDescription {
  const description = {
    stage: stageOf(lead),
    leadStatus: lead.leadStatus,
    lanes: describeLanes(deliveries.lanes, Date.now()),
    unreadSteps: inbox.length,
    lead,
  };
  return { details: leadDetails(description), ...description };
}

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
