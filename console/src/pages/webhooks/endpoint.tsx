import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { Endpoint, Schemas } from '../../api/client.ts';
import { statisticsQuery } from '../../api/delivery-queries.ts';
import { endpointQuery, healthQuery } from '../../api/queries.ts';
import { number, percent, unsettledOf } from '../../app/counts.ts';
import { Badge, EndpointBadge } from '../../components/badge.tsx';
import { Identifier } from '../../components/code.tsx';
import { DeliveryCharts, latencyWords } from '../../components/delivery-charts.tsx';
import { Card, Loaded, Page } from '../../components/page.tsx';
import { Stats } from '../../components/stats.tsx';
import { stripWords } from '../../components/strip.tsx';
import { Ago, At } from '../../components/time.tsx';
import { RecentDeliveries } from '../deliveries/recent-deliveries.tsx';
import { EndpointActions } from './endpoint-actions.tsx';
import { EndpointState } from './endpoint-state.tsx';
import { Recoveries } from './recoveries.tsx';

/** One endpoint: how it is doing, what it gets, and everything that can be done with it. */
export function EndpointPage() {
  const { organizationId, endpointId } = useParams({
    from: '/shell/organizations/$organizationId/webhooks/$endpointId',
  });
  const endpoint = useQuery({ ...endpointQuery(organizationId, endpointId), refetchInterval: 5_000 });
  const health = useQuery(healthQuery(organizationId, endpointId));
  const statistics = useQuery(statisticsQuery(organizationId, '24h', endpointId));
  const { data } = endpoint;
  return (
    <Page
      title={data?.url ?? 'Endpoint'}
      crumbs={[{ label: 'Webhooks', to: `/organizations/${organizationId}/webhooks` }]}
      subtitle={
        data && (
          <span className="row-wrap">
            <EndpointBadge endpoint={data} />
            {health.data?.failing_since && data.status === 'active' && <Badge tone="warn">failing</Badge>}
            <Badge plain>{data.mode}</Badge>
            {data.description}
          </span>
        )
      }
      actions={data && <EndpointActions organizationId={organizationId} endpoint={data} />}
    >
      <Loaded query={endpoint}>
        {(row) => (
          <>
            {health.data && <EndpointState organizationId={organizationId} endpoint={row} health={health.data} />}
            <Numbers health={health.data} statistics={statistics.data} />
            <div className="columns">
              <div className="stack">
                <Loaded query={statistics}>{(loaded) => <DeliveryCharts statistics={loaded} />}</Loaded>
                <RecentDeliveries organizationId={organizationId} filter={{ endpoint_id: endpointId }} />
              </div>
              <div className="stack">
                <Facts endpoint={row} />
                <Recoveries organizationId={organizationId} endpointId={endpointId} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

const Numbers = ({
  health,
  statistics,
}: {
  health: Schemas['EndpointHealth'] | undefined;
  statistics: Schemas['Statistics'] | undefined;
}) => (
  <Stats
    stats={[
      {
        label: 'Delivered, last 24 h',
        value: percent(statistics?.total.success_rate ?? null),
        note: health && stripWords(health.recent),
      },
      { label: 'Time to delivery, p50', value: latencyWords(statistics?.total.p50_ms ?? null) },
      { label: 'p95', value: latencyWords(statistics?.total.p95_ms ?? null) },
      {
        label: 'Unsettled',
        value: health ? unsettledNumber(health) : '–',
        note: health?.oldest_unsettled_at && (
          <>
            oldest <Ago at={health.oldest_unsettled_at} />
          </>
        ),
      },
      { label: 'Last delivered', value: health ? <Ago at={health.last_delivered_at} /> : '–' },
    ]}
  />
);

/** `1,204`; `100,000+` where counting stopped. */
function unsettledNumber(health: Schemas['EndpointHealth']): string {
  const count = unsettledOf(health);
  return count >= health.counted_to ? `${number(health.counted_to)}+` : number(count);
}

const Facts = ({ endpoint }: { endpoint: Endpoint }) => (
  <Card title="Settings">
    <dl className="facts">
      <dt>Id</dt>
      <dd>
        <Identifier id={endpoint.id} />
      </dd>
      <dt>Events</dt>
      <dd>
        {endpoint.events.map((name) => (
          <div key={name}>
            <code>{name}</code>
          </div>
        ))}
      </dd>
      <dt>At once</dt>
      <dd>at most {endpoint.max_in_flight} requests</dd>
      <dt>Rate</dt>
      <dd>{endpoint.rate_limit === null ? 'as many as come' : `${endpoint.rate_limit} a second`}</dd>
      <dt>Created</dt>
      <dd>
        <At at={endpoint.created_at} />
      </dd>
      <dt>Changed</dt>
      <dd>
        <At at={endpoint.updated_at} />
      </dd>
    </dl>
  </Card>
);
