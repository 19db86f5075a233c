import type { LeadEventType, LeadStage, Tier } from '../domain/lead.ts';
import type { RegisteredWidget } from '../domain/payloads.ts';
import type { Queryable } from './pool.ts';

export interface LeadContext {
  /** Null: an organization never heard of. */
  tier: Tier | null;
  widget: RegisteredWidget | null;
  /** The read model's row, null before the first publish. `state` is there after a run's close only. */
  stage: LeadStage | null;
  state: Buffer | null;
  /** Inbound ids of this batch that the ledger holds already. */
  known: { id: string; fingerprint: string; subject: string; outcome: string }[];
  emitted: { type: LeadEventType; event_id: string }[];
}

// One round trip for everything a lead's step has to know; the widget by its id wins over the widget by its version.
const leadContextSql = `
  select (select tier from organizations where id = $2) as tier,
         (select row_to_json(w) from (
            select id, version, name, sources from widgets
             where organization_id = $2 and (id = $3 or version = $4)
             order by (id = $3) desc nulls last, created_at, id limit 1) w) as widget,
         l.stage, l.state,
         coalesce((select json_agg(json_build_object('id', id, 'fingerprint', encode(fingerprint, 'hex'),
                                                     'subject', subject, 'outcome', outcome))
                     from inbound_events where id = any($5::uuid[])), '[]') as known,
         coalesce((select json_agg(json_build_object('type', type, 'event_id', event_id))
                     from events where subject = $1), '[]') as emitted
    from (select 1) one left join leads l on l.subject = $1`;

export interface ContextRequest {
  subject: string;
  organizationId: string;
  /** What the lead says of the widget that captured it. */
  widget: { id: string | null; version: string | null };
  /** Of the batch's steps. */
  inboundIds: string[];
}

/** What a batch of steps of a lead has to know before it is judged, in one round trip. */
export async function leadContext(
  db: Queryable,
  { subject, organizationId, widget, inboundIds }: ContextRequest,
): Promise<LeadContext> {
  const values = [subject, organizationId, widget.id, widget.version, inboundIds];
  const [row] = await db.prepared<LeadContext>('lead-context', leadContextSql, values);
  if (row === undefined) throw new Error(`no context for ${subject}`);
  return row;
}
