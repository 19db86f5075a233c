import { leadEventTypes, type LeadStage, type LeadStatus, type Mode } from '../domain/lead.ts';
import { type Page, type PageRequest, queryPage } from './page.ts';
import type { Queryable } from './pool.ts';

export interface LeadRow {
  lead_id: string;
  organization_id: string;
  /** Null: erased before a step of it was applied. */
  mode: Mode | null;
  stage: LeadStage;
  lead_status: LeadStatus | null;
  created_at: Date;
  updated_at: Date;
}

export interface StepRow {
  id: string;
  name: string;
  event: string;
  lead_status: LeadStatus | null;
  outcome: string;
  occurred_at: Date;
  received_at: Date;
}

export interface EmittedRow {
  event_id: string;
  event: string;
  occurred_at: Date;
}

export interface ConflictRow {
  id: string;
  received_at: Date;
}

/** Of each list that grows with what a backend sends for one lead, the newest this many are read. */
export const mostListed = 500;

const columns = 'lead_id, organization_id, mode, stage, lead_status, created_at, updated_at';

/** The read model of leads: what lists and timelines show. */
export const leads = (db: Queryable) => ({
  async get(subject: string): Promise<LeadRow | null> {
    return (await db.query<LeadRow>(`select ${columns} from leads where subject = $1`, [subject]))[0] ?? null;
  },

  /** The state that the last run left, sealed under the context `subject`; null: none ended, or it was erased. */
  async stateOf(subject: string): Promise<Buffer | null> {
    const [row] = await db.query<{ state: Buffer | null }>('select state from leads where subject = $1', [subject]);
    return row?.state ?? null;
  },

  /** Newest first. */
  list: (organizationId: string, stage: LeadStage | undefined, request: PageRequest): Promise<Page<LeadRow>> =>
    queryPage<LeadRow>(
      db,
      {
        table: 'leads',
        columns,
        where: stage === undefined ? 'organization_id = $1' : 'organization_id = $1 and stage = $2',
        values: stage === undefined ? [organizationId] : [organizationId, stage],
        order: 'newest first',
        id: 'lead_id',
      },
      request,
    ),

  /** The inbound events of a lead, the newest `mostListed`, in the order they were received. */
  stepsOf: (subject: string) =>
    db.query<StepRow>(
      `select * from (select id, name, event, lead_status, outcome, occurred_at, received_at from inbound_events
        where subject = $1 order by received_at desc, id desc limit $2) as newest order by received_at, id`,
      [subject, mostListed],
    ),

  /** The outbound events of a lead, in the order they were emitted: those of one moment in that of the event table. */
  eventsOf: (subject: string) =>
    db.query<EmittedRow>(
      `select event_id, type as event, occurred_at from events where subject = $1
        order by occurred_at, array_position($2::text[], type), event_id`,
      [subject, leadEventTypes],
    ),

  /** Ids that came again with other content, and were refused: the newest `mostListed`. */
  conflictsOf: (subject: string) =>
    db.query<ConflictRow>(
      `select * from (select id, received_at from inbound_conflicts
        where subject = $1 order by received_at desc, id desc limit $2) as newest order by received_at, id`,
      [subject, mostListed],
    ),
});
