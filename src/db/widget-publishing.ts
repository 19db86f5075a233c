import type { WidgetStatus } from '../domain/lead.ts';
import { inbound, type KnownInbound } from './inbound.ts';
import type { Queryable } from './pool.ts';

/** What is known of a widget when one of its events is applied. */
export interface KnownWidget {
  organizationId: string | null;
  status: WidgetStatus | null;
  /** The inbound timestamp of the last applied event, epoch milliseconds. */
  lastEventAt: number | null;
  name: string | null;
  version: string | null;
}

interface Row {
  organization_id: string;
  status: WidgetStatus | null;
  last_event_at: Date | null;
  name: string | null;
  version: string | null;
}

/** A widget's row is its memory: registrations change it too, so it is locked while an event is applied. */
export const widgetPublishing = (db: Queryable) => ({
  async lock(widgetId: string): Promise<KnownWidget> {
    const [row] = await db.query<Row>(
      'select organization_id, status, last_event_at, name, version from widgets where id = $1 for update',
      [widgetId],
    );
    return {
      organizationId: row?.organization_id ?? null,
      status: row?.status ?? null,
      lastEventAt: row?.last_event_at?.getTime() ?? null,
      name: row?.name ?? null,
      version: row?.version ?? null,
    };
  },

  /** What the ledger knows of an inbound id. */
  known: async (inboundId: string): Promise<KnownInbound | null> =>
    (await inbound(db).known([inboundId])).get(inboundId) ?? null,

  async eventIds(subject: string, cause: string): Promise<string[]> {
    const rows = await db.query<{ event_id: string }>('select event_id from events where subject = $1 and cause = $2', [
      subject,
      cause,
    ]);
    return rows.map((row) => row.event_id);
  },

  /** Moves the widget to what an applied event said; registers one never heard of. Names that are known stay. */
  move: (
    widgetId: string,
    to: { organizationId: string; status: WidgetStatus; eventAt: number; name: string | null; version: string | null },
  ) =>
    db.execute(
      `insert into widgets (id, organization_id, status, last_event_at, name, version)
       values ($1, $2, $3, to_timestamp($4::float8 / 1000.0), $5, $6)
       on conflict (id) do update set
         status = excluded.status, last_event_at = excluded.last_event_at, updated_at = now(),
         name = coalesce(widgets.name, excluded.name), version = coalesce(widgets.version, excluded.version)`,
      [widgetId, to.organizationId, to.status, to.eventAt, to.name, to.version],
    ),
});
