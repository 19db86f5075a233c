import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type FormEvent, useCallback, useState } from 'react';
import type { Schemas } from '../../api/client.ts';
import { leadsQuery } from '../../api/delivery-queries.ts';
import { number } from '../../app/counts.ts';
import { leadStages } from '../../app/search.ts';
import { Badge, StageBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { FilterChip } from '../../components/filter-chip.tsx';
import { ListEnd } from '../../components/list-end.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';

const stages = leadStages.map((value) => ({ value, label: value.replaceAll('_', ' ') }));
const columns = ['Lead', 'Stage', 'Furthest status', 'Mode', 'Created', 'Changed'];

export function LeadsPage() {
  const from = '/shell/organizations/$organizationId/leads';
  const { organizationId } = useParams({ from });
  const filter = useSearch({ from });
  const navigate = useNavigate();
  const client = useQueryClient();
  const query = useInfiniteQuery({
    ...leadsQuery(organizationId, filter),
    // Asking for the first page again would forget that the second failed, and ask for that again, too.
    refetchInterval: ({ state: { data, status, fetchMeta } }) =>
      (data?.pages.length ?? 0) > 1 || (status === 'error' && fetchMeta?.fetchMore) ? false : 5_000,
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const change = (stage: string | undefined) =>
    void navigate({
      to: '/organizations/$organizationId/leads',
      params: { organizationId },
      search: stage === undefined ? {} : { stage: stage as (typeof leadStages)[number] },
    });

  return (
    <Page
      title="Leads"
      subtitle="Each with its steps, its events, and what they wait for."
      actions={<FindLead organizationId={organizationId} />}
    >
      <fieldset className="chips fieldset" aria-label="Filters">
        <FilterChip label="Stage" value={filter.stage} options={stages} onChange={change} />
        {(query.data?.pages.length ?? 0) > 1 && (
          <Button
            kind="quiet"
            size="small"
            onClick={() => void client.resetQueries({ queryKey: leadsQuery(organizationId, filter).queryKey })}
          >
            Refresh
          </Button>
        )}
      </fieldset>
      <Card flush>
        <Loaded query={query}>
          {({ pages }) => {
            const rows = pages.flatMap(({ data }) => data);
            if (rows.length === 0)
              return <Empty icon="leads" title={filter.stage ? 'No lead is at that stage' : 'No lead yet'} />;
            return (
              <>
                <VirtualRows
                  label="Leads"
                  className="rows-leads"
                  columns={columns}
                  items={rows}
                  keyOf={({ lead_id }) => lead_id}
                  onEnd={more}
                  cells={cellsOf}
                />
                <ListEnd query={query}>
                  {number(rows.length)} shown{hasNextPage ? '; more come as you scroll.' : '; that is all.'}
                </ListEnd>
              </>
            );
          }}
        </Loaded>
      </Card>
    </Page>
  );
}

const cellsOf = (lead: Schemas['LeadSummary']) => [
  <Link
    key="lead"
    to="/organizations/$organizationId/leads/$leadId"
    params={{ organizationId: lead.organization_id, leadId: lead.lead_id }}
  >
    <code>{lead.lead_id}</code>
  </Link>,
  <StageBadge key="stage" stage={lead.stage} />,
  lead.lead_status?.replaceAll('_', ' ') ?? '–',
  <Badge key="mode" plain>
    {lead.mode ?? 'no mode yet'}
  </Badge>,
  <Ago key="created" at={lead.created_at} />,
  <Ago key="changed" at={lead.updated_at} />,
];

/** Goes to the lead whose id is pasted. */
function FindLead({ organizationId }: { organizationId: string }) {
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const leadId = typed.trim().toLowerCase();
    if (leadId !== '')
      void navigate({ to: '/organizations/$organizationId/leads/$leadId', params: { organizationId, leadId } });
  };
  return (
    <form className="row" onSubmit={submit}>
      <input
        className="input"
        placeholder="Lead id"
        aria-label="Lead id"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit" icon="search">
        Find
      </Button>
    </form>
  );
}
