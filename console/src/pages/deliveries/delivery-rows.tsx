import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { DeliveryRow } from '../../api/delivery-list.ts';
import { endpointsQuery } from '../../api/queries.ts';
import { DeliveryBadge } from '../../components/badge.tsx';
import { ShortId } from '../../components/code.tsx';
import { Ago } from '../../components/time.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import { hostOf } from './words.ts';

interface Props {
  organizationId: string;
  deliveries: DeliveryRow[];
  /** What a row reads by now. */
  current?: (row: DeliveryRow) => DeliveryRow;
  onEnd?: () => void;
  /** Hears which rows are the first and the last in view. */
  onLook?: (first: number, last: number) => void;
  /** All are of one endpoint, which need not be said. */
  ofOneEndpoint?: boolean;
}

const columns = ['Event', 'Status', '#', 'Endpoint', 'Lead', 'Created'];

export function DeliveryRows({
  organizationId,
  deliveries,
  current = (row) => row,
  onEnd,
  onLook,
  ofOneEndpoint = false,
}: Props) {
  const { data } = useQuery(endpointsQuery(organizationId));
  const urlOf = data && new Map(data.data.map(({ id, url }) => [id, url]));
  return (
    <VirtualRows
      label="Deliveries"
      className={ofOneEndpoint ? 'rows-endpoint' : 'rows-deliveries'}
      columns={ofOneEndpoint ? columns.filter((name) => name !== 'Endpoint') : columns}
      items={deliveries}
      keyOf={({ id }) => id}
      onEnd={onEnd}
      onLook={onLook}
      cells={(row) => cellsOf(current(row), { organizationId, urlOf, ofOneEndpoint })}
    />
  );
}

/** Before the endpoints are read, an endpoint that is not among them is not known to be deleted. */
const nameOf = (endpointId: string, urlOf: Map<string, string> | undefined): string =>
  urlOf === undefined ? endpointId.slice(0, 8) : (urlOf.get(endpointId) ?? 'deleted endpoint');

const cellsOf = (
  delivery: DeliveryRow,
  {
    organizationId,
    urlOf,
    ofOneEndpoint,
  }: { organizationId: string; urlOf: Map<string, string> | undefined; ofOneEndpoint: boolean },
) => [
  <Link
    key="event"
    to="/organizations/$organizationId/deliveries/$deliveryId"
    params={{ organizationId, deliveryId: delivery.id }}
  >
    <code>{delivery.event}</code>
  </Link>,
  <span key="status" className="row">
    <DeliveryBadge delivery={delivery} />
    <span className="answer small muted truncate">{delivery.answer}</span>
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
          title={nameOf(delivery.endpoint_id, urlOf)}
        >
          {hostOf(urlOf?.get(delivery.endpoint_id)) ?? nameOf(delivery.endpoint_id, urlOf)}
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
];
