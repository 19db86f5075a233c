import { awaitsEnrichment, graceRunsUntil } from '../src/domain/gate.ts';
import type { CarriedLead } from './lead-run.ts';

/** A run that could apply nothing (all of it refused) has no settings, and nothing to wait for (milliseconds). */
const idleWithoutSettingsMs = 60_000;

const never = Number.POSITIVE_INFINITY;

/** When the run may end, if nothing comes: epoch milliseconds. */
export const idleAt = ({ settings, lastActiveAt }: CarriedLead): number =>
  lastActiveAt + (settings?.idleAfterMs ?? idleWithoutSettingsMs);

/** When the organization is to be told that the enrichment is overdue; never, when it was or nothing is awaited. */
export const overdueAt = ({ lead, isOverdueReported }: CarriedLead): number =>
  isOverdueReported || !awaitsEnrichment(lead) ? never : (lead.enrichmentDueAt ?? never);

/** When something may change by itself, epoch milliseconds: nothing periodic, and nothing at all while it only waits. */
export const nextLookAt = (
  state: CarriedLead,
  { isWaiting, isReporting }: { isWaiting: boolean; isReporting: boolean },
): number =>
  Math.min(
    graceRunsUntil(state.lead) ?? never,
    isReporting ? never : overdueAt(state),
    isWaiting ? never : idleAt(state),
  );
