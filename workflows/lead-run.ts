import type { Settings } from '../activities/publish.ts';
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
/** Of a lead that has more steps than any real one, the ledger still refuses other content under an old id. */
const maxAppliedIds = 1_000;

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

/** The ids applied so far with `ids` behind them, as many as are kept. */
export const withApplied = (appliedIds: readonly string[], ids: readonly string[]): string[] =>
  [...new Set([...appliedIds, ...ids])].slice(-maxAppliedIds);
