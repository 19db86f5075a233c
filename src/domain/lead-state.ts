import { meaningOf, type StepMeaning } from './event-table.ts';
import {
  type LeadEventType,
  type LeadFacts,
  type LeadStage,
  type LeadStatus,
  type LeadStep,
  leadStatuses,
  type Mode,
} from './lead.ts';
import { mergeFacts, type Stamps } from './merge.ts';

/**
 * All that a lead's run knows. Plain JSON: it crosses continue-as-new, and is stored, encrypted,
 * when the run closes.
 */
export interface LeadState {
  version: 1;
  organizationId: string;
  leadId: string;
  /** The first event's; null before it. */
  mode: Mode | null;
  facts: LeadFacts;
  stamps: Stamps;
  /** The steps that came, in any order. */
  seen: { address?: true; details?: true; personal?: true; enrichment?: true; contact?: true };
  /** The furthest seen, not the last. */
  leadStatus: LeadStatus | null;
  /** The `event_id` of each event emitted: once a life. */
  emitted: Partial<Record<LeadEventType, string>>;
  /** Epoch milliseconds; null while no grace was begun. */
  graceEndsAt: number | null;
  /** Epoch milliseconds; null while nothing waits for a write-back. */
  enrichmentDueAt: number | null;
  /** The operator completed the enrichment with what is known. */
  released: boolean;
}

/**
 * What became of an inbound event: `superseded` came after what it could have caused (its facts
 * still merge), `ignored` is of the other mode and changed nothing.
 */
export type StepOutcome = 'applied' | 'superseded' | 'ignored';

export function newLeadState(organizationId: string, leadId: string): LeadState {
  return {
    version: 1,
    organizationId,
    leadId,
    mode: null,
    facts: {},
    stamps: {},
    seen: {},
    leadStatus: null,
    emitted: {},
    graceEndsAt: null,
    enrichmentDueAt: null,
    released: false,
  };
}

/** Takes one step in. Pure: the argument is not changed. Applied twice in a row it gives the same state as once. */
export function applyStep(state: LeadState, step: LeadStep): { state: LeadState; outcome: StepOutcome } {
  if (state.mode !== null && state.mode !== step.mode) return { state, outcome: 'ignored' };
  const meaning = meaningOf(step);
  const next: LeadState = {
    ...state,
    ...mergeFacts(state.facts, state.stamps, step.facts, step.occurredAt),
    mode: step.mode,
    seen: withMeaning(state.seen, meaning),
    leadStatus: furthest(state.leadStatus, step.lead_status ?? null),
  };
  return { state: next, outcome: comesTooLate(state, step, meaning) ? 'superseded' : 'applied' };
}

/**
 * How far the lead is, by what came and what was emitted. `complete` and `erased` are the run's to
 * say, not the state's.
 */
export function stageOf({ emitted, seen }: LeadState): LeadStage {
  if (emitted['lead.contact_requested'] !== undefined) return 'contact_requested';
  if (emitted['lead.enriched'] !== undefined) return 'enriched';
  if (seen.personal || seen.contact) return 'waiting_for_enrichment';
  if (seen.address || seen.details) return 'waiting_for_details';
  return 'new';
}

/**
 * After `lead.enriched` an address step can bring no preview any more, and a write-back no
 * enrichment (spec section 1).
 */
function comesTooLate(state: LeadState, step: LeadStep, meaning: StepMeaning): boolean {
  if (state.emitted['lead.enriched'] === undefined || meaning.contact) return false;
  const isWriteBack =
    meaning.enrichment &&
    (step.event === 'lead.enrichment_completed' || step.lead_status === 'personal_info_and_estimate_provided');
  return meaning.address || isWriteBack;
}

function withMeaning(seen: LeadState['seen'], meaning: StepMeaning): LeadState['seen'] {
  return {
    ...seen,
    ...(meaning.address && { address: true as const }),
    ...(meaning.details && { details: true as const }),
    ...(meaning.personal && { personal: true as const }),
    ...(meaning.enrichment && { enrichment: true as const }),
    ...(meaning.contact && { contact: true as const }),
  };
}

function furthest(known: LeadStatus | null, said: LeadStatus | null): LeadStatus | null {
  if (known === null || said === null) return known ?? said;
  return leadStatuses.indexOf(said) > leadStatuses.indexOf(known) ? said : known;
}
