import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Endpoint, Schemas } from '../../api/client.ts';
import { endpointsQuery, healthOfAllQuery } from '../../api/queries.ts';
import { useMayChange } from '../../app/action.ts';
import { countedTo, unsettledOf } from '../../app/counts.ts';
import { Badge, EndpointBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Card, Empty, Loaded, Page } from '../../components/page.tsx';
import { Strip, stripWords } from '../../components/strip.tsx';
import { Ago } from '../../components/time.tsx';
import { CreateEndpoint } from './create-endpoint.tsx';

/** Settings > Webhooks: every endpoint with how it is doing. */
export function WebhooksPage() {
  const { organizationId } = useParams({ from: '/shell/organizations/$organizationId/webhooks' });
  const endpoints = useQuery({ ...endpointsQuery(organizationId), refetchInterval: 10_000 });
  const health = useQuery(healthOfAllQuery(organizationId));
  const [isCreating, setCreating] = useState(false);
  const mayChange = useMayChange();
  const healthOf = new Map(health.data?.data.map((row) => [row.endpoint_id, row]));
  const add = mayChange && (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      Add endpoint
    </Button>
  );
  return (
    <Page
      title="Webhooks"
      subtitle="Where events of this organization are sent, and how each address is doing."
      actions={add}
    >
      <Card flush>
        <Loaded query={endpoints}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty icon="webhooks" title="No endpoint yet" action={add}>
                Add the HTTPS address of your CRM. It receives the events that you choose: signed, in order, and again
                when it fails.
              </Empty>
            ) : (
              <EndpointTable organizationId={organizationId} endpoints={data} healthOf={healthOf} />
            )
          }
        </Loaded>
      </Card>
      {isCreating && <CreateEndpoint organizationId={organizationId} onClose={() => setCreating(false)} />}
    </Page>
  );
}

interface TableProps {
  organizationId: string;
  endpoints: Endpoint[];
  healthOf: Map<string, Schemas['EndpointHealth']>;
}

const EndpointTable = ({ organizationId, endpoints, healthOf }: TableProps) => (
  <div className="table-scroll">
    <table className="table stacked">
      <thead>
        <tr>
          <th scope="col">Endpoint</th>
          <th scope="col">Status</th>
          <th scope="col">Last 40 deliveries</th>
          <th scope="col">Unsettled</th>
          <th scope="col">Last delivered</th>
        </tr>
      </thead>
      <tbody>
        {endpoints.map((endpoint) => {
          const health = healthOf.get(endpoint.id);
          return (
            <tr key={endpoint.id}>
              <td className="cell-main">
                <Link
                  to="/organizations/$organizationId/webhooks/$endpointId"
                  params={{ organizationId, endpointId: endpoint.id }}
                  className="wrap-anywhere"
                >
                  {endpoint.url}
                </Link>
                <div className="small muted wrap-anywhere">
                  {endpoint.description ?? `${endpoint.events.length} of 5 events`}
                </div>
              </td>
              <td>
                <span className="row-wrap">
                  <EndpointBadge endpoint={endpoint} />
                  {health?.failing_since && endpoint.status === 'active' && <Badge tone="warn">failing</Badge>}
                  {endpoint.mode === 'sandbox' && <Badge plain>sandbox</Badge>}
                </span>
              </td>
              <td>
                {health && (
                  <span className="row-wrap">
                    <Strip recent={health.recent} />
                    <span className="small muted only-narrow">{stripWords(health.recent)}</span>
                  </span>
                )}
              </td>
              <td className="numeric" data-label="Unsettled">
                {health ? unsettledWords(health) : ''}
              </td>
              <td data-label="Last delivered">{health && <Ago at={health.last_delivered_at} />}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  </div>
);

function unsettledWords(health: Schemas['EndpointHealth']): string {
  const count = unsettledOf(health);
  return count === 0 ? 'none' : countedTo(count, health.counted_to, 'delivery', 'deliveries');
}
