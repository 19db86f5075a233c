import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { deliveriesQuery, liveMs } from '../../api/delivery-queries.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { Card, Empty, Loaded } from '../../components/page.tsx';
import { DeliveryRows } from './delivery-rows.tsx';

/** The newest few, with a link to all. */
export function RecentDeliveries({ organizationId, filter }: { organizationId: string; filter: DeliveryFilter }) {
  const query = useInfiniteQuery({ ...deliveriesQuery(organizationId, filter), refetchInterval: liveMs });
  return (
    <Card
      flush
      title="Newest deliveries"
      actions={
        <Link to="/organizations/$organizationId/deliveries" params={{ organizationId }} search={filter}>
          See all
        </Link>
      }
    >
      <Loaded query={query}>
        {({ pages }) => {
          const rows = pages[0]?.data.slice(0, 10) ?? [];
          if (rows.length > 0)
            return (
              <DeliveryRows
                organizationId={organizationId}
                deliveries={rows}
                ofOneEndpoint={filter.endpoint_id !== undefined}
              />
            );
          return <Empty icon="deliveries" title="Nothing was sent here yet" />;
        }}
      </Loaded>
    </Card>
  );
}
