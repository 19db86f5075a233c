import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { newestDeliveriesQuery } from '../../api/delivery-list.ts';
import { liveMs } from '../../api/delivery-queries.ts';
import type { DeliveryFilter } from '../../app/search.ts';
import { Card, Empty, Loaded } from '../../components/page.tsx';
import { DeliveryRows } from './delivery-rows.tsx';

/** The newest few, with a link to all. */
export function RecentDeliveries({ organizationId, filter }: { organizationId: string; filter: DeliveryFilter }) {
  const query = useQuery({ ...newestDeliveriesQuery(organizationId, filter, 10), refetchInterval: liveMs });
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
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty icon="deliveries" title="Nothing was sent here yet" />
          ) : (
            <DeliveryRows
              organizationId={organizationId}
              deliveries={rows}
              ofOneEndpoint={filter.endpoint_id !== undefined}
            />
          )
        }
      </Loaded>
    </Card>
  );
}
