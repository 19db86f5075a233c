import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { deliveriesQuery, liveMs } from '../../api/delivery-queries.ts';
import { number } from '../../app/counts.ts';
import { useMayChange } from '../../app/action.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { Button } from '../../components/button.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { DeliveryFilters } from './delivery-filters.tsx';
import { DeliveryRows } from './delivery-rows.tsx';
import { RecoverMatching } from './recover-matching.tsx';

/** Deliveries as the address says: every filter is in it, so that a view can be sent to somebody. */
export function DeliveriesPage() {
  const from = '/shell/organizations/$organizationId/deliveries';
  const { organizationId } = useParams({ from });
  const filter = useSearch({ from });
  const navigate = useNavigate();
  const [isLive, setLive] = useState(true);
  const [isRecovering, setRecovering] = useState(false);
  const mayChange = useMayChange();

  const query = useInfiniteQuery({
    ...deliveriesQuery(organizationId, filter),
    // A person who has gone far down reads: the list must not move, nor many pages be asked for again.
    refetchInterval: ({ state }) => (isLive && (state.data?.pages.length ?? 0) <= 2 ? liveMs : false),
  });
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const change = (next: DeliveryFilter) =>
    void navigate({ to: '/organizations/$organizationId/deliveries', params: { organizationId }, search: next });

  return (
    <Page
      title="Deliveries"
      subtitle="Every event at every endpoint, newest first."
      actions={
        <>
          {mayChange && filter.status === 'abandoned' && (
            <Button icon="jobs" onClick={() => setRecovering(true)}>
              Recover all that match …
            </Button>
          )}
          <Button onClick={() => setLive(!isLive)} aria-pressed={isLive}>
            <span className="live" data-on={isLive ? '' : undefined}>
              {isLive ? 'Live: pause' : 'Paused: go live'}
            </span>
          </Button>
        </>
      }
    >
      <DeliveryFilters organizationId={organizationId} filter={filter} onChange={change} />
      <Card flush>
        <Loaded query={query}>
          {({ pages }) => {
            const rows = pages.flatMap(({ data }) => data);
            if (rows.length === 0)
              return <Nothing isFiltered={Object.keys(filter).length > 0} onClear={() => change({})} />;
            return (
              <>
                <DeliveryRows organizationId={organizationId} deliveries={rows} onEnd={more} />
                <p className="card-note" role="status">
                  {number(rows.length)} shown{hasNextPage ? '; more come as you scroll.' : '; that is all.'}
                </p>
              </>
            );
          }}
        </Loaded>
      </Card>
      {isRecovering && (
        <RecoverMatching organizationId={organizationId} filter={filter} onClose={() => setRecovering(false)} />
      )}
    </Page>
  );
}

const Nothing = ({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) =>
  isFiltered ? (
    <Empty icon="search" title="Nothing matches" action={<Button onClick={onClear}>Clear the filters</Button>}>
      No delivery of this organization is like that.
    </Empty>
  ) : (
    <Empty icon="deliveries" title="No delivery yet">
      As soon as a lead takes a step that an endpoint is subscribed to, it shows here.
    </Empty>
  );
