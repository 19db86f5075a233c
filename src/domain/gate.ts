import type { LeadEventType } from './lead.ts';
import type { LeadState } from './lead-state.ts';

/**
 * What may be emitted at `now` (epoch milliseconds), in the order in which it must go out (spec section 1). Everything
 * that is due is given at once; the caller emits it, and then says so with `markEmitted`.
 */
export function dueEvents(state: LeadState, now: number): LeadEventType[] {
  const enriched = isEnrichedDue(state, now);
  return [
    ...(isPreviewDue(state) ? (['lead.address_preview'] as const) : []),
    ...(enriched ? (['lead.enriched'] as const) : []),
    // Decided at this moment and never later: what was emitted is frozen.
    ...(enriched && state.facts.property?.owner_occupied === false ? (['lead.rental_alert'] as const) : []),
    ...(isContactDue(state, enriched) ? (['lead.contact_requested'] as const) : []),
  ];
}

/**
 * Begins the address grace when `lead.enriched` is otherwise due and no address step was seen; it
 * is begun once. A release by the operator has no grace.
 */
export function withGrace(state: LeadState, now: number, addressGraceMs: number): LeadState {
  const isNeeded = hasWhatEnrichedNeeds(state) && !state.seen.address && !state.released && state.graceEndsAt === null;
  return isNeeded ? { ...state, graceEndsAt: now + addressGraceMs } : state;
}

/** Begins the enrichment deadline at the first personal or contact step without a write-back; it is begun once. */
export function withEnrichmentDeadline(state: LeadState, now: number, enrichmentDeadlineMs: number): LeadState {
  return awaitsEnrichment(state) && state.enrichmentDueAt === null
    ? { ...state, enrichmentDueAt: now + enrichmentDeadlineMs }
    : state;
}

/** Notes that the events were emitted, each under its `event_id`. What was noted before stays. */
export function markEmitted(state: LeadState, eventIds: Partial<Record<LeadEventType, string>>): LeadState {
  return { ...state, emitted: { ...eventIds, ...state.emitted } };
}

/** Something is still to come of this lead: it must not be closed. */
export function isAwaiting(state: LeadState): boolean {
  return !isEmitted(state, 'lead.enriched') && (isPersonal(state) || state.released);
}

/** The person is known, the write-back is not: what the enrichment deadline and the stage are about. */
export function awaitsEnrichment(state: LeadState): boolean {
  return isPersonal(state) && !state.seen.enrichment && !state.released && !isEmitted(state, 'lead.enriched');
}

/** The end of the address grace, epoch milliseconds, while `lead.enriched` waits for nothing else; null otherwise. */
export function graceRunsUntil(state: LeadState): number | null {
  return hasWhatEnrichedNeeds(state) && !state.seen.address && !state.released ? state.graceEndsAt : null;
}

/** What is missing before the operator may complete the enrichment, by the names the backend uses; empty: nothing. */
export function releaseBlockers({ facts }: LeadState): ('address' | 'personalInfo')[] {
  return [
    ...(facts.address === undefined ? (['address'] as const) : []),
    ...(facts.contact === undefined ? (['personalInfo'] as const) : []),
  ];
}

/** The operator completes the enrichment with what is known. Check `releaseBlockers` first. */
export function release(state: LeadState): LeadState {
  return { ...state, released: true };
}

const isEmitted = (state: LeadState, type: LeadEventType): boolean => state.emitted[type] !== undefined;

const isPersonal = ({ seen }: LeadState): boolean => seen.personal === true || seen.contact === true;

/** Never after `lead.enriched`: a partner that knows the person needs no preview of the address. */
function isPreviewDue(state: LeadState): boolean {
  return state.seen.address === true && !isEmitted(state, 'lead.address_preview') && !isEmitted(state, 'lead.enriched');
}

/** All but the address step, for which the grace waits. */
function hasWhatEnrichedNeeds(state: LeadState): boolean {
  const isComplete = state.seen.personal === true && state.seen.enrichment === true;
  return (isComplete || state.released) && !isEmitted(state, 'lead.enriched');
}

function isEnrichedDue(state: LeadState, now: number): boolean {
  if (!hasWhatEnrichedNeeds(state)) return false;
  if (state.seen.address || state.released) return true;
  return state.graceEndsAt !== null && now >= state.graceEndsAt;
}

function isContactDue(state: LeadState, enrichedIsDue: boolean): boolean {
  const isNext = enrichedIsDue || isEmitted(state, 'lead.enriched');
  return state.seen.contact === true && isNext && !isEmitted(state, 'lead.contact_requested');
}
