import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Delivery } from '../../api/client.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { DeliveryBadge } from '../../components/badge.tsx';
import { ShortId } from '../../components/code.tsx';
import { Ago } from '../../components/time.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import { hostOf, lastAnswer } from './words.ts';

interface Props {
  organizationId: string;
  deliveries: Delivery[];
  onEnd?: () => void;
  /** All are of one endpoint, which need not be said. */
  ofOneEndpoint?: boolean;
}

const columns = ['Event', 'Status', '#', 'Endpoint', 'Lead', 'Created'];

export function DeliveryRows({ organizationId, deliveries, onEnd, ofOneEndpoint = false }: Props) {
  const { data } = useQuery(endpointsQuery(organizationId));
  const urlOf = new Map(data?.data.map(({ id, url }) => [id, url]));
  return (
    <VirtualRows
      label="Deliveries"
      className={ofOneEndpoint ? 'rows-endpoint' : 'rows-deliveries'}
      columns={ofOneEndpoint ? columns.filter((name) => name !== 'Endpoint') : columns}
      items={deliveries}
      keyOf={({ id }) => id}
      onEnd={onEnd}
      cells={(delivery) => [
        <Link
          key="event"
          to="/organizations/$organizationId/deliveries/$deliveryId"
          params={{ organizationId, deliveryId: delivery.id }}
        >
          <code>{delivery.event}</code>
        </Link>,
        <span key="status" className="row">
          <DeliveryBadge delivery={delivery} />
          <span className="small muted truncate">{lastAnswer(delivery)}</span>
        </span>,
        <span key="sequence" className="muted numeric" title="Its place in the lane">
          #{delivery.sequence}
        </span>,
        ...(ofOneEndpoint
          ? []
          : [
              <Link
                key="endpoint"
                to="/organizations/$organizationId/webhooks/$endpointId"
                params={{ organizationId, endpointId: delivery.endpoint_id }}
                title={urlOf.get(delivery.endpoint_id) ?? 'a deleted endpoint'}
              >
                {hostOf(urlOf.get(delivery.endpoint_id)) ?? 'deleted endpoint'}
              </Link>,
            ]),
        delivery.lead_id === null ? (
          <span key="lead" className="muted">
            widget
          </span>
        ) : (
          <Link
            key="lead"
            to="/organizations/$organizationId/leads/$leadId"
            params={{ organizationId, leadId: delivery.lead_id }}
          >
            <ShortId id={delivery.lead_id} />
          </Link>
        ),
        <Ago key="created" at={delivery.created_at} />,
      ]}
    />
  );
}
