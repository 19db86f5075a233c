import type { Settings } from '../activities/publish.ts';
import { awaitsEnrichment, graceRunsUntil } from '../src/domain/gate.ts';
import type { LeadStep } from '../src/domain/lead.ts';
import { type LeadState, newLeadState } from '../src/domain/lead-state.ts';
import type { LaneState } from './lanes.ts';

/** What a lead's workflow starts with: which lead it is, or, continued as new, all that the run before knew. */
export interface LeadRun {
  organizationId: string;
  leadId: string;
  carried?: CarriedLead;
}

/** All that a run knows: plain JSON, which crosses continue-as-new. */
export interface CarriedLead {
  lead: LeadState;
  deliveries: LaneState;
  /** Signals that were received and not applied yet. */
  inbox: LeadStep[];
  /** Null until the first publish brought them. */
  settings: Settings | null;
  /** The newest ids applied: a copy must not win again over what came with or after its original. */
  appliedIds: string[];
  /** Nothing was applied yet: an earlier run's state may be waiting in Postgres. */
  isFresh: boolean;
  lastActiveAt: number;
  hasAbandoned: boolean;
  isErased: boolean;
  /** The organization was told that the enrichment is overdue. */
  isOverdueReported: boolean;
}

/** A payload holds 2 MiB at most: this many characters of unread steps leave room for the state beside them. */
export const maxCarriedSize = 400_000;
/** A run that could apply nothing (all of it refused) has no settings, and nothing to wait for (milliseconds). */
const idleWithoutSettingsMs = 60_000;

const never = Number.POSITIVE_INFINITY;

/** What a run begins with: what the one before carried over, or nothing but which lead it is. */
export const beginningOf = ({ organizationId, leadId, carried }: LeadRun, now: number): CarriedLead =>
  carried ?? {
    lead: newLeadState(organizationId, leadId),
    deliveries: { lanes: [], unread: [] },
    inbox: [],
    settings: null,
    appliedIds: [],
    isFresh: true,
    lastActiveAt: now,
    hasAbandoned: false,
    isErased: false,
    isOverdueReported: false,
  };

/** What the unread steps would take in the payload that continues the run, in characters. */
export const unreadSize = ({ inbox }: Pick<CarriedLead, 'inbox'>): number =>
  inbox.reduce((size, step) => size + JSON.stringify(step).length, 0);

/** When the run may end, if nothing comes: epoch milliseconds. */
export const idleAt = ({ settings, lastActiveAt }: CarriedLead): number =>
  lastActiveAt + (settings?.idleAfterMs ?? idleWithoutSettingsMs);

/** When the organization is to be told that the enrichment is overdue; never, when it was or nothing is awaited. */
export const overdueAt = ({ lead, isOverdueReported }: CarriedLead): number =>
  isOverdueReported || !awaitsEnrichment(lead) ? never : (lead.enrichmentDueAt ?? never);

/** When the run has to look again though nothing comes, epoch milliseconds; never, while it only waits for signals. */
export const nextDueAt = (
  state: CarriedLead,
  { isWaiting, isReporting }: { isWaiting: boolean; isReporting: boolean },
): number =>
  Math.min(
    graceRunsUntil(state.lead) ?? never,
    isReporting ? never : overdueAt(state),
    isWaiting ? never : idleAt(state),
  );
