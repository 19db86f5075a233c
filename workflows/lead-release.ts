import { ApplicationFailure } from '@temporalio/common';
import { releaseBlockers } from '../src/domain/gate.ts';
import type { LeadState } from '../src/domain/lead-state.ts';

/** Refuses a release that has nothing to release, or names what is missing for it (spec section 1). */
export function assertReleasable(state: LeadState): void {
  if (state.emitted['lead.enriched'] !== undefined) {
    throw ApplicationFailure.nonRetryable('lead.enriched was emitted already', 'AlreadyEnriched');
  }
  const missing = releaseBlockers(state);
  if (missing.length > 0) {
    throw ApplicationFailure.nonRetryable(`not known: ${missing.join(', ')}`, 'EnrichmentBlocked', ...missing);
  }
}
