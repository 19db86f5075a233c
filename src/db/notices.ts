import type { Queryable } from './pool.ts';

/** What a notice about a failing endpoint needs, as it stands now. */
export interface FailureRow {
  organization_id: string;
  url: string;
  notify: string[];
  /** Null when the delivery is no longer kept. */
  event: string | null;
  /** Null, with all that follows, when the attempt is no longer kept. */
  started_at: Date | null;
  status_code: number | null;
  response_body: string | null;
  error_class: string | null;
  error: string | null;
}

const hashOf = (address: string): string => `sha256(convert_to(lower(${address}), 'utf8'))`;

/** The recipients of mails, what the mails are about, and which recipients have them already. */
export const notices = (db: Queryable) => ({
  /** Null when the endpoint is gone: no warning of it is needed any more. */
  async failure(endpointId: string, deliveryId: string, attempt: number): Promise<FailureRow | null> {
    const [row] = await db.query<FailureRow>(
      `select e.organization_id, e.url, o.notify, d.event, a.started_at, a.status_code, a.response_body, a.error_class, a.error
         from endpoints e
         join organizations o on o.id = e.organization_id
         left join deliveries d on d.id = $2
         left join attempts a on a.delivery_id = $2 and a.number = $3
        where e.id = $1 and e.deleted_at is null`,
      [endpointId, deliveryId, attempt],
    );
    return row ?? null;
  },

  async recipients(organizationId: string): Promise<string[]> {
    const [row] = await db.query<{ notify: string[] }>('select notify from organizations where id = $1', [
      organizationId,
    ]);
    return row?.notify ?? [];
  },

  /** Those of `leadIds` that wait for their enrichment still. */
  async waitingForEnrichment(organizationId: string, leadIds: readonly string[]): Promise<Set<string>> {
    const rows = await db.query<{ lead_id: string }>(
      `select lead_id from leads
        where organization_id = $1 and stage = 'waiting_for_enrichment' and lead_id = any ($2::uuid[])`,
      [organizationId, leadIds],
    );
    return new Set(rows.map(({ lead_id }) => lead_id));
  },

  /** Those of `addresses` that neither have the mail nor refused it, each once, in order. */
  async unsettled(mailId: string, addresses: readonly string[]): Promise<string[]> {
    const rows = await db.query<{ address: string }>(
      `select (array_agg(address order by place))[1] as address from unnest($2::text[]) with ordinality as given (address, place)
        where not exists (select from mail_receipts where mail_id = $1 and recipient = ${hashOf('address')})
        group by lower(address) order by min(place)`,
      [mailId, addresses],
    );
    return rows.map(({ address }) => address);
  },

  /** Whether the mail has reached a recipient. */
  async hasReached(mailId: string): Promise<boolean> {
    const sql = `select from mail_receipts where mail_id = $1 and outcome = 'accepted' limit 1`;
    return (await db.query(sql, [mailId])).length > 0;
  },

  /** How many more mails the organization may get today, of `most` a day. Mails under way together may go beyond it. */
  async mailsLeft(organizationId: string, most: number): Promise<number> {
    const [row] = await db.query<{ mails: number }>(
      `select mails from mail_days where organization_id = $1 and day = (now() at time zone 'utc')::date`,
      [organizationId],
    );
    return Math.max(0, most - (row?.mails ?? 0));
  },

  /** Records the recipients that have the mail or refused it, and counts the mails of the day; earlier days go. */
  settle: (
    organizationId: string,
    mailId: string,
    { accepted, refused }: { accepted: readonly string[]; refused: readonly string[] },
  ) =>
    db.execute(
      `with counted as (
         insert into mail_days as d (organization_id, mails)
         select $4::uuid, cardinality($2::text[]) where cardinality($2::text[]) > 0
         on conflict (organization_id, day) do update set mails = d.mails + excluded.mails),
       forgotten as (
         delete from mail_days where organization_id = $4 and day < (now() at time zone 'utc')::date)
       insert into mail_receipts (mail_id, recipient, outcome)
       select distinct on (2) $1, ${hashOf('address')}, outcome
         from (select unnest($2::text[]) as address, 'accepted' as outcome
               union all select unnest($3::text[]), 'refused') as answered
       on conflict do nothing`,
      [mailId, accepted, refused, organizationId],
    ),
});

export type Notices = ReturnType<typeof notices>;
